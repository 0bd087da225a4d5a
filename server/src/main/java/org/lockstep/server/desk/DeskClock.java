package org.lockstep.server.desk;

import java.util.function.LongSupplier;

/**
 * The desk's time. For requests and replies it is read once per burst instead of once per request; deadlines go by
 * {@link #nowMillis}.
 */
final class DeskClock {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final LongSupplier nanoTime;
    private long nanos;
    private long wallMillis;

    /** {@code nanoTime} is monotonic, as {@link System#nanoTime}. */
    DeskClock(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        refresh();
    }

    void refresh() {
        nanos = nanoTime.getAsLong();
        wallMillis = System.currentTimeMillis();
    }

    /** Monotonic; when the current burst began. */
    long nanos() {
        return nanos;
    }

    /** Milliseconds since the epoch; when the current burst began. */
    long wallMillis() {
        return wallMillis;
    }

    /** Monotonic; now. Agrees with {@link #nanos}. */
    long nowMillis() {
        return nanoTime.getAsLong() / NANOS_PER_MILLI;
    }

    /** The wall clock that stands for a point of the monotonic one. */
    long wallOf(long monotonicMillis) {
        return System.currentTimeMillis() + monotonicMillis - nowMillis();
    }
}
