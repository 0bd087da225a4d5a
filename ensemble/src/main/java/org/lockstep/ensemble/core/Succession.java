package org.lockstep.ensemble.core;

import java.util.List;

/**
 * When a live member coordinates the election of the next view: the lowest-ranked unsuspected member at once, the others
 * after it, each a while later, unless somebody is at work.
 */
final class Succession {
    private static final long NEVER = Long.MAX_VALUE;

    private final Context context;
    private final ActiveView view;
    private final Suspicion suspicion;
    private final BackOff backOff;
    private final long beganAt;
    private boolean planned;
    private long wantedSince = NEVER;
    private long activityAt = Long.MIN_VALUE / 2;

    /** {@code before}: of the view before, or null. */
    Succession(Context context, ActiveView view, Suspicion suspicion, Succession before) {
        this.context = context;
        this.view = view;
        this.suspicion = suspicion;
        beganAt = context.now;
        backOff = new BackOff(context.options, before == null ? null : before.backOff);
    }

    /** A view change is asked for, with whoever is a member now. */
    void plan() {
        planned = true;
    }

    /** An own attempt has failed: rivals that disturb each other draw apart. */
    void failed() {
        backOff.failed();
        activity();
    }

    /** Some coordinator is at work. */
    void activity() {
        activityAt = context.now;
    }

    boolean isDue() {
        boolean wanted = planned || suspicion.any() || view.isWedged() || canAdmit();
        if (!wanted) {
            wantedSince = NEVER;
            return false;
        }
        if (wantedSince == NEVER) {
            wantedSince = context.now;
        }
        long patience = context.options.patienceNanos();
        long from = Math.max(wantedSince, activityAt + patience);
        long due = from + position() * patience + backOff.nanos();
        return context.peers.heardCount(context.now) >= context.options.majority() && context.now >= due;
    }

    /** Learners are admitted when the view has settled: everybody has begun it, a while ago. */
    private boolean canAdmit() {
        for (int k = 0; k < view.record().members().size(); k++) {
            if (k != view.me() && !view.table().hasStarted(k)) {
                return false;
            }
        }
        return context.now - beganAt > context.options.patienceNanos()
                && !view.record().members().containsAll(candidates());
    }

    private List<MemberId> candidates() {
        return context.peers.joinCandidates(view.record().viewId(), false, context.now);
    }

    private int position() {
        int position = 0;
        for (int k = 0; k < view.me(); k++) {
            position += suspicion.isSuspected(k) ? 0 : 1;
        }
        return position;
    }
}
