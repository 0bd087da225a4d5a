package org.lockstep.ensemble.core;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Where this process stands in the chain of views: outside, live in a view, or excluded for good. It is never told what to do by
 * anyone; it only ever learns what was decided.
 */
final class Life {
    private final Context context;
    private final DiskState disk;
    private final Election election;
    private final OwnSlots own;
    private final Position applied;
    private ViewRecord decided;
    private ActiveView active;
    private Membership membership;
    private Outside outside;
    private long installing;
    private boolean excluded;

    Life(Context context, DiskState disk, Election election, OwnSlots own, Recovered found) {
        this.context = context;
        this.disk = disk;
        this.election = election;
        this.own = own;
        applied = found.applied();
        decided = found.decided();
    }

    /** The view that this process is a live member of, or null. */
    ActiveView active() {
        return active;
    }

    /** What it does there; null outside. */
    Membership membership() {
        return membership;
    }

    /** What it does outside; null before the first tick and in a view. */
    Outside outside() {
        return outside;
    }

    /** The newest view known to be decided, or null. */
    ViewRecord decided() {
        return decided;
    }

    /** Its id, or 0. */
    long decidedViewId() {
        return decided == null ? 0 : decided.viewId();
    }

    /** What this process says of itself. */
    Message.Status status() {
        boolean idleObserver = outside != null && outside.isObserver() && !outside.serves();
        return new Message.Status(active == null ? 0 : active.record().viewId(), decidedViewId(), isBlank(),
                active != null && active.isCutOff() || idleObserver);
    }

    /** Whether clients are served here. */
    boolean serves() {
        if (active != null) {
            return !excluded && !membership.isCutOff();
        }
        return outside != null && outside.serves();
    }

    /** Whether a slot given now would go out at once. */
    boolean mayTakeMore() {
        if (active != null) {
            return !excluded && !isInstalling() && active.mayTakeMore();
        }
        return outside != null && outside.mayTakeMore();
    }

    /** Who slept himself suspects nobody yet. */
    void forgive(long gapNanos) {
        context.peers.forgive(gapNanos);
        if (active != null) {
            membership.forgive(gapNanos);
        } else {
            outside.forgive(gapNanos);
        }
    }

    Standing standing() {
        if (active == null) {
            return outside == null ? new Standing(null, List.of(), List.of(), List.of(), Peers.NOBODY)
                    : new Standing(outside.newestView(), List.of(), List.of(), List.of(), outside.feederId());
        }
        List<MemberId> members = active.record().members();
        return new Standing(active.record(),
                IntStream.range(0, members.size()).filter(membership.suspicion()::isSuspected)
                        .map(rank -> members.get(rank).serverId()).boxed().sorted().toList(),
                context.peers.outsiders(context.now).stream().map(MemberId::serverId).toList(),
                context.peers.servingObservers(context.now), Peers.NOBODY);
    }

    /** Whether the decided view is being installed: until it is, nothing of an election counts. */
    boolean isInstalling() {
        return installing != 0;
    }

    boolean isExcluded() {
        return excluded;
    }

    /** Whether this process has nothing of any ensemble. */
    boolean isBlank() {
        return decided == null && disk.isBlank() && applied.equals(Position.START);
    }

    void start() {
        outside = new Outside(context, applied);
        if (decided != null && !disk.hasInstalled(decided)) {
            installOnDisk(decided);
        }
    }

    /** A view is decided: install it if it names this incarnation; who lived in the view before and is not named is out. */
    void learnDecided(ViewRecord view) {
        if (view.viewId() <= decidedViewId() || installing != 0 || excluded) {
            return;
        }
        boolean follows = active != null && active.record().viewId() == view.viewId() - 1;
        boolean named = view.rankOf(context.self) >= 0;
        decided = view;
        election.reset(view);
        context.broadcast(new Message.Decided(view));
        if (active != null) {
            if (follows && named) {
                installing = context.out.install(view, context.self, Effect.Base.LOG, context.rules.installCut(view));
            } else {
                exclude("is not in view " + view.viewId());
            }
        } else {
            installOnDisk(view);
            if (named && installing == 0) {
                exclude("has not the base of view " + view.viewId());
            }
        }
    }

    /** A process outside: installs what its disk can, as the member that the view lists, be it this incarnation or a past one. */
    private void installOnDisk(ViewRecord view) {
        Effect.Base base = disk.baseFor(view);
        if (base != null) {
            installing = context.out.install(view, view.memberOf(context.self.diskId()), base, context.rules.installCut(view));
        }
    }

    void exclude(String why) {
        excluded = true;
        context.out.note(context.self.serverId() + " " + why + ": it leaves and comes back as another incarnation");
        context.out.add(new Effect.Excluded(decided));
    }

    /** The record {@code number} is on the medium. */
    void recordStored(long number) {
        if (number != installing || excluded) {
            return;
        }
        installing = 0;
        disk.installed(decided, decided.memberOf(context.self.diskId()));
        if (decided.rankOf(context.self) >= 0) {
            beginView();
        }
    }

    /** Everything asked for up to the flush {@code token} is on the medium. */
    void flushedAll(long token) {
        if (!excluded) {
            election.onFlushedAll(token, active);
        }
        if (outside != null) {
            outside.flushedAll(token);
        }
    }

    private void beginView() {
        boolean fromDisk = active == null;
        if (fromDisk) {
            outside.end();
            outside = null;
        } else {
            active.end(context.rules.installCut(decided), decided.trim());
        }
        context.out.add(new Effect.BeginView(decided, fromDisk));
        Feeder feeder = fromDisk ? new Feeder(context, own) : membership.feeder();
        active = new ActiveView(context, decided, own, feeder);
        membership = new Membership(context, active, feeder, membership);
        feeder.viewBegan(active, !fromDisk);
        active.begin();
    }
}
