package org.lockstep.ensemble.core;

/**
 * Whether a learner's disk answers. The view stands still from the moment a learner is to be admitted until it has staged the base, or
 * until the coordinator gives it up; one whose disk is stuck would stop the view again and again, since each rival learns only by an
 * attempt of its own. So a learner shows first that it can: it has its disk flush now and then, and asks to be admitted only
 * while that comes back in the time that a coordinator would give it. It serves liveness only.
 *
 * <p>The flush is not for show: what was copied so far is on the medium then, and is not left for when the view stands still.
 */
final class DiskProbe {
    private final Context context;
    private long token;
    private long askedAt = Long.MIN_VALUE / 2;
    private long answeredAt = Long.MIN_VALUE / 2;

    DiskProbe(Context context) {
        this.context = context;
    }

    /** Has the disk flush again if it is time to, and no flush is under way. */
    void tick() {
        if (token == 0 && context.now - askedAt >= context.options.failureTimeoutNanos() / 2) {
            token = context.out.flushAll();
            askedAt = context.now;
        }
    }

    /** Whether the disk has answered of late, and in time. */
    boolean answers() {
        return context.now - answeredAt < context.options.failureTimeoutNanos();
    }

    /** Everything asked for up to the flush {@code done} is on the medium. */
    void flushedAll(long done) {
        if (token == 0 || done < token) {
            return;
        }
        token = 0;
        if (context.now - askedAt < context.options.failureTimeoutNanos()) {
            answeredAt = context.now;
        }
    }

    /** This process slept: its disk may have, too. */
    void forgive(long gapNanos) {
        askedAt += gapNanos;
    }
}
