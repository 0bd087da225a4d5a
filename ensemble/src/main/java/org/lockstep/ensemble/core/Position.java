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
