package org.lockstep.ensemble.core;

import java.util.List;
import java.util.function.Consumer;

/**
 * A process that is not a live member of any view: it says so, and depending on whom it hears follows a live view, helps to
 * restart the last one, or to form the first. An observer only ever follows.
 */
final class Outside {
    /** What to do now besides waiting. */
    enum Wish { NOTHING, COORDINATE }

    private final Context context;
    private final boolean observer;
    private final Follower follower;
    private final Forwards forwards;
    private final DiskProbe probe;
    private final BackOff afterFailures;
    private final Consumer<Slot> deliver = this::deliver;
    private long statusAt = Long.MIN_VALUE / 2;
    private long aloneSince;
    private long attemptAt;
    private boolean gathering;
    private long nearAt = Long.MIN_VALUE / 2;
    private boolean serves;

    /** {@code applied}: where the state machine stands. */
    Outside(Context context, Position applied) {
        this.context = context;
        observer = context.options.isObserver(context.self.serverId());
        follower = new Follower(context, applied);
        forwards = new Forwards(context);
        probe = new DiskProbe(context);
        afterFailures = new BackOff(context.options, null);
        aloneSince = context.now;
        attemptAt = context.now;
    }

    /** Since when no live member has been heard. */
    long aloneSince() {
        return aloneSince;
    }

    /** An observer that has caught up, and hears its feeder: it serves clients. */
    boolean serves() {
        return serves;
    }

    boolean mayTakeMore() {
        return serves && forwards.mayTakeMore();
    }

    void submit(byte[] payload) {
        forwards.submit(payload);
    }

    /** An own attempt has failed: rivals that disturb each other draw apart. */
    void failed() {
        afterFailures.failed();
        backOff();
    }

    /** An attempt of this process or a rival is under way: wait before the next. */
    void backOff() {
        gathering = false;
        attemptAt = context.now + context.options.patienceNanos();
    }

    void forgive(long gapNanos) {
        aloneSince += gapNanos;
        attemptAt += gapNanos;
        follower.forgive(gapNanos);
        probe.forgive(gapNanos);
    }

    /** {@link Effect.FlushAll} is done up to this token. */
    void flushedAll(long token) {
        probe.flushedAll(token);
    }

    void onConnection(int serverId, boolean up) {
        long before = follower.stream();
        follower.onConnection(serverId, up);
        pauseIfChanged(before);
    }

    /** {@code status}: what this process says of itself; {@code decided}: the newest view it knows to be decided, or null. */
    Wish tick(Message.Status status, ViewRecord decided) {
        long decidedViewId = status.decidedViewId();
        if (greet(status)) {
            askToJoin(decidedViewId);
        }
        long before = follower.stream();
        follower.tick(decidedViewId);
        pauseIfChanged(before);
        if (observer) {
            serveIfNear(decided);
            return Wish.NOTHING;
        }
        if (follower.feederId() != Peers.NOBODY) {
            aloneSince = context.now;
            return Wish.NOTHING;
        }
        return mayCoordinate(decidedViewId, status.blank()) ? Wish.COORDINATE : Wish.NOTHING;
    }

    /** Tells the others where this process stands, if it is time to; returns whether it was. */
    boolean greet(Message.Status status) {
        if (context.now - statusAt < context.options.resendNanos()) {
            return false;
        }
        statusAt = context.now;
        context.broadcast(status);
        return true;
    }

    /** A learner that has nearly caught up, and whose disk answers, asks to be admitted. */
    private void askToJoin(long decidedViewId) {
        if (observer || !follower.isNear()) {
            return;
        }
        probe.tick();
        if (probe.answers()) {
            context.broadcast(new Message.JoinRequest(decidedViewId));
        }
    }

    private void pauseIfChanged(long streamBefore) {
        if (follower.stream() != streamBefore) {
            forwards.pause();
        }
    }

    /** An observer serves while it is as good as up to date; a feeder that is lost is missed only after a while. */
    private void serveIfNear(ViewRecord decided) {
        if (follower.isNear() && follower.knowsItsView(decided)) {
            nearAt = context.now;
        }
        serve(context.now - nearAt < context.options.failureTimeoutNanos());
    }

    private void serve(boolean value) {
        if (value != serves) {
            serves = value;
            context.out.add(new Effect.CutOff(!value));
        }
    }

    /** A message of a feeder; false: it is none. */
    boolean onMessage(MemberId from, Message message) {
        if (message instanceof Message.Feed feed) {
            if (follower.isFromFeeder(from, feed.stream())) {
                long before = follower.stream();
                follower.onFeed(feed, deliver);
                pauseIfChanged(before);
            }
        } else if (message instanceof Message.Behind behind) {
            if (follower.isFromFeeder(from, behind.stream())) {
                onBehind();
            }
        } else if (message instanceof Message.Fenced fenced) {
            if (follower.isFromFeeder(from, fenced.stream())) {
                forwards.onFenced(from.serverId(), fenced.stream());
            }
        } else {
            return false;
        }
        return true;
    }

    private void deliver(Slot slot) {
        context.out.add(new Effect.Deliver(slot, forwards.takeDelivered(slot)));
    }

    /** Whether this process only ever follows. */
    boolean isObserver() {
        return observer;
    }

    int feederId() {
        return follower.feederId();
    }

    /** The newest view that the feeder has sent, or null. */
    ViewRecord newestView() {
        return follower.newestView();
    }

    private void onBehind() {
        if (observer) {
            nearAt = Long.MIN_VALUE / 2;
            serve(false);
        }
        forwards.forget();
        follower.onBehind();
    }

    /** A view begins at this process. */
    void end() {
        follower.stopFetching();
    }

    void onFetched(long stream, Position at) {
        long before = follower.stream();
        follower.onFetched(stream, at);
        pauseIfChanged(before);
    }

    void onFetchFailed(long stream) {
        follower.onFetchFailed(stream);
    }

    /**
     * With nobody live: the first in order of server ids among those heard begins, the others after it, each a while later.
     * Enough voters must be there for it to lead anywhere, and none that knows a newer view. Who comes a moment later is waited
     * for, so that the view is not changed at once for him; once everybody is there is nobody to wait for.
     */
    private boolean mayCoordinate(long decidedViewId, boolean blank) {
        List<MemberId> others = context.peers.outsiders(context.now);
        int around = others.size() + 1;
        int needed = decidedViewId == 0 ? context.options.bootstrapExpect() : context.options.majority();
        boolean firstView = decidedViewId == 0 && blank && context.peers.allBlank(context.now);
        if (around < needed || context.peers.newestDecided(context.now) > decidedViewId || decidedViewId == 0 && !firstView) {
            attemptAt = Math.max(attemptAt, context.now + 2 * context.options.resendNanos());
            gathering = true;
            return false;
        }
        if (gathering && around == context.options.voterIds().size()) {
            gathering = false;
            attemptAt = context.now;
        }
        long before = others.stream().filter(member -> member.serverId() < context.self.serverId()).count();
        return context.now >= attemptAt + before * context.options.patienceNanos() + afterFailures.nanos();
    }
}
