package org.lockstep.ensemble.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.lockstep.ensemble.core.Ballot;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Report;
import org.lockstep.ensemble.core.Row;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.ensemble.core.Voter;

/** Watches everything that members do and fails the run when a promise of the protocol is broken. */
final class Checker {
    private final SimConfig config;
    private final int minView;
    private final Map<Long, ViewRecord> decided = new TreeMap<>();
    private final Map<Long, History> bases = new HashMap<>();
    private final Map<Vote, Ballot> promisedBy = new HashMap<>();
    private final Map<Vote, Ballot> acceptedBy = new HashMap<>();
    private final Map<Secured, long[]> secured = new HashMap<>();
    private final Map<Ballot, ViewRecord> proposed = new HashMap<>();
    private final Map<Ballot, Set<Voter>> accepted = new HashMap<>();
    private final Map<Long, ViewRecord> chosenValues = new HashMap<>();
    private final Map<MemberId, Report> reports = new HashMap<>();
    private final List<Long> order = new ArrayList<>();
    private final Map<Integer, Integer> lastOfSession = new HashMap<>();
    private History tip = History.EMPTY;
    private History acknowledged = History.EMPTY;
    private History barrier = History.EMPTY;
    private long lastCutViewId;
    private long cuts;
    private long acknowledgements;
    private long restarts;

    /** A disk and the view it votes on. */
    private record Vote(UUID diskId, long viewId) {}

    /** A member and the view it secures slots of. */
    private record Secured(MemberId member, long viewId) {}

    Checker(SimConfig config, int minView) {
        this.config = config;
        this.minView = minView;
        order.add(History.EMPTY.hash);
    }

    private static void require(boolean holds, String format, Object... arguments) {
        if (!holds) {
            throw new SimulationFailure(String.format(format, arguments));
        }
    }

    /** A promise leaves a member. */
    void onPromise(MemberId from, Message.Promise promise) {
        ViewRecord previous = decided.get(promise.viewId() - 1);
        require(previous == null || previous.listsDisk(from.serverId(), from.diskId()),
                "%s votes on view %d with a disk that view %d does not list", from, promise.viewId(), promise.viewId() - 1);
        onVote(from, promise.viewId(), promise.ballot(), "promises");
        Ballot acceptedBefore = acceptedBy.getOrDefault(new Vote(from.diskId(), promise.viewId()), Ballot.NONE);
        require(promise.acceptedBallot().compareTo(acceptedBefore) >= 0, "%s has forgotten what it accepted in %s", from,
                acceptedBefore);
        Report report = promise.report();
        requireAllSecured(from, report);
        MemberId key = new MemberId(from.serverId(), from.diskId(), from.incarnation() << 32 | promise.viewId());
        Report before = reports.putIfAbsent(key, report);
        require(before == null || before.equals(report), "%s reports %s, and before %s", from, report, before);
    }

    private void onVote(MemberId from, long viewId, Ballot ballot, String what) {
        Ballot before = promisedBy.put(new Vote(from.diskId(), viewId), ballot);
        require(before == null || before.compareTo(ballot) <= 0, "%s %s in %s after it promised %s", from, what, ballot, before);
    }

    /** What a member said that it has secured, an intact report of its log covers. */
    private void requireAllSecured(MemberId from, Report report) {
        long[] said = report.intact() ? secured.get(new Secured(report.writer(), report.viewId())) : null;
        for (int k = 0; said != null && k < said.length; k++) {
            require(report.last().lastIndex(k) >= said[k], "%s reports %s, and %s had secured %d of rank %d", from, report.last(),
                    report.writer(), said[k], k);
        }
    }

    /** A row leaves a member. */
    void onRow(MemberId from, Row row) {
        secured.put(new Secured(from, row.viewId()), row.secured());
    }

    /** A value is proposed. */
    void onAccept(Message.Accept accept) {
        ViewRecord before = proposed.putIfAbsent(accept.ballot(), accept.value());
        require(before == null || before.equals(accept.value()), "ballot %s proposes %s and %s", accept.ballot(), before,
                accept.value());
    }

    /** A voter says that it has accepted: a majority that has said so has chosen, whether anybody knows it or not. */
    void onAccepted(MemberId from, Message.Accepted message) {
        onVote(from, message.viewId(), message.ballot(), "accepts");
        acceptedBy.merge(new Vote(from.diskId(), message.viewId()), message.ballot(), (a, b) -> a.compareTo(b) > 0 ? a : b);
        ViewRecord value = proposed.get(message.ballot());
        Set<Voter> voters = accepted.computeIfAbsent(message.ballot(), ballot -> new HashSet<>());
        voters.add(new Voter(from.serverId(), from.diskId()));
        ViewRecord previous = decided.get(value.viewId() - 1);
        boolean chosen = previous == null ? count(value, voters) == value.members().size()
                : count(previous, voters) >= previous.majority() && count(value, voters) >= value.majority();
        if (chosen) {
            ViewRecord other = chosenValues.putIfAbsent(value.viewId(), value);
            require(other == null || other.equals(value), "view %d is chosen twice: %s and %s", value.viewId(), other, value);
        }
    }

    private static long count(ViewRecord view, Set<Voter> voters) {
        return view.voters().stream().filter(voters::contains).count();
    }

    /** Somebody holds {@code view} for decided. */
    void onDecided(ViewRecord view, Simulation simulation) {
        ViewRecord other = decided.get(view.viewId());
        if (other != null) {
            require(other.equals(view), "two values of view %d: %s and %s", view.viewId(), other, view);
            return;
        }
        decided.put(view.viewId(), view);
        require(view.members().size() >= minView, "view %d has %d members", view.viewId(), view.members().size());
        require(view.viewId() == 1 || decided.containsKey(view.viewId() - 1), "view %d has no predecessor", view.viewId());
        if (view.origin() == ViewRecord.Origin.RESTART) {
            restarts++;
        }
        if (view.origin() == ViewRecord.Origin.RESTART_CUT) {
            require(config.policy().isLazy(), "view %d forgets the tail under durable", view.viewId());
            cuts++;
        }
        for (MemberId member : view.members()) {
            require(simulation.holdsBase(member, view), "view %d is decided and its member %s does not hold its base",
                    view.viewId(), member);
        }
    }

    /** A disk holds {@code base} as the base of {@code view}. */
    void onInstalled(int serverId, ViewRecord view, History base) {
        History other = bases.get(view.viewId());
        if (other != null) {
            require(other.hash == base.hash, "server %d installs view %d with %d slots, others with %d or others", serverId,
                    view.viewId(), base.count, other.count);
            return;
        }
        bases.put(view.viewId(), base);
        if (view.keepsEverything()) {
            require(tip.isPrefixOf(base),
                    "view %d begins with %d slots on server %d, of %d delivered (%d acknowledged)", view.viewId(), base.count,
                    serverId, tip.count, acknowledged.count);
            extend(base);
            return;
        }
        lastCutViewId = view.viewId();
        History kept = base.before;
        require(kept.count >= barrier.count, "a completed barrier is lost: view %d begins with %d slots, it was the %d.",
                view.viewId(), kept.count, barrier.count);
        require(kept.count <= tip.count && order.get(kept.count) == kept.hash,
                "view %d does not begin with a prefix of what was delivered: %d slots of %d", view.viewId(), kept.count,
                tip.count);
        rollBack(kept);
        extend(base);
    }

    private void extend(History history) {
        List<History> more = new ArrayList<>();
        for (History at = history; at.count > tip.count; at = at.before) {
            more.add(at);
        }
        for (int i = more.size() - 1; i >= 0; i--) {
            tip = more.get(i);
            order.add(tip.hash);
            if (tip.slot != null) {
                noteRequests(tip.slot);
            }
        }
    }

    private void rollBack(History base) {
        while (order.size() > base.count + 1) {
            order.remove(order.size() - 1);
        }
        tip = base;
        acknowledged = acknowledged.count > base.count ? base : acknowledged;
        lastOfSession.clear();
        for (History at = base; at.count > 0; at = at.before) {
            for (long request : at.slot == null ? new long[0] : Payload.decode(at.slot.payload())) {
                lastOfSession.merge(Payload.session(request), Payload.number(request), Math::max);
            }
        }
    }

    private void noteRequests(Slot slot) {
        for (long request : Payload.decode(slot.payload())) {
            Integer last = lastOfSession.put(Payload.session(request), Payload.number(request));
            require(last == null || last < Payload.number(request), "session %d: request %d is applied after %d",
                    Payload.session(request), Payload.number(request), last);
        }
    }

    /** A server's state, as its disk or its feeder gave it, is followed by {@code next}. */
    void onStateFollowed(MemberId member, History state, History next) {
        require(state.position().viewId() < lastCutViewId || state.isPrefixOf(next),
                "%s has applied %d entries, up to %s, which do not begin the %d that follow", member, state.count,
                state.position(), next.count);
    }

    /** A server has applied one more slot, or begun a view. */
    void onDelivered(MemberId member, long viewId, History history) {
        if (viewId < lastCutViewId) {
            return;
        }
        if (history.count == tip.count + 1 && history.before.hash == tip.hash) {
            extend(history);
        }
        require(history.count <= tip.count && order.get(history.count) == history.hash,
                "%s applies %s as slot %d of the order, another than others did", member, history.position(), history.count);
        History next = bases.get(viewId + 1);
        require(next == null || history.count <= next.count, "%s delivers %s, which view %d does not begin with", member,
                history.position(), viewId + 1);
    }

    void onAcknowledged(long viewId, History at) {
        acknowledgements++;
        if (viewId >= lastCutViewId && at.count > acknowledged.count) {
            acknowledged = at;
        }
    }

    void onBarrier(long viewId, History at) {
        if (viewId >= lastCutViewId && at.count > barrier.count) {
            barrier = at;
        }
    }

    long acknowledgements() {
        return acknowledgements;
    }

    long views() {
        return decided.size();
    }

    long restarts() {
        return restarts;
    }

    long cuts() {
        return cuts;
    }

    ViewRecord lastDecided() {
        ViewRecord last = null;
        for (ViewRecord view : decided.values()) {
            last = view;
        }
        return last;
    }
}
