package org.lockstep.ensemble.core;

import java.util.Arrays;
import java.util.List;

/**
 * Where a view ends: per sender, the last index that belongs to it. The view's final sequence is all data (i, k) with
 * {@code i <= lastIndex(k)}, in the total order; empty slots are skipped. Immutable.
 */
public final class Trim {
    private final long[] lastIndexes;

    private Trim(long[] lastIndexes) {
        this.lastIndexes = lastIndexes;
    }

    /** A trim with these last indexes, by rank; -1 where nothing of a sender belongs to the view. The array is copied. */
    public static Trim of(long... lastIndexes) {
        return new Trim(lastIndexes.clone());
    }

    /** The trim of a view of {@code ranks} members in which nothing was sent. */
    public static Trim nothing(int ranks) {
        long[] none = new long[ranks];
        Arrays.fill(none, -1);
        return new Trim(none);
    }

    /** Everything up to the place {@code order} ({@link Order}) in the total order, and nothing behind it. */
    public static Trim upTo(long order, int ranks) {
        if (order == Order.NONE) {
            return nothing(ranks);
        }
        long[] last = new long[ranks];
        for (int k = 0; k < ranks; k++) {
            last[k] = k <= Order.rank(order) ? Order.index(order) : Order.index(order) - 1;
        }
        return new Trim(last);
    }

    /** Per sender the smallest of {@code trims}, which are not empty and of one view. */
    static Trim min(List<Trim> trims) {
        long[] least = trims.get(0).lastIndexes.clone();
        for (Trim trim : trims) {
            for (int k = 0; k < least.length; k++) {
                least[k] = Math.min(least[k], trim.lastIndexes[k]);
            }
        }
        return new Trim(least);
    }

    public int ranks() {
        return lastIndexes.length;
    }

    public long lastIndex(int rank) {
        return lastIndexes[rank];
    }

    public boolean covers(long index, int rank) {
        return index <= lastIndexes[rank];
    }

    /** Whether the place {@code order} ({@link Order}) belongs to the final sequence. */
    public boolean covers(long order) {
        return covers(Order.index(order), Order.rank(order));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Trim trim && Arrays.equals(lastIndexes, trim.lastIndexes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(lastIndexes);
    }

    @Override
    public String toString() {
        return Arrays.toString(lastIndexes);
    }
}
