package org.lockstep.metrics;

import com.codahale.metrics.UniformSnapshot;

/** The recent past as any snapshot shows it, and besides the totals since the start. Immutable. */
public final class SummarySnapshot extends UniformSnapshot {
    private final long count;
    private final long sum;
    private final long lowest;
    private final long highest;

    SummarySnapshot(long[] recent, long count, long sum, long lowest, long highest) {
        super(recent);
        this.count = count;
        this.sum = sum;
        this.lowest = count == 0 ? 0 : lowest;
        this.highest = count == 0 ? 0 : highest;
    }

    /** How many values there were. */
    public long count() {
        return count;
    }

    /** All values together, in their unit. */
    public long sum() {
        return sum;
    }

    /** The average of all values; 0 when there were none. */
    public double average() {
        return count == 0 ? 0 : (double) sum / count;
    }

    /** The smallest value; 0 when there were none. */
    public long lowest() {
        return lowest;
    }

    /** The largest value; 0 when there were none. */
    public long highest() {
        return highest;
    }
}
