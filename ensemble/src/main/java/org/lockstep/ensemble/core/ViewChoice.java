package org.lockstep.ensemble.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/**
 * What to propose as the successor of a view, given the promises of its voters.
 *
 * <ol>
 *   <li>A value accepted before: the one of the highest ballot, as it is; it may be decided.
 *   <li>Live survivors: they and the learners that have caught up, and the least that all survivors have secured.
 *   <li>Nobody live: one disk that has everything is the source, all others join from it.
 *   <li>No view before: all blank voters.
 * </ol>
 */
final class ViewChoice {
    private static final UUID UNKNOWN_DISK = new UUID(0, 0);

    private final Context context;
    private final ViewRecord previous;
    private final ActiveView active;
    private final Suspicion suspicion;
    private final long restartSince;

    /**
     * @param active the live view when a live member coordinates, else null
     * @param suspicion of that view, else null
     * @param restartSince since when this process, outside, has waited for others of the last view
     */
    ViewChoice(Context context, ViewRecord previous, ActiveView active, Suspicion suspicion, long restartSince) {
        this.context = context;
        this.previous = previous;
        this.active = active;
        this.suspicion = suspicion;
        this.restartSince = restartSince;
    }

    /** A promise and the process that gave it. */
    record Vote(MemberId from, Message.Promise promise) {
        /** Whether it lived in the view and lives on, as the same incarnation. */
        boolean isLive() {
            return from.equals(promise.report().writer());
        }
    }

    /**
     * What to do.
     *
     * @param value to propose; null when this process should leave it to a survivor
     * @param joiners members of it that must hold the base before it is proposed
     */
    record Proposal(ViewRecord value, List<MemberId> joiners) {
        boolean yields() {
            return value == null;
        }
    }

    /** The proposal, or null: wait for more promises. {@code waitedNanos}: since the attempt began. */
    Proposal choose(List<Vote> votes, long waitedNanos) {
        int needed = previous == null ? context.options.bootstrapExpect() : previous.majority();
        if (votes.size() < needed) {
            return null;
        }
        Vote accepted = highestAccepted(votes);
        if (accepted != null && context.rules.keepsAccepted()) {
            return new Proposal(accepted.promise().accepted(), List.of());
        }
        boolean patient = waitedNanos < context.options.failureTimeoutNanos();
        if (previous == null) {
            return patient && votes.size() < context.options.voterIds().size() ? null : first(votes);
        }
        if (previous.viewId() == ViewRecord.VIEW_ID_MAX) {
            throw new IllegalStateException("no view ids are left after " + ViewRecord.VIEW_ID_MAX);
        }
        List<Vote> live = votes.stream().filter(this::livedInPrevious).toList();
        if (active != null) {
            // A live member's disk may be slow: to leave it out costs its clients more than a little patience costs all.
            boolean veryPatient = waitedNanos < 2 * context.options.failureTimeoutNanos();
            return live.isEmpty() ? null : carryOver(live, veryPatient);
        }
        return live.isEmpty() ? restart(votes, patient) : new Proposal(null, List.of());
    }

    private static Vote highestAccepted(List<Vote> votes) {
        return votes.stream().filter(vote -> vote.promise().accepted() != null)
                .max(Comparator.comparing(vote -> vote.promise().acceptedBallot())).orElse(null);
    }

    private boolean livedInPrevious(Vote vote) {
        return vote.isLive() && previous.rankOf(vote.from()) >= 0;
    }

    private Proposal first(List<Vote> votes) {
        List<MemberId> members = votes.stream().map(Vote::from).sorted(Comparator.comparing(MemberId::serverId)).toList();
        List<Voter> voters = new ArrayList<>();
        for (int serverId : context.options.voterIds()) {
            UUID disk = members.stream().filter(m -> m.serverId() == serverId).map(MemberId::diskId).findFirst()
                    .orElse(UNKNOWN_DISK);
            voters.add(new Voter(serverId, disk));
        }
        return new Proposal(new ViewRecord(1, context.options.ensembleId(), members, voters, ViewRecord.Origin.BOOTSTRAP, null,
                Trim.nothing(0)), List.of());
    }

    private Proposal carryOver(List<Vote> live, boolean patient) {
        boolean selfIn = live.stream().anyMatch(vote -> vote.from().equals(context.self));
        if (!selfIn || patient && missesUnsuspected(live)) {
            return null;
        }
        List<MemberId> candidates = context.peers.joinCandidates(previous.viewId(), false, context.now);
        List<Vote> survivors = survivors(live, candidates);
        List<MemberId> joiners = joiners(survivors, candidates);
        if (survivors.size() + joiners.size() < context.options.minView()) {
            joiners = joiners(survivors, context.peers.joinCandidates(previous.viewId(), true, context.now));
        }
        List<MemberId> members = new ArrayList<>();
        previous.members().stream().filter(live(survivors)::contains).forEach(members::add);
        members.addAll(joiners);
        if (members.size() < context.options.minView()) {
            return null;
        }
        List<Trim> reports = survivors.stream().map(vote -> vote.promise().report().last()).toList();
        List<Trim> rows = new ArrayList<>();
        for (Vote vote : survivors) {
            rows.add(active.tableRows().get(previous.rankOf(vote.from())));
        }
        ViewRecord value = new ViewRecord(previous.viewId() + 1, previous.ensembleId(), members, voters(previous, members),
                ViewRecord.Origin.SURVIVORS, context.self, context.rules.trim(reports, rows));
        return new Proposal(value, joiners);
    }

    /**
     * The live ones that nobody suspects; a suspect that answers is still better than no view, or than a learner that could not be
     * admitted before: members that suspect each other would else wait for that learner for ever.
     */
    private List<Vote> survivors(List<Vote> live, List<MemberId> candidates) {
        List<Vote> trusted = trusted(live);
        boolean enough = trusted.size() + joiners(trusted, candidates).size() >= context.options.minView();
        return enough ? trusted : live;
    }

    private List<Vote> trusted(List<Vote> live) {
        return live.stream().filter(vote -> !isSuspected(vote)).toList();
    }

    private static List<MemberId> live(List<Vote> survivors) {
        return survivors.stream().map(Vote::from).toList();
    }

    private boolean missesUnsuspected(List<Vote> live) {
        for (int k = 0; k < previous.members().size(); k++) {
            if (!suspicion.isSuspected(k) && !live(live).contains(previous.members().get(k))) {
                return true;
            }
        }
        return false;
    }

    private boolean isSuspected(Vote vote) {
        int rank = previous.rankOf(vote.from());
        return rank != active.me() && suspicion.isSuspected(rank);
    }

    private static List<MemberId> joiners(List<Vote> survivors, List<MemberId> candidates) {
        List<MemberId> joiners = new ArrayList<>();
        for (MemberId candidate : candidates) {
            if (survivors.stream().noneMatch(vote -> vote.from().serverId() == candidate.serverId())) {
                joiners.add(candidate);
            }
        }
        return joiners;
    }

    private Proposal restart(List<Vote> votes, boolean patient) {
        List<MemberId> around = context.peers.outsiders(context.now);
        if (patient && around.stream().anyMatch(m -> previous.listsDisk(m.serverId(), m.diskId())
                && votes.stream().noneMatch(vote -> vote.from().equals(m)))) {
            return null;
        }
        List<Rules.Candidate> candidates = votes.stream()
                .map(vote -> new Rules.Candidate(vote.from(), vote.promise().report())).toList();
        Rules.Candidate source = context.rules.intactSource(previous, candidates);
        ViewRecord.Origin origin = ViewRecord.Origin.RESTART;
        if (source == null && (allReported(votes) || context.now - restartSince > context.options.restartGraceNanos())) {
            source = context.rules.furthestSource(previous, candidates);
            origin = ViewRecord.Origin.RESTART_CUT;
        }
        if (source == null) {
            return null;
        }
        Report report = source.report();
        Trim trim = origin == ViewRecord.Origin.RESTART ? report.last()
                : Trim.upTo(report.flushedMark(), report.last().ranks());
        List<MemberId> members = new ArrayList<>(around);
        members.add(context.self);
        members.remove(source.member());
        members.sort(Comparator.comparing(MemberId::serverId));
        List<MemberId> joiners = List.copyOf(members);
        members.add(0, source.member());
        if (members.size() < context.options.minView()) {
            return null;
        }
        return new Proposal(new ViewRecord(previous.viewId() + 1, previous.ensembleId(), members, voters(previous, members),
                origin, source.member(), trim), joiners);
    }

    private boolean allReported(List<Vote> votes) {
        return previous.members().stream()
                .allMatch(member -> votes.stream().anyMatch(vote -> vote.from().diskId().equals(member.diskId())));
    }

    /** The voters of a view with these members: a member votes with the disk it has now, all others with the one they had. */
    static List<Voter> voters(ViewRecord previous, List<MemberId> members) {
        List<Voter> voters = new ArrayList<>();
        for (Voter voter : previous == null ? List.<Voter>of() : previous.voters()) {
            UUID disk = members.stream().filter(m -> m.serverId() == voter.serverId()).map(MemberId::diskId).findFirst()
                    .orElse(voter.diskId());
            voters.add(new Voter(voter.serverId(), disk));
        }
        return voters;
    }
}
