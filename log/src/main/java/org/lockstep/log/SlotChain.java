package org.lockstep.log;

import org.lockstep.ensemble.core.Position;

/**
 * Per sender, the index of its last slot in the newest view: what the next slot of that sender names as the one before it.
 * A gap in the middle of the log shows as a slot that names another predecessor than the one found.
 */
final class SlotChain {
    private static final int RANKS = 256;

    private final long[] lastIndex = new long[RANKS];
    private long viewId = -1;

    /** The index before {@code position} in its sender's chain, or -1; {@code position} then becomes the last. */
    long extend(Position position) {
        if (position.viewId() < viewId) {
            throw new IllegalArgumentException("slot of view " + position.viewId() + " in a log that is in view " + viewId);
        }
        if (position.viewId() > viewId) {
            java.util.Arrays.fill(lastIndex, -1);
            viewId = position.viewId();
        }
        long before = lastIndex[position.rank()];
        if (position.index() <= before) {
            throw new IllegalArgumentException("slot " + position + " behind index " + before + " of the same sender");
        }
        lastIndex[position.rank()] = position.index();
        return before;
    }

    /** Takes over where another chain stands. */
    void continueFrom(SlotChain other) {
        System.arraycopy(other.lastIndex, 0, lastIndex, 0, RANKS);
        viewId = other.viewId;
    }

    /** Begins behind what was deleted. */
    void begin(Floor floor) {
        java.util.Arrays.fill(lastIndex, -1);
        System.arraycopy(floor.lastIndexes(), 0, lastIndex, 0, floor.lastIndexes().length);
        viewId = floor.position().viewId();
    }

    /** The newest view of which a slot was seen. */
    long viewId() {
        return viewId;
    }

    /** True when a slot at {@code position} would be new: of a newer view, or behind the last one of its sender. */
    boolean isNew(Position position) {
        return position.viewId() > viewId
                || position.viewId() == viewId && position.index() > lastIndex[position.rank()];
    }

    /** The last index known of {@code rank} in {@code view}; -1 when none. */
    long last(long view, int rank) {
        return view == viewId ? lastIndex[rank] : -1;
    }
}
