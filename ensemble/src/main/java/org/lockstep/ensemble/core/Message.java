package org.lockstep.ensemble.core;

import java.util.List;

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
     * @param cutOff it lives in a view, and hears less than a majority; or it is an observer, and serves nobody
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

    /**
     * Learner or observer to a live member, its feeder: "send me the order from behind {@code from} on".
     *
     * @param stream drawn by the follower, higher each time; what carries another number belongs to an earlier subscription
     * @param from the place up to which the follower has applied; {@link Position#START} for nothing
     */
    record Follow(long stream, Position from) implements Message {}

    /**
     * Feeder to follower: what follows {@code after} in the order, all of it decided or stable. A view begins before its first
     * slot, and behind all slots of the view before. Empty ones say that the feeder is well.
     *
     * @param after the place that this continues
     * @param views the views that begin behind {@code after}, oldest first
     * @param slots data slots behind {@code after}, in the total order
     * @param near the follower has nearly caught up: what is not under way to it is in the feeder's memory
     * @param flushed up to here everything delivered is on the medium of every member of the view; {@link Position#START}
     *     when nothing is known
     */
    record Feed(long stream, Position after, List<ViewRecord> views, List<Slot> slots, boolean near, Position flushed)
            implements Message {}

    /** Feeder to follower: its log does not reach back so far, or does not continue what is there; the state must be copied. */
    record Behind(long stream) implements Message {}

    /** Follower to feeder: applied up to here. Opens the feeder's window, says that the follower lives. */
    record FeedAck(long stream, Position applied) implements Message {}

    /**
     * Observer to feeder: put this into your next slot. The first one after {@link Fenced} continues what the observer has
     * seen applied, each later one the one before it.
     *
     * @param sequence counted by the observer's process from 1 on
     */
    record Forward(long stream, long sequence, byte[] payload) implements Message {}

    /**
     * Feeder to the other members of the view {@code viewId}: this observer now writes through me; take nothing more from it of
     * streams below {@code stream}, forget what waits, and say what is in slots already.
     */
    record CloseForwards(long viewId, MemberId observer, long stream) implements Message {}

    /** The answer: the last own slot of this view that carries anything of the observer's earlier streams, -1 for none. */
    record ForwardsClosed(long viewId, MemberId observer, long stream, long lastIndex) implements Message {}

    /**
     * Feeder to observer: whatever it forwarded in earlier streams, to whomever, was fed before this or never will be ordered.
     * Only from here on does the feeder take its forwards.
     */
    record Fenced(long stream) implements Message {}
}
