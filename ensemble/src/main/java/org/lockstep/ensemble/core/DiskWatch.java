package org.lockstep.ensemble.core;

/**
 * Notices that this process's disk has stopped to answer. A live member with such a disk would hold up everybody: it cannot
 * promise, so it cannot be carried over, and the others leave the next view to it as long as it lives. To leave is always
 * safe.
 */
final class DiskWatch {
    private final Context context;
    private long storedUpTo;
    private long flushedUpTo;
    private boolean waiting;
    private long since;

    DiskWatch(Context context) {
        this.context = context;
    }

    void stored(long recordNumber) {
        storedUpTo = Math.max(storedUpTo, recordNumber);
        since = context.now;
    }

    void flushedAll(long token) {
        flushedUpTo = Math.max(flushedUpTo, token);
        since = context.now;
    }

    /** This process slept: its disk may have, too. */
    void forgive() {
        since = context.now;
    }

    boolean isStuck() {
        boolean waits = context.out.recordNumber() > storedUpTo || context.out.flushToken() > flushedUpTo;
        if (!waits || !waiting) {
            since = context.now;
        }
        waiting = waits;
        return waits && context.now - since > context.options.slowTimeoutNanos();
    }
}
