package org.lockstep.ensemble.core;

/** Who is behind is told of the newest decided view; who is ahead is asked. At most once in a while per peer. */
final class News {
    private final Context context;

    News(Context context) {
        this.context = context;
    }

    /** {@code from} spoke in, or of, the view {@code viewId}; {@code own} is what this process would say of itself. */
    void compare(MemberId from, long viewId, ViewRecord decided, Message.Status own) {
        Peers.Peer peer = context.peers.of(from.serverId());
        if (viewId == own.decidedViewId() || context.now - peer.answeredAt < context.options.resendNanos()) {
            return;
        }
        peer.answeredAt = context.now;
        context.out.send(from.serverId(), viewId < own.decidedViewId() ? new Message.Decided(decided) : own);
    }

    /** {@code from} says where it stands; a live member answers a process outside, which then knows that it can join. */
    void onStatus(MemberId from, Message.Status status, ViewRecord decided, Message.Status own) {
        Peers.Peer peer = context.peers.of(from.serverId());
        peer.status = status;
        peer.statusAt = context.now;
        compare(from, status.decidedViewId(), decided, own);
        if (own.liveViewId() != 0 && status.liveViewId() == 0) {
            context.out.send(from.serverId(), own);
        }
    }
}
