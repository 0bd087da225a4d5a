package org.lockstep.ensemble.core;

import java.util.List;

/**
 * A process that is not a live member of any view: it says so, and depending on whom it hears becomes a learner of a live
 * view, helps to restart the last one, or to form the first.
 */
final class Outside {
    /** What to do now besides waiting. */
    enum Wish { NOTHING, COORDINATE }

    private static final int FAILURES_MAX = 6;

    private final Context context;
    private boolean learned;
    private int helperId;
    private long helperSince;
    private long statusAt = Long.MIN_VALUE / 2;
    private long aloneSince;
    private long attemptAt;
    private int failures;

    Outside(Context context) {
        this.context = context;
        aloneSince = context.now;
        attemptAt = context.now;
    }

    /** Since when no live member has been heard. */
    long aloneSince() {
        return aloneSince;
    }

    /** The learner has nearly caught up with its helper. */
    void learned() {
        learned = true;
    }

    /** An own attempt has failed: rivals that disturb each other draw apart. */
    void failed() {
        failures = Math.min(failures + 1, FAILURES_MAX);
        backOff();
    }

    /** An attempt of this process or a rival is under way: wait before the next. */
    void backOff() {
        attemptAt = context.now + context.options.patienceNanos();
    }

    void forgive(long gapNanos) {
        aloneSince += gapNanos;
        attemptAt += gapNanos;
    }

    Wish tick(long decidedViewId, boolean blank) {
        if (context.now - statusAt >= context.options.resendNanos()) {
            statusAt = context.now;
            context.broadcast(new Message.Status(0, decidedViewId, blank, false));
            if (learned) {
                context.broadcast(new Message.JoinRequest(decidedViewId));
            }
        }
        int live = context.peers.liveMember(decidedViewId, context.now);
        if (live != 0) {
            aloneSince = context.now;
            learnFrom(live);
            return Wish.NOTHING;
        }
        return mayCoordinate(decidedViewId, blank) ? Wish.COORDINATE : Wish.NOTHING;
    }

    private void learnFrom(int live) {
        boolean helperLost = helperId == 0 || !context.peers.hears(helperId, context.now);
        boolean tookTooLong = context.now - helperSince > 2 * context.options.failureTimeoutNanos();
        if (!learned && (helperLost || tookTooLong)) {
            helperId = live;
            helperSince = context.now;
            context.out.add(new Effect.Learn(live));
        }
    }

    /**
     * With nobody live: the first in order of server ids among those heard begins, the others after it, each a while later.
     * Enough voters must be there for it to lead anywhere, and none that knows a newer view.
     */
    private boolean mayCoordinate(long decidedViewId, boolean blank) {
        List<MemberId> others = context.peers.outsiders(context.now);
        int around = others.size() + 1;
        int needed = decidedViewId == 0 ? context.options.bootstrapExpect() : context.options.majority();
        boolean firstView = decidedViewId == 0 && blank && context.peers.allBlank(context.now);
        if (around < needed || context.peers.newestDecided(context.now) > decidedViewId || decidedViewId == 0 && !firstView) {
            attemptAt = Math.max(attemptAt, context.now + 2 * context.options.resendNanos());
            return false;
        }
        long before = others.stream().filter(member -> member.serverId() < context.self.serverId()).count();
        return context.now >= attemptAt + (before + (1L << failures) - 1) * context.options.patienceNanos();
    }
}
