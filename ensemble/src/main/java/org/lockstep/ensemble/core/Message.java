package org.lockstep.ensemble.core;

/**
 * What members say to each other. Between two processes messages arrive in the order in which they were sent, as long as the
 * connection holds; a broken connection loses what was under way. The driver says who sent a message: the incarnation that the
 * connection's handshake named, so nothing of a dead process arrives after the first word of its successor.
 */
public sealed interface Message {
    /** A data slot of the sender. {@code previousIndex} is the sender's data slot before it, -1 for none: a gap shows. */
    record Data(Slot slot, long previousIndex) implements Message {}

    /** The sender's row of the shared state table. */
    record RowUpdate(Row row) implements Message {}

    /**
     * "I have installed this view, and have your data slots up to {@code received}": the peer sends what follows, now and
     * from here on. {@code ask} asks for the same in return. Sent at install and on every new connection.
     */
    record Resume(long viewId, long received, boolean ask) implements Message {}

    /**
     * Where the sender stands.
     *
     * @param liveViewId the view it is a live member of, 0 outside
     * @param decidedViewId the newest view it knows to be decided, 0 for none
     * @param blank its disk holds nothing
     * @param cutOff it lives in a view, and hears less than a majority
     */
    record Status(long liveViewId, long decidedViewId, boolean blank, boolean cutOff) implements Message {}

    /** Phase one of the election of the view after {@code previous} (null: of the first). */
    record Prepare(long viewId, Ballot ballot, ViewRecord previous) implements Message {}

    /** The answer to a prepare, sent when it is stored. */
    record Promise(long viewId, Ballot ballot, Report report, Ballot acceptedBallot, ViewRecord accepted) implements Message {}

    /** A prepare or an accept came with a ballot below {@code promised}. */
    record Refused(long viewId, Ballot promised) implements Message {}

    /** Phase two. */
    record Accept(long viewId, Ballot ballot, ViewRecord value) implements Message {}

    /** The answer to an accept, sent when it is stored. */
    record Accepted(long viewId, Ballot ballot) implements Message {}

    /** This view is decided. */
    record Decided(ViewRecord view) implements Message {}

    /** A learner that has nearly caught up asks to be admitted. */
    record JoinRequest(long decidedViewId) implements Message {}

    /** Coordinator to source: bring {@code joiner} to hold the base of {@code value}. */
    record TransferRequest(Ballot ballot, int attempt, ViewRecord value, int joinerId) implements Message {}

    /** Source to joiner: the base of {@code value}; {@code content} is the driver's. */
    record Transfer(Ballot ballot, int attempt, ViewRecord value, Object content) implements Message {}

    /** Joiner to coordinator: the base of the value of this attempt is staged and flushed. */
    record JoinReady(Ballot ballot, int attempt, long viewId) implements Message {}
}
