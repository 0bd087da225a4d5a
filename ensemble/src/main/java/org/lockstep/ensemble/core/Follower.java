package org.lockstep.ensemble.core;

import java.util.function.Consumer;

/**
 * A process outside every view that follows the order: it has a live member, its feeder, send it what is decided or stable, and
 * applies that. A learner does so until a view names it, an observer for ever.
 *
 * <p>Why it is safe: what comes is stable, so it is in every later base, and it continues what is here; what is applied here
 * counts for nothing. The one case in which a state is ahead of the order, a restart that forgot a tail, shows when the view
 * after does not continue the state; then the state is replaced.
 */
final class Follower {
    private enum Phase { IDLE, FOLLOWING, FETCHING }

    private final Context context;
    private Position applied;
    private Phase phase = Phase.IDLE;
    private int feederId = Peers.NOBODY;
    private long stream;
    private long fetchStream;
    private long heardAt;
    private long abreastAt;
    private long ackedAt;
    private int changes;
    private boolean near;
    private Position flushed = Position.START;
    private ViewRecord newestView;

    /** {@code applied}: where the state machine stands. */
    Follower(Context context, Position applied) {
        this.context = context;
        this.applied = applied;
    }

    Position applied() {
        return applied;
    }

    /** Whether all that is not here is under way, or in the feeder's memory. */
    boolean isNear() {
        return phase == Phase.FOLLOWING && near;
    }

    boolean isFollowing() {
        return phase == Phase.FOLLOWING;
    }

    /** Who is followed, or {@link Peers#NOBODY}. */
    int feederId() {
        return feederId;
    }

    long stream() {
        return stream;
    }

    /** The newest view that came in the order, or null. */
    ViewRecord newestView() {
        return newestView;
    }

    /**
     * Whether it is known who is in the view that the state stands in. Its beginning does not come when the state was in the
     * midst of it already: then it is the view that others say is decided, {@code decided}, once they have.
     */
    boolean knowsItsView(ViewRecord decided) {
        if (newestView != null && newestView.viewId() == applied.viewId()) {
            return true;
        }
        boolean learned = decided != null && decided.viewId() == applied.viewId();
        if (learned) {
            newestView = decided;
            context.out.add(new Effect.StandsIn(decided));
        }
        return learned;
    }

    /** Keeps a feeder, or finds another; {@code decidedViewId} is the newest view known to be decided. */
    void tick(long decidedViewId) {
        if (phase == Phase.IDLE || !feederServes(decidedViewId)) {
            choose(decidedViewId);
        } else if (phase == Phase.FOLLOWING && context.now - ackedAt >= context.options.resendNanos()) {
            acknowledge();
        }
    }

    private boolean feederServes(long decidedViewId) {
        long viewId = context.peers.liveViewOf(feederId, context.now);
        if (viewId >= decidedViewId) {
            abreastAt = context.now;
        }
        boolean silent = phase == Phase.FOLLOWING && context.now - heardAt > context.options.failureTimeoutNanos();
        return viewId > 0 && !silent && context.now - abreastAt <= context.options.failureTimeoutNanos();
    }

    private void choose(long decidedViewId) {
        int live = context.peers.liveMember(decidedViewId, context.now, context.self.serverId() + changes);
        if (live == Peers.NOBODY) {
            phase = Phase.IDLE;
            feederId = Peers.NOBODY;
        } else {
            changes++;
            abreastAt = context.now;
            follow(live);
        }
    }

    private void follow(int serverId) {
        phase = Phase.FOLLOWING;
        feederId = serverId;
        near = false;
        heardAt = context.now;
        ackedAt = context.now;
        context.out.send(serverId, new Message.Follow(++stream, applied));
    }

    /** A new connection: what was under way on the old one is lost. */
    void onConnection(int serverId, boolean up) {
        if (up && serverId == feederId && phase == Phase.FOLLOWING) {
            follow(serverId);
        }
    }

    /** Who slept himself was not left alone. */
    void forgive(long gapNanos) {
        heardAt += gapNanos;
        abreastAt += gapNanos;
    }

    boolean isFromFeeder(MemberId from, long ofStream) {
        return phase != Phase.IDLE && from.serverId() == feederId && ofStream == stream;
    }

    /** More of the order; {@code deliver} takes its slots. */
    void onFeed(Message.Feed feed, Consumer<Slot> deliver) {
        heardAt = context.now;
        LogRange range = new LogRange(feed.after(), feed.views(), feed.slots());
        if (phase != Phase.FOLLOWING || !feed.after().equals(applied) || !range.isUnbroken()) {
            // Something was passed over here while it could not be used: ask for it again.
            follow(feederId);
            return;
        }
        stopFetching();
        if (!range.isEmpty()) {
            range.forEach(this::beginView, deliver);
            applied = range.last();
        }
        near = feed.near();
        noteFlushed(feed.flushed());
        if (!range.isEmpty()) {
            acknowledge();
        }
    }

    /** A copy that is still under way is not needed any more. */
    void stopFetching() {
        if (fetchStream != 0) {
            fetchStream = 0;
            context.out.add(new Effect.StopFetching());
        }
    }

    private void beginView(ViewRecord view) {
        newestView = view;
        context.out.add(new Effect.FollowView(view));
    }

    /** What is flushed everywhere counts here when it is applied here. */
    private void noteFlushed(Position upTo) {
        Position least = upTo.compareTo(applied) < 0 ? upTo : applied;
        if (least.compareTo(flushed) > 0 && least.index() >= 0) {
            flushed = least;
            context.out.add(new Effect.FlushedEverywhere(least.viewId(), Order.of(least)));
        }
    }

    private void acknowledge() {
        ackedAt = context.now;
        context.out.send(feederId, new Message.FeedAck(stream, applied));
    }

    /** The feeder's log does not continue what is here. */
    void onBehind() {
        if (phase == Phase.FOLLOWING) {
            phase = Phase.FETCHING;
            fetchStream = stream;
            context.out.note("copies the state of server " + feederId + ", which does not reach back to " + applied);
            context.out.add(new Effect.FetchState(feederId, stream));
        }
    }

    /** The state that {@link Effect.FetchState} asked for is in place, as of {@code at}, whoever the feeder may be by now. */
    void onFetched(long ofStream, Position at) {
        if (ofStream != fetchStream) {
            return;
        }
        fetchStream = 0;
        applied = at;
        flushed = Position.START;
        if (phase != Phase.IDLE) {
            follow(feederId);
        }
    }

    /** It could not be copied: perhaps from another. */
    void onFetchFailed(long ofStream) {
        if (ofStream == fetchStream) {
            fetchStream = 0;
            phase = phase == Phase.FETCHING ? Phase.IDLE : phase;
        }
    }
}
