package org.lockstep.ensemble.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * What this process knows of the other configured servers, in a view or not: for liveness only, never for safety. Observers are
 * heard and told, and count for nothing.
 */
final class Peers {
    /** No server has this id. */
    static final int NOBODY = -1;
    private static final int JOIN_FAILURES_MAX = 6;

    private final List<Integer> serverIds;
    private final Peer[] peers;
    private final EnsembleOptions options;
    private final MemberId self;

    Peers(MemberId self, EnsembleOptions options) {
        this.self = self;
        this.options = options;
        serverIds = Stream.concat(options.voterIds().stream(), options.observerIds().stream())
                .filter(serverId -> serverId != self.serverId()).sorted().toList();
        peers = serverIds.stream().map(serverId -> new Peer(serverId, !options.isObserver(serverId))).toArray(Peer[]::new);
    }

    static final class Peer {
        final int serverId;
        final boolean voter;
        MemberId member;
        Message.Status status;
        long heardAt = Long.MIN_VALUE / 2;
        long statusAt = Long.MIN_VALUE / 2;
        long joinAt = Long.MIN_VALUE / 2;
        long joinViewId;
        long joinNotBefore = Long.MIN_VALUE / 2;
        int joinFailures;
        long answeredAt = Long.MIN_VALUE / 2;

        Peer(int serverId, boolean voter) {
            this.serverId = serverId;
            this.voter = voter;
        }
    }

    /** The peer on this server, or null. */
    Peer of(int serverId) {
        for (Peer peer : peers) {
            if (peer.serverId == serverId) {
                return peer;
            }
        }
        return null;
    }

    /** Of all other configured servers, ascending. */
    List<Integer> serverIds() {
        return serverIds;
    }

    private List<Peer> voters() {
        return Arrays.stream(peers).filter(peer -> peer.voter).toList();
    }

    void heard(MemberId from, long now) {
        Peer peer = of(from.serverId());
        if (!from.equals(peer.member)) {
            peer.member = from;
            peer.status = null;
            peer.joinAt = Long.MIN_VALUE / 2;
            peer.joinFailures = 0;
            peer.joinNotBefore = Long.MIN_VALUE / 2;
        }
        peer.heardAt = now;
    }

    /** A row has come: the server is a live member of that view, and no learner. */
    void livesIn(int serverId, long viewId, boolean cutOff, long now) {
        Peer peer = of(serverId);
        if (peer.status == null || peer.status.liveViewId() != viewId || peer.status.cutOff() != cutOff) {
            peer.status = new Message.Status(viewId, viewId, false, cutOff);
            peer.joinAt = Long.MIN_VALUE / 2;
            peer.joinFailures = 0;
        }
        peer.statusAt = now;
    }

    private boolean isFresh(long at, long now) {
        return now - at < options.failureTimeoutNanos();
    }

    boolean hears(int serverId, long now) {
        return serverId == self.serverId() || isFresh(of(serverId).heardAt, now);
    }

    /** How many configured voters, with this one, were heard of late. */
    int heardCount(long now) {
        int count = options.voterIds().contains(self.serverId()) ? 1 : 0;
        for (Peer peer : peers) {
            count += peer.voter && isFresh(peer.heardAt, now) ? 1 : 0;
        }
        return count;
    }

    /**
     * A server that said of late that it is a live member of a view not older than {@code viewId}, and not that it hears too
     * few to help anybody; {@link #NOBODY} when there is none. {@code turn}: among several, which.
     */
    int liveMember(long viewId, long now, int turn) {
        List<Peer> best = new ArrayList<>();
        long bestView = Math.max(1, viewId);
        for (Peer peer : peers) {
            long liveIn = liveViewOf(peer, now);
            if (liveIn > bestView) {
                best.clear();
                bestView = liveIn;
            }
            if (liveIn == bestView) {
                best.add(peer);
            }
        }
        return best.isEmpty() ? NOBODY : best.get(Math.floorMod(turn, best.size())).serverId;
    }

    /** The view that this server said of late that it lives in; 0: none, or it hears too few to help anybody. */
    long liveViewOf(int serverId, long now) {
        Peer peer = of(serverId);
        return peer == null ? 0 : liveViewOf(peer, now);
    }

    private long liveViewOf(Peer peer, long now) {
        boolean says = peer.status != null && isFresh(peer.statusAt, now) && !peer.status.cutOff();
        return says ? peer.status.liveViewId() : 0;
    }

    /** The processes outside any view that were heard of late, by server id. */
    List<MemberId> outsiders(long now) {
        List<MemberId> found = new ArrayList<>();
        for (Peer peer : voters()) {
            if (peer.status != null && isFresh(peer.statusAt, now) && peer.status.liveViewId() == 0) {
                found.add(peer.member);
            }
        }
        return found;
    }

    /** The observers that said of late that they serve clients. */
    List<Integer> servingObservers(long now) {
        List<Integer> found = new ArrayList<>();
        for (Peer peer : peers) {
            if (!peer.voter && peer.status != null && isFresh(peer.statusAt, now) && !peer.status.cutOff()) {
                found.add(peer.serverId);
            }
        }
        return found;
    }

    /** The newest decided view that anybody heard of late knows. */
    long newestDecided(long now) {
        long newest = 0;
        for (Peer peer : peers) {
            if (peer.status != null && isFresh(peer.statusAt, now)) {
                newest = Math.max(newest, peer.status.decidedViewId());
            }
        }
        return newest;
    }

    /** Whether every outsider heard of late is blank; true when there is none. */
    boolean allBlank(long now) {
        for (Peer peer : voters()) {
            if (peer.status != null && isFresh(peer.statusAt, now) && !peer.status.blank()) {
                return false;
            }
        }
        return true;
    }

    /** A learner that has caught up asks to be admitted. */
    void asksToJoin(int serverId, long viewId, long now) {
        Peer peer = of(serverId);
        peer.joinAt = now;
        peer.joinViewId = viewId;
    }

    /**
     * Learners that have caught up and ask to be admitted, by server id. Each of them hears this ensemble: it knows the view
     * {@code viewId}. {@code atOnce}: also those that are to wait because they could not be admitted before.
     */
    List<MemberId> joinCandidates(long viewId, boolean atOnce, long now) {
        List<MemberId> found = new ArrayList<>();
        for (Peer peer : voters()) {
            if (isFresh(peer.joinAt, now) && peer.joinViewId == viewId && (atOnce || now >= peer.joinNotBefore)) {
                found.add(peer.member);
            }
        }
        return found;
    }

    /**
     * This process could not be admitted in time: it waits longer each time. Every attempt stops the view for a while, and a
     * learner whose disk is stuck, say, would stop it for ever.
     */
    void joinFailed(MemberId joiner, long now) {
        Peer peer = of(joiner.serverId());
        if (joiner.equals(peer.member)) {
            peer.joinFailures = Math.min(peer.joinFailures + 1, JOIN_FAILURES_MAX);
            peer.joinNotBefore = now + (options.failureTimeoutNanos() << peer.joinFailures);
        }
    }

    /** This process slept: nobody's silence meanwhile means anything. */
    void forgive(long gap) {
        for (Peer peer : peers) {
            peer.heardAt += gap;
            peer.statusAt += gap;
        }
    }
}
