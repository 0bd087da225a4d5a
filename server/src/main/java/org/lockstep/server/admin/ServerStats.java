package org.lockstep.server.admin;

import org.lockstep.metrics.Summary;
import org.lockstep.metrics.SummarySnapshot;

/**
 * Packets and request latency of the whole server, as {@code srvr} and {@code mntr} tell them. A packet is a request or a
 * four-letter word received, a reply or a notification sent. Belongs to the thread that serves: no other may write or read.
 */
public final class ServerStats {
    private long received;
    private long sent;
    private long count;
    private long sumMillis;
    private long minMillis = Long.MAX_VALUE;
    private long maxMillis;
    private final Summary reads = new Summary();
    private final Summary updates = new Summary();

    public void received() {
        received++;
    }

    public void sent() {
        sent++;
    }

    /**
     * Notes a request answered after {@code latencyMillis}.
     *
     * @param update whether it took a zxid; a sync took none and is a read, as in ZooKeeper
     */
    public void answered(long latencyMillis, boolean update) {
        (update ? updates : reads).update(latencyMillis);
        count++;
        sumMillis += latencyMillis;
        minMillis = Math.min(minMillis, latencyMillis);
        maxMillis = Math.max(maxMillis, latencyMillis);
    }

    /** What {@code srst} does; {@link #reads} and {@link #updates} go on. */
    public void reset() {
        received = 0;
        sent = 0;
        count = 0;
        sumMillis = 0;
        minMillis = Long.MAX_VALUE;
        maxMillis = 0;
    }

    public long receivedCount() {
        return received;
    }

    public long sentCount() {
        return sent;
    }

    /** 0 before the first answer. */
    public long minLatencyMillis() {
        return minMillis == Long.MAX_VALUE ? 0 : minMillis;
    }

    public long maxLatencyMillis() {
        return maxMillis;
    }

    /** Rounded to four digits, as ZooKeeper shows it; 0 before the first answer. */
    public double averageLatencyMillis() {
        return count == 0 ? 0 : Math.round(sumMillis * 10_000.0 / count) / 10_000.0;
    }

    /** Latency in ms of all reads since the start. */
    public SummarySnapshot reads() {
        return reads.snapshot();
    }

    /** Latency in ms of all requests that took a zxid since the start. */
    public SummarySnapshot updates() {
        return updates.snapshot();
    }
}
