package org.lockstep.ensemble.core;

/**
 * A voter's memory in the election of one view's successor. Stored and flushed, in every policy, before any answer that rests
 * on it.
 *
 * @param viewId the view being elected
 * @param previous the decided view before it; null when the first view is elected
 * @param promised no lower ballot is answered; {@link Ballot#NONE} before the first promise
 * @param acceptedBallot the ballot in which {@code accepted} was accepted; {@link Ballot#NONE} without one
 * @param accepted the value accepted last, or null
 * @param report what this disk tells of the previous view; null before the first promise
 */
public record AcceptorRecord(long viewId, ViewRecord previous, Ballot promised, Ballot acceptedBallot, ViewRecord accepted,
        Report report) {
    /** The name under which it is stored. */
    public static final String NAME = "promise";

    /** The memory of a voter that has not been asked about the successor of {@code previous} yet. */
    static AcceptorRecord after(ViewRecord previous) {
        long viewId = previous == null ? 1 : previous.viewId() + 1;
        return new AcceptorRecord(viewId, previous, Ballot.NONE, Ballot.NONE, null, null);
    }

    AcceptorRecord promise(Ballot ballot, Report frozen) {
        return new AcceptorRecord(viewId, previous, ballot, acceptedBallot, accepted, frozen);
    }

    AcceptorRecord accept(Ballot ballot, ViewRecord value) {
        return new AcceptorRecord(viewId, previous, ballot, ballot, value, report);
    }
}
