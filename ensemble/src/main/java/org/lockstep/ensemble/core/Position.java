package org.lockstep.ensemble.core;

/**
 * A place in the total order of slots: by view, then index, then the sender's rank in the view.
 *
 * @param viewId the view; 0 before any, below 2^31
 * @param index the slot's index in the view; -1 before its first
 * @param rank the sender's rank in the view, 0 to 255
 */
public record Position(long viewId, long index, int rank) implements Comparable<Position> {
    /** Before everything. */
    public static final Position START = new Position(0, -1, 0);

    /** Where the view begins: before its first slot, behind everything of the view before. */
    public static Position beginOf(long viewId) {
        return new Position(viewId, -1, 0);
    }

    /** The place {@code order} ({@link Order}) of a view. */
    public static Position of(long viewId, long order) {
        return order == Order.NONE ? beginOf(viewId) : new Position(viewId, Order.index(order), Order.rank(order));
    }

    @Override
    public int compareTo(Position other) {
        int byView = Long.compare(viewId, other.viewId);
        if (byView != 0) {
            return byView;
        }
        int byIndex = Long.compare(index, other.index);
        return byIndex != 0 ? byIndex : Integer.compare(rank, other.rank);
    }
}
