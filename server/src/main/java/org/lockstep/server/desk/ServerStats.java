package org.lockstep.server.desk;

/** The counters behind srvr, stat and mntr. Written and read on the main event loop. */
public final class ServerStats {
    private final long startedNanos = System.nanoTime();
    private long receivedCount;
    private long sentCount;
    private long latencyCount;
    private long latencySumMillis;
    private long latencyMinMillis = Long.MAX_VALUE;
    private long latencyMaxMillis;

    void received() {
        receivedCount++;
    }

    void sent() {
        sentCount++;
    }

    void answered(long latencyMillis) {
        latencyCount++;
        latencySumMillis += latencyMillis;
        latencyMinMillis = Math.min(latencyMinMillis, latencyMillis);
        latencyMaxMillis = Math.max(latencyMaxMillis, latencyMillis);
    }

    public long receivedCount() {
        return receivedCount;
    }

    public long sentCount() {
        return sentCount;
    }

    public long minLatencyMillis() {
        return latencyCount == 0 ? 0 : latencyMinMillis;
    }

    public double averageLatencyMillis() {
        return latencyCount == 0 ? 0 : (double) latencySumMillis / latencyCount;
    }

    public long maxLatencyMillis() {
        return latencyMaxMillis;
    }

    public long uptimeMillis() {
        return (System.nanoTime() - startedNanos) / 1_000_000;
    }

    /** What {@code srst} does. */
    public void reset() {
        receivedCount = 0;
        sentCount = 0;
        latencyCount = 0;
        latencySumMillis = 0;
        latencyMinMillis = Long.MAX_VALUE;
        latencyMaxMillis = 0;
    }
}
