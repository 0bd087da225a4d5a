package org.lockstep.ensemble.core;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** The rules with one of them broken. */
public final class PlantedRules extends Rules {
    private final PlantedBug bug;

    private PlantedRules(PlantedBug bug) {
        this.bug = bug;
    }

    /** A member that has the bug. */
    public static EnsembleMember member(MemberId self, EnsembleOptions options, Recovered found, PlantedBug bug) {
        return bug == PlantedBug.NONE ? new EnsembleMember(self, options, found)
                : new EnsembleMember(self, options, found, new PlantedRules(bug));
    }

    @Override
    boolean claimCounts(long received, long lastDataIndex) {
        return bug == PlantedBug.CLAIM_BEFORE_DATA || super.claimCounts(received, lastDataIndex);
    }

    @Override
    boolean countsOwnSlotAtOnce() {
        return bug == PlantedBug.COUNTS_OWN_BEFORE_LOG;
    }

    @Override
    boolean receives(boolean wedged) {
        return bug == PlantedBug.SECURES_AFTER_REPORT || super.receives(wedged);
    }

    @Override
    boolean flushesBeforePromise() {
        return bug != PlantedBug.LAZY_PROMISE_WITHOUT_FLUSH;
    }

    @Override
    boolean storesPromises() {
        return bug != PlantedBug.PROMISE_NOT_STORED;
    }

    @Override
    boolean storesAcceptances() {
        return bug != PlantedBug.ACCEPT_NOT_STORED;
    }

    @Override
    boolean mayVote(ViewRecord last, MemberId self) {
        return bug == PlantedBug.WIPED_DISK_VOTES
                ? last.voters().stream().anyMatch(voter -> voter.serverId() == self.serverId()) : super.mayVote(last, self);
    }

    @Override
    boolean keepsAccepted() {
        return bug != PlantedBug.ACCEPTED_IGNORED;
    }

    @Override
    Trim trim(List<Trim> last, List<Trim> rows) {
        return switch (bug) {
            case TRIM_FROM_ROWS -> Trim.min(rows);
            case TRIM_MAX_WITHOUT_SHIPPING -> max(last);
            case TRIM_AT_FIRST_HOLE -> atFirstHole(Trim.min(last));
            default -> super.trim(last, rows);
        };
    }

    private static Trim max(List<Trim> trims) {
        long[] most = new long[trims.get(0).ranks()];
        Arrays.fill(most, -1);
        for (Trim trim : trims) {
            for (int k = 0; k < most.length; k++) {
                most[k] = Math.max(most[k], trim.lastIndex(k));
            }
        }
        return Trim.of(most);
    }

    private static Trim atFirstHole(Trim trim) {
        long least = Long.MAX_VALUE;
        for (int k = 0; k < trim.ranks(); k++) {
            least = Math.min(least, Order.of(trim.lastIndex(k) + 1, k));
        }
        return least == 0 ? Trim.nothing(trim.ranks()) : Trim.upTo(before(least, trim.ranks()), trim.ranks());
    }

    private static long before(long order, int ranks) {
        return Order.rank(order) > 0 ? order - 1 : Order.of(Order.index(order) - 1, ranks - 1);
    }

    @Override
    Trim transferCut(ViewRecord value, long delivered) {
        return bug == PlantedBug.TRANSFERS_DELIVERED_PART && delivered != Long.MAX_VALUE
                ? Trim.upTo(delivered, value.trim().ranks()) : super.transferCut(value, delivered);
    }

    @Override
    boolean waitsForJoiners() {
        return bug != PlantedBug.DECIDES_BEFORE_JOINER_READY;
    }

    @Override
    Candidate intactSource(ViewRecord last, List<Candidate> reports) {
        if (bug != PlantedBug.LONGEST_INSTEAD_OF_INTACT) {
            return super.intactSource(last, reports);
        }
        return reports.stream().filter(candidate -> isSource(last, candidate))
                .max(Comparator.comparing(candidate -> length(candidate.report().last()))).orElse(null);
    }

    private static long length(Trim trim) {
        long sum = 0;
        for (int k = 0; k < trim.ranks(); k++) {
            sum += trim.lastIndex(k);
        }
        return sum;
    }

    @Override
    boolean isSource(ViewRecord last, Candidate candidate) {
        return bug == PlantedBug.SOURCE_FROM_OUTSIDE ? candidate.report().holdsBase() : super.isSource(last, candidate);
    }

    @Override
    Trim installCut(ViewRecord view) {
        if (bug != PlantedBug.KEEPS_SLOTS_ABOVE_TRIM) {
            return super.installCut(view);
        }
        long[] all = new long[view.trim().ranks()];
        Arrays.fill(all, Long.MAX_VALUE);
        return Trim.of(all);
    }

    @Override
    List<Slot> resend(List<Slot> own, Trim trim) {
        return bug == PlantedBug.RESENDS_OWN_TWICE ? own : super.resend(own, trim);
    }

    @Override
    boolean awaitsClosing() {
        return bug != PlantedBug.FORWARDS_BEFORE_CLOSED;
    }

    @Override
    boolean keepsClosed() {
        return bug == PlantedBug.CLOSED_FORWARDS_KEPT;
    }

    @Override
    long flushedEverywhere(long[] flushedMarks) {
        if (bug != PlantedBug.BARRIER_BY_MAJORITY) {
            return super.flushedEverywhere(flushedMarks);
        }
        long[] sorted = flushedMarks.clone();
        Arrays.sort(sorted);
        return sorted[(sorted.length - 1) / 2];
    }
}
