package org.lockstep.ensemble.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One attempt to elect the successor of a view: gather promises, choose ({@link ViewChoice}), bring joiners to hold the base,
 * have the value accepted. Several may be under way at once; ballots keep them safe, back-off by rank keeps them few.
 */
final class Coordinator {
    /** How far the attempt is. */
    enum Phase { GATHER, STAGE, ACCEPT, DECIDED, OVER }

    private static final int ROUND_TIMEOUTS = 4;

    private final Context context;
    private final ViewRecord previous;
    private final Ballot ballot;
    private final ViewChoice choice;
    private final long since;
    private final Map<Integer, ViewChoice.Vote> votes = new TreeMap<>();
    private final TreeSet<Integer> ready = new TreeSet<>();
    private final Map<Integer, MemberId> accepted = new TreeMap<>();
    private Phase phase = Phase.GATHER;
    private ViewRecord value;
    private List<MemberId> joiners = List.of();
    private int attempt;
    private long stageSince;
    private long sentAt;

    Coordinator(Context context, ViewRecord previous, Ballot ballot, ViewChoice choice) {
        this.context = context;
        this.previous = previous;
        this.ballot = ballot;
        this.choice = choice;
        since = context.now;
        sendAll();
    }

    /** How long an attempt may take, in nanoseconds. */
    static long longest(EnsembleOptions options) {
        return ROUND_TIMEOUTS * options.failureTimeoutNanos();
    }

    Phase phase() {
        return phase;
    }

    Ballot ballot() {
        return ballot;
    }

    ViewRecord value() {
        return value;
    }

    private long viewId() {
        return previous == null ? 1 : previous.viewId() + 1;
    }

    private void sendAll() {
        sentAt = context.now;
        Message prepare = new Message.Prepare(viewId(), ballot, previous);
        Message accept = phase == Phase.ACCEPT ? new Message.Accept(viewId(), ballot, value) : null;
        for (int serverId : context.options.voterIds()) {
            if (phase != Phase.ACCEPT || !votes.containsKey(serverId)) {
                // Also to who has promised: it tells rivals that somebody is at work, however long joiners take.
                context.out.send(serverId, prepare);
            }
            if (accept != null && !accepted.containsKey(serverId)) {
                context.out.send(serverId, accept);
            }
        }
        if (phase == Phase.STAGE) {
            requestTransfers();
        }
    }

    void tick() {
        if (phase == Phase.DECIDED || phase == Phase.OVER) {
            return;
        }
        long spent = context.now - since;
        boolean ownDiskStuck = !votes.containsKey(context.self.serverId()) && spent > context.options.failureTimeoutNanos();
        if (ownDiskStuck || spent > longest(context.options)) {
            phase = Phase.OVER;
            return;
        }
        if (context.now - sentAt >= context.options.resendNanos()) {
            sendAll();
        }
        if (phase == Phase.GATHER) {
            choose();
        } else if (phase == Phase.STAGE && context.now - stageSince > context.options.failureTimeoutNanos()) {
            dropUnready();
        }
    }

    void onPromise(MemberId from, Message.Promise promise) {
        if (!promise.ballot().equals(ballot) || previous != null && !context.rules.mayVote(previous, from)) {
            return;
        }
        votes.put(from.serverId(), new ViewChoice.Vote(from, promise));
        choose();
    }

    void onRefused(Ballot promised) {
        if (promised.compareTo(ballot) > 0) {
            phase = Phase.OVER;
        }
    }

    private void choose() {
        if (phase != Phase.GATHER) {
            return;
        }
        ViewChoice.Proposal proposal = choice.choose(List.copyOf(votes.values()), context.now - since);
        if (proposal == null) {
            return;
        }
        if (proposal.yields()) {
            phase = Phase.OVER;
            return;
        }
        propose(proposal.value(), proposal.joiners());
    }

    private void propose(ViewRecord proposed, List<MemberId> needStaging) {
        value = proposed;
        joiners = needStaging;
        attempt++;
        ready.clear();
        if (joiners.isEmpty() || !context.rules.waitsForJoiners()) {
            phase = Phase.ACCEPT;
            requestTransfers();
        } else {
            phase = Phase.STAGE;
            stageSince = context.now;
        }
        sendAll();
    }

    private void requestTransfers() {
        for (MemberId joiner : joiners) {
            if (!ready.contains(joiner.serverId())) {
                context.out.send(value.source().serverId(),
                        new Message.TransferRequest(ballot, attempt, value, joiner.serverId()));
            }
        }
    }

    /** Nothing is accepted before each joiner holds the base, flushed: a decided view's members hold its base. */
    void onJoinReady(MemberId from, Message.JoinReady message) {
        if (phase != Phase.STAGE || !message.ballot().equals(ballot) || message.attempt() != attempt || !joiners.contains(from)) {
            return;
        }
        ready.add(from.serverId());
        if (ready.size() == joiners.size()) {
            phase = Phase.ACCEPT;
            sendAll();
        }
    }

    /** Goes on without the joiners that are not ready: the value is not proposed yet, so it may still be another. */
    private void dropUnready() {
        List<MemberId> members = new ArrayList<>();
        List<MemberId> kept = new ArrayList<>();
        for (MemberId member : value.members()) {
            boolean joins = joiners.contains(member);
            if (!joins || ready.contains(member.serverId())) {
                members.add(member);
                if (joins) {
                    kept.add(member);
                }
            } else if (member.serverId() != context.self.serverId()) {
                context.peers.joinFailed(member, context.now);
            }
        }
        if (members.size() < context.options.minView()) {
            phase = Phase.OVER;
            return;
        }
        ViewRecord fewer = new ViewRecord(value.viewId(), value.ensembleId(), members, ViewChoice.voters(previous, members),
                value.origin(), value.source(), value.trim());
        propose(fewer, kept);
    }

    /**
     * Decided when a majority of the old voters and one of the new have it on the medium; the first view: when every member
     * has.
     */
    void onAccepted(MemberId from, Message.Accepted message) {
        if (phase != Phase.ACCEPT || !message.ballot().equals(ballot)) {
            return;
        }
        accepted.put(from.serverId(), from);
        if (isDecided()) {
            phase = Phase.DECIDED;
        }
    }

    private boolean isDecided() {
        if (previous == null) {
            return count(value) == value.members().size();
        }
        return count(previous) >= previous.majority() && count(value) >= value.majority();
    }

    private int count(ViewRecord view) {
        int count = 0;
        for (MemberId member : accepted.values()) {
            count += context.rules.mayVote(view, member) ? 1 : 0;
        }
        return count;
    }
}
