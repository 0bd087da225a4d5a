package org.lockstep.metrics;

import java.util.Arrays;

/**
 * Totals of all values since the start, and the last {@value #WINDOW} values for percentiles. A ring costs one store a value,
 * where a decaying sample costs a tree insertion. Not thread-safe.
 */
public final class Summary {
    private static final int WINDOW = 1024;

    private final long[] recent = new long[WINDOW];
    private long count;
    private long sum;
    private long min = Long.MAX_VALUE;
    private long max = Long.MIN_VALUE;

    /** Takes one more value, of any unit. */
    public void update(long value) {
        recent[(int) (count++ & WINDOW - 1)] = value;
        sum += value;
        min = Math.min(min, value);
        max = Math.max(max, value);
    }

    int recentCount() {
        return (int) Math.min(count, WINDOW);
    }

    /** What has been taken so far; a copy. */
    public SummarySnapshot snapshot() {
        return new SummarySnapshot(Arrays.copyOf(recent, recentCount()), count, sum, min, max);
    }
}
