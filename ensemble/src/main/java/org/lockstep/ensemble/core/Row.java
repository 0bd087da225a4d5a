package org.lockstep.ensemble.core;

import java.util.Arrays;

/**
 * A member's row of the shared state table: written only by its owner, monotonic within a view, sent after the data it describes.
 * Nothing is inferred across two fields, but for the pair (claim, lastDataIndex), which is one unit.
 *
 * @param viewId the view it belongs to; rows of other views say nothing
 * @param heartbeat raised only by a member that made progress
 * @param claim every own index up to it that carries no data is empty, for ever
 * @param lastDataIndex the last own index that carries data; the claim counts only where all data up to here has arrived
 * @param secured per sender, the last <i>data</i> slot secured here (never a claim); the array is never changed
 * @param applied the place ({@link Order}) of the last slot delivered here
 * @param flushedMark the place up to which everything stable is on this member's medium
 * @param suspects bit k: this member holds the member of rank k for failed, for the rest of the view
 * @param hears bit k: this member has heard the member of rank k of late
 * @param cutOff this member hears less than a majority of the voters
 * @param wedged this member has stopped sending, receiving and securing in the view for good
 */
public record Row(long viewId, long heartbeat, long claim, long lastDataIndex, long[] secured, long applied, long flushedMark,
        long suspects, long hears, boolean wedged, boolean cutOff) {
    @Override
    public String toString() {
        return "Row[view " + viewId + " beat " + heartbeat + " claim " + claim + " last " + lastDataIndex + " secured "
                + Arrays.toString(secured) + " applied " + applied + " flushed " + flushedMark + " suspects " + suspects
                + " hears " + hears + (wedged ? " wedged" : "") + (cutOff ? " cut off]" : "]");
    }
}
