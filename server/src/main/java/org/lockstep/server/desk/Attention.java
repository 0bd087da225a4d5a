package org.lockstep.server.desk;

import java.util.concurrent.TimeUnit;

/**
 * Who has been heard of late: while it is one client, which waits for each reply, or none, nobody is kept waiting by an event loop
 * that waits itself. On the event loop only.
 */
final class Attention {
    /** A client that was the only one to be heard of for so many bursts counts as alone. */
    static final int SOLE_BURSTS_MIN = 32;
    static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private Object lastHeard;
    private int soleBursts;
    private long lastNanos;

    /** {@code nowNanos}: when this desk began. */
    Attention(long nowNanos) {
        lastNanos = nowNanos;
    }

    /** Requests have come from {@code connection}. */
    void heard(Object connection, long nowNanos) {
        soleBursts = connection == lastHeard ? soleBursts + 1 : 0;
        lastHeard = connection;
        lastNanos = nowNanos;
    }

    /** {@code connection} is closed. */
    void gone(Object connection) {
        if (lastHeard == connection) {
            lastHeard = null;
            soleBursts = 0;
        }
    }

    /** Whether requests came of late, all of them from one client. */
    boolean isSole(long nowNanos) {
        return soleBursts >= SOLE_BURSTS_MIN && nowNanos - lastNanos <= QUIET_NANOS;
    }

    /** Whether none came of late, or all from one client. */
    boolean isQuiet(long nowNanos) {
        return soleBursts >= SOLE_BURSTS_MIN || nowNanos - lastNanos > QUIET_NANOS;
    }
}
