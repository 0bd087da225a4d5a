package org.lockstep.log;

import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;

/** Up to which place of the newest view the stable part of the order is on the medium. One thread. */
final class StableMark {
    private long viewId;
    private long order = Order.NONE;

    /** The mark in {@code view}; {@link Order#NONE} when the mark is of another. */
    long in(long view) {
        return view == viewId ? order : Order.NONE;
    }

    /** Raises the mark to {@code position}; an older place changes nothing. */
    void raise(Position position) {
        if (position.viewId() < viewId || position.index() < 0) {
            return;
        }
        long place = Order.of(position.index(), position.rank());
        order = position.viewId() == viewId ? Math.max(order, place) : place;
        viewId = position.viewId();
    }

    void continueFrom(StableMark other) {
        viewId = other.viewId;
        order = other.order;
    }
}
