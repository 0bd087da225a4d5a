package org.lockstep.ensemble.core;

/**
 * What a voter tells of the view before, once and for all: frozen before the promise that carries it is stored, and stored
 * with it, so that every report of one disk for one view is equal.
 *
 * <p>Why frozen: a coordinator trims the view by these numbers. Whoever secured a slot after reporting could make it stable, and
 * someone could deliver what the trim drops.
 *
 * @param viewId the view reported on
 * @param writer the incarnation whose log this is; null when this disk does not hold the base of the view
 * @param last per sender, the last data slot secured here; null without base
 * @param intact whether everything the writer ever secured in the view is in {@code last}: always under {@code durable};
 *     under the lazy policies only when the machine has not rebooted since the view was installed, or the writer itself
 *     flushed for a promise
 * @param flushedMark the place ({@link Order}) up to which everything stable is on the medium
 */
public record Report(long viewId, MemberId writer, Trim last, boolean intact, long flushedMark) {
    static Report withoutBase(long viewId) {
        return new Report(viewId, null, null, false, Order.NONE);
    }

    boolean holdsBase() {
        return writer != null;
    }
}
