package org.lockstep.ensemble.core;

import java.util.ArrayList;
import java.util.List;

/**
 * The decisions that safety hangs on, each with its argument, in one place. A test may replace one by a wrong one to show
 * that the simulator notices; the server never does.
 */
class Rules {
    /**
     * A claim counts only when all data it could cover is here: the unbroken chain of data slots has reached the claim's
     * lastDataIndex. Otherwise a slot whose data is still under way would be skipped here and delivered elsewhere.
     */
    boolean claimCounts(long received, long lastDataIndex) {
        return received >= lastDataIndex;
    }

    /** A sender counts its own slot when its own log has it, as anybody's: every member that counts can be the only one left. */
    boolean countsOwnSlotAtOnce() {
        return false;
    }

    /** Who is wedged takes no more slots and secures none: a report that can be overtaken is worth nothing. */
    boolean receives(boolean wedged) {
        return !wedged;
    }

    /** Whether a promise waits for everything secured to be on the medium: it may be counted on after a power loss. */
    boolean flushesBeforePromise() {
        return true;
    }

    /** A promise that can be forgotten lets two ballots choose. */
    boolean storesPromises() {
        return true;
    }

    /** An acceptance that can be forgotten lets a decided value be replaced. */
    boolean storesAcceptances() {
        return true;
    }

    /** Only a disk that the last decided view lists may vote: a blank one has forgotten what it promised. */
    boolean mayVote(ViewRecord last, MemberId self) {
        return last.listsDisk(self.serverId(), self.diskId());
    }

    /** Why a value accepted in an earlier ballot is proposed again as it is: it may be decided already. */
    boolean keepsAccepted() {
        return true;
    }

    /**
     * Where the view ends when {@code survivors} carry it over: per sender the least that all of them have secured. Whatever
     * anyone delivered was secured by every member of the view, so by each survivor before it froze; hence the minimum covers
     * it. And every survivor has everything up to the minimum, so nothing need be shipped. {@code last} are the frozen
     * reports; rows would be stale: {@code rows} are what the coordinator last saw in the shared table.
     */
    Trim trim(List<Trim> last, List<Trim> rows) {
        return Trim.min(last);
    }

    /** What a joiner must hold: the whole final sequence, not only what was delivered so far; others will deliver the rest. */
    Trim transferCut(ViewRecord value, long delivered) {
        return value.trim();
    }

    /** Nothing is proposed before every joiner holds its base: a decided view must be able to serve without its survivors. */
    boolean waitsForJoiners() {
        return true;
    }

    /**
     * The disk from which the view {@code last} is restarted, or null when none of {@code reports} will do. Only a member of
     * the last view, with the disk that the record names, whose disk holds the base of that view: any other may lack what it
     * delivered. Under {@code durable} each is intact; under the lazy policies one intact disk has all that is stable, since
     * its writer secured it.
     */
    Candidate intactSource(ViewRecord last, List<Candidate> reports) {
        for (Candidate candidate : reports) {
            if (isSource(last, candidate) && candidate.report().intact()) {
                return candidate;
            }
        }
        return null;
    }

    /** With none intact: the member of the last view whose medium is furthest; cut at its mark, what remains is a prefix. */
    Candidate furthestSource(ViewRecord last, List<Candidate> reports) {
        Candidate best = null;
        for (Candidate candidate : reports) {
            if (isSource(last, candidate) && (best == null || candidate.report().flushedMark() > best.report().flushedMark())) {
                best = candidate;
            }
        }
        return best;
    }

    boolean isSource(ViewRecord last, Candidate candidate) {
        return candidate.report().holdsBase() && candidate.report().viewId() == last.viewId()
                && last.memberOf(candidate.member().diskId()) != null;
    }

    /** Where the log is cut at install: slots above the trim, own or not, will never be part of the order. */
    Trim installCut(ViewRecord view) {
        return view.trim();
    }

    /** Own slots that the view's end left out, to be sent again in the next view: exactly those above the trim. */
    List<Slot> resend(List<Slot> own, Trim trim) {
        List<Slot> above = new ArrayList<>();
        for (Slot slot : own) {
            if (!trim.covers(slot.position().index(), slot.position().rank())) {
                above.add(slot);
            }
        }
        return above;
    }

    /**
     * A new feeder takes an observer's writes only when every other member of its view has closed the earlier streams: what one
     * of them still has in hand would else be done twice, or after what came later.
     */
    boolean awaitsClosing() {
        return true;
    }

    /** What a closed stream left waiting is forgotten, in the next view too: its sender has been told that it never comes. */
    boolean keepsClosed() {
        return false;
    }

    /** A barrier is complete when <i>every</i> member's medium has reached it: any single one may be the next source. */
    long flushedEverywhere(long[] flushedMarks) {
        long least = Long.MAX_VALUE;
        for (long mark : flushedMarks) {
            least = Math.min(least, mark);
        }
        return least;
    }

    /** A voter that reported, and what it said. */
    record Candidate(MemberId member, Report report) {}
}
