package org.lockstep.ensemble.core;

/** This process's part in the election of the next view: its disk's vote, and its own attempt to coordinate, if it makes one. */
final class Election {
    private final Context context;
    private final Acceptor acceptor;
    private Coordinator coordinator;
    private long roundMax;

    Election(Context context, Acceptor acceptor) {
        this.context = context;
        this.acceptor = acceptor;
        roundMax = acceptor.promised().round();
    }

    /** The view being elected. */
    long viewId() {
        return acceptor.viewId();
    }

    boolean coordinates() {
        return coordinator != null;
    }

    /** Begins an attempt of this process, in a ballot above all it has seen. */
    void coordinate(ViewRecord previous, ViewChoice choice) {
        roundMax = Math.max(roundMax, acceptor.promised().round()) + 1;
        Ballot ballot = new Ballot(roundMax, context.self.serverId(), context.self.incarnation());
        context.out.note("coordinates view " + acceptor.viewId() + " in " + ballot);
        coordinator = new Coordinator(context, previous, ballot, choice);
    }

    /** A view is decided: what was under way is over. */
    void reset(ViewRecord decided) {
        coordinator = null;
        acceptor.reset(decided);
    }

    void tick() {
        if (coordinator != null) {
            coordinator.tick();
        }
    }

    void onPrepare(MemberId from, Message.Prepare prepare, ActiveView active) {
        acceptor.onPrepare(from.serverId(), prepare, active);
    }

    void onAccept(MemberId from, Message.Accept accept, ActiveView active) {
        acceptor.onAccept(from.serverId(), accept, active);
    }

    void onFlushedAll(long token, ActiveView active) {
        acceptor.onFlushedAll(token, active);
    }

    /** An answer to the own attempt; answers in other elections say nothing. */
    void onAnswer(MemberId from, Message message) {
        if (coordinator == null) {
            return;
        }
        if (message instanceof Message.Promise promise && promise.viewId() == viewId()) {
            coordinator.onPromise(from, promise);
        } else if (message instanceof Message.Accepted accepted && accepted.viewId() == viewId()) {
            coordinator.onAccepted(from, accepted);
        } else if (message instanceof Message.JoinReady ready && ready.viewId() == viewId()) {
            coordinator.onJoinReady(from, ready);
        } else if (message instanceof Message.Refused refused && refused.viewId() == viewId()) {
            roundMax = Math.max(roundMax, refused.promised().round());
            coordinator.onRefused(refused.promised());
        }
    }

    /** The view that the own attempt has decided, or null. */
    ViewRecord decided() {
        return coordinator != null && coordinator.phase() == Coordinator.Phase.DECIDED ? coordinator.value() : null;
    }

    /** Whether the own attempt has failed; says so once. */
    boolean takeFailure() {
        if (coordinator == null || coordinator.phase() != Coordinator.Phase.OVER) {
            return false;
        }
        coordinator = null;
        return true;
    }
}
