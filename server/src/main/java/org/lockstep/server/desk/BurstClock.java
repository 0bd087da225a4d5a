package org.lockstep.server.desk;

/** The time, read once per burst of requests or replies instead of once per request. */
final class BurstClock {
    private long nanos = System.nanoTime();
    private long wallMillis = System.currentTimeMillis();

    void refresh() {
        nanos = System.nanoTime();
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
}
