package org.lockstep.server.replica;

import org.lockstep.ensemble.core.EnsembleMember;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.state.StateMachine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The view this server lives in, or follows, as far as it has begun here: what its beginning and its end mean. */
final class CurrentView {
    private static final Logger LOG = LoggerFactory.getLogger(CurrentView.class);
    private static final long COUNTER_MASK = 0xffff_ffffL;
    private static final ViewListener NOBODY = new ViewListener() {
        @Override
        public void viewBegan(EnsembleView view) {}

        @Override
        public void cutOff(boolean value) {}

        @Override
        public void excluded() {}
    };

    private final StateMachine state;
    private final Applier applier;
    private final Barriers barriers;
    private final DigestCheck digests;
    private final LostWrites lostWrites;
    private final LogSide log;
    private final long zxidsPerView;
    private ViewListener listener = NOBODY;
    private ViewRecord record;
    private int rank;
    private boolean changing;

    /** @param zxidsPerView requests ordered in one view before it gives way to the next */
    CurrentView(StateMachine state, Applier applier, Barriers barriers, DigestCheck digests, LostWrites lostWrites, LogSide log,
            long zxidsPerView) {
        this.state = state;
        this.applier = applier;
        this.barriers = barriers;
        this.digests = digests;
        this.lostWrites = lostWrites;
        this.log = log;
        this.zxidsPerView = zxidsPerView;
    }

    void setListener(ViewListener told) {
        listener = told;
    }

    /** The view that this process is a live member of; null without one. */
    ViewRecord record() {
        return record;
    }

    /** This member's rank; says nothing without a view. */
    int rank() {
        return rank;
    }

    /** Whether this process is the only member. */
    boolean isAlone() {
        return record != null && record.members().size() == 1;
    }

    /** The end of everything that belongs to the views up to {@code viewId}. */
    static Position endOf(long viewId) {
        return new Position(viewId, Long.MAX_VALUE, 0);
    }

    /** A view begins with {@code self} as a member; its base is applied, or in the log that was installed ({@code fromDisk}). */
    void begin(ViewRecord next, boolean fromDisk, MemberId self) {
        if (fromDisk) {
            replay();
        }
        barriers.release(endOf(next.viewId() - 1));
        applier.view(next);
        keepLostWrites();
        record = next;
        rank = next.rankOf(self);
        digests.viewBegan(next.viewId(), next.members().size(), rank);
        changing = false;
        LOG.info("View {} begins: servers {}, this is server {} of rank {}", next.viewId(),
                next.members().stream().map(MemberId::serverId).toList(), self.serverId(), rank);
        listener.viewBegan(new EnsembleView(next.viewId(), self, next.members()));
    }

    private void keepLostWrites() {
        if (lostWrites.takeChange()) {
            byte[] lost = lostWrites.encode();
            log.call(held -> {
                held.putRecord(LostWrites.RECORD, lost);
                return null;
            });
        }
    }

    /** Brings the state up to the base of a view that begins from the disk. */
    private void replay() {
        Position before = applier.applied();
        long znodes = log.call(held -> {
            if (!held.reachesBackTo(before)) {
                throw new LogDamagedException("the state stands at " + before + ", which is no place of the log");
            }
            held.replay(before, applier);
            return state.nodeCount();
        });
        LOG.info("Recovered {} znodes; {} slots of the log applied again, up to {}", znodes, applier.takeReplayCount(),
                applier.applied());
    }

    /** A view begins in what a member feeds this process, which is not in it. */
    void follow(ViewRecord next, MemberId self, boolean observer) {
        applier.view(next);
        keepLostWrites();
        barriers.release(endOf(next.viewId() - 1));
        if (observer) {
            standsIn(next, self);
        }
    }

    /** What an observer has applied stands in this view. */
    void standsIn(ViewRecord followed, MemberId self) {
        listener.viewBegan(new EnsembleView(followed.viewId(), self, followed.members()));
    }

    /** This process hears too few of the others, or enough again. */
    void cutOff(boolean value) {
        listener.cutOff(value);
    }

    /** This process is out of it. */
    void leave() {
        record = null;
        changing = false;
        listener.excluded();
    }

    /** Near the end of a view's zxids the next view is asked for, and what gathers goes there. */
    boolean zxidsAreUsedUp(int inFlight, EnsembleMember core) {
        if (record == null || (state.lastZxid() & COUNTER_MASK) + inFlight <= zxidsPerView) {
            return false;
        }
        if (!changing) {
            changing = true;
            LOG.info("The zxids of view {} are used up: the next view is asked for", record.viewId());
            core.planViewChange();
        }
        return true;
    }
}
