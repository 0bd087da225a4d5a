package org.lockstep.ensemble.core;

/** What the driver must do after a step, in the order given. */
public sealed interface Effect {
    /** Send when the record {@code afterRecord} is on the medium; 0: at once. To itself as well: the driver loops it back. */
    record Send(int serverId, Message message, long afterRecord) implements Effect {}

    /**
     * Put the slot into the log; {@link EnsembleMember#secured} when the policy counts it. Slots are secured in the order
     * given.
     */
    record Secure(Slot slot) implements Effect {}

    /**
     * Lazy policies: put the <i>stable prefix</i> of the log up to this place on the medium; {@link EnsembleMember#flushed}
     * then.
     */
    record Flush(long viewId, long upTo) implements Effect {}

    /** Put everything secured on the medium, behind all that was asked before; {@link EnsembleMember#flushedAll} then. */
    record FlushAll(long token) implements Effect {}

    /** Store and flush the voter's memory; {@link EnsembleMember#recordStored} then. */
    record Store(long recordNumber, AcceptorRecord value) implements Effect {}

    /**
     * In one transaction make the log that of {@code view}, written by {@code as}, and flush it; {@link
     * EnsembleMember#recordStored} then. The base comes from the log itself, cut above {@code cut}, or from what was staged,
     * or is empty.
     */
    record Install(long recordNumber, ViewRecord view, MemberId as, Base base, Trim cut) implements Effect {}

    /** Where the base of an installed view comes from. */
    enum Base { LOG, STAGED, EMPTY }

    /**
     * Apply the slot to the state machine.
     *
     * @param own it is what {@link EnsembleMember#submit} was given at this process; own slots are delivered in the order of
     *     the submits, each once
     */
    record Deliver(Slot slot, boolean own) implements Effect {}

    /**
     * A view begins at this member; everything before it was delivered, or is in the log just installed when {@code
     * fromDisk}.
     */
    record BeginView(ViewRecord view, boolean fromDisk) implements Effect {}

    /** Everything delivered up to this place is on the medium of every member of the view: barriers up to here are complete. */
    record FlushedEverywhere(long viewId, long upTo) implements Effect {}

    /**
     * Follower (learner, observer): the view begins here, decided, and everything before it was delivered. The state machine is
     * told; the process is no member of the view.
     */
    record FollowView(ViewRecord view) implements Effect {}

    /**
     * Observer: what is applied here stands in the midst of this view, whose beginning this process has not seen. Comes before
     * it serves.
     */
    record StandsIn(ViewRecord view) implements Effect {}

    /**
     * Follower: what this process has applied is no use, or too old: copy the state of {@code feederId} as it stands at some
     * place of the order, in its stead; {@link EnsembleMember#stateFetched} then, in the turn in which it takes the place of
     * the own. Another one of these, or {@link StopFetching}, ends the copying under way. A copy that was broken off may be
     * resumed from the same feeder. Clients that have seen more than the copied state are dropped.
     */
    record FetchState(int feederId, long stream) implements Effect {}

    /** The copy that {@link FetchState} began is not needed any more, and must not replace the own state. */
    record StopFetching() implements Effect {}

    /**
     * Feeder: read what follows {@code after} from the log, views and slots, up to and including {@code upTo} and about {@code
     * bytesMax} bytes, at least one slot; {@link EnsembleMember#logRead} then, or {@link EnsembleMember#logTooShort}.
     */
    record ReadLog(int followerId, long stream, Position after, Position upTo, int bytesMax) implements Effect {}

    /**
     * Send the joiner the base of the value, from this member's log cut by the value's trim. The coordinator asks again until the
     * joiner is ready: an equal request that is being served needs no second stream.
     */
    record SendTransfer(Message.TransferRequest request, Trim cut) implements Effect {}

    /**
     * Write what was transferred beside the log and flush it; {@link EnsembleMember#staged} then. Staging adds: what was
     * staged for another value of the same view is kept until a view is installed. (All values share the base of the view
     * before and its slots, and differ in the trim.) For a value that only a few accepted may come back in a later ballot,
     * after another one was staged.
     */
    record Stage(Message.Transfer transfer) implements Effect {}

    /** This incarnation is out of the decided view: drop its clients, answer nothing, start anew as another incarnation. */
    record Excluded(ViewRecord view) implements Effect {}

    /**
     * Cut off from a majority (true), or no more (false): a cut-off server refuses clients. An observer begins cut off, until it
     * has caught up with a feeder.
     */
    record CutOff(boolean value) implements Effect {}

    /**
     * Some members are owed the own row, and nobody's request hangs on it: call {@link EnsembleMember#payRows} a millisecond from
     * now. It may have gone along with something else by then.
     */
    record OweRows() implements Effect {}

    /** Something for the log of the server. */
    record Note(String text) implements Effect {}
}
