package org.lockstep.ensemble.core;

/**
 * A place in the total order of one view, (index, rank) packed into one long that compares as the order does: round robin
 * over the ranks, so that no member starves another and there is no leader to relay through.
 */
public final class Order {
    /** Before the first slot of a view. */
    public static final long NONE = -1;
    /** Ranks fit into a byte. */
    static final int RANKS_MAX = 256;
    private static final int RANK_BITS = 8;

    private Order() {}

    public static long of(long index, int rank) {
        return index << RANK_BITS | rank;
    }

    /** The index of a place that is not {@link #NONE}. */
    public static long index(long order) {
        return order >> RANK_BITS;
    }

    /** The rank of a place that is not {@link #NONE}. */
    public static int rank(long order) {
        return (int) (order & (RANKS_MAX - 1));
    }

    static long of(Position position) {
        return of(position.index(), position.rank());
    }
}
