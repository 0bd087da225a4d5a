package org.lockstep.ensemble.core;

import java.util.List;
import java.util.function.Consumer;

/**
 * The log of an ensemble member on its disk: what {@link Effect} asks for and {@link Recovered} tells. Owned by the core,
 * implemented over LMDB.
 *
 * <p><b>What it holds.</b> The <i>order</i>: slots of the views before the installed one, all of them final, and of the installed
 * one all that was secured. Beside it, at a process that follows the ensemble from outside, the <i>copy</i>: stable slots
 * taken from a member, and what was staged behind them for views that are not decided yet. An install from what was staged
 * makes the copy the order. Records: the installed view, the voter's memory, the views that begin within the order.
 *
 * <p><b>Threads.</b> One log thread calls everything that writes. Under the lazy policies {@link #secure} may be called by one
 * other thread at the same time. {@link #read}, {@link #reachesBackTo} and {@link #record} are for any thread.
 *
 * <p><b>Done means done.</b> When a method returns, what it did survives as it says, in every image that a power cut may leave
 * behind; so calls on one thread, in the order of the effects, give what the core relies on.
 *
 * <p><b>Failure.</b> Every method throws {@link LogFailedException} when the medium fails; the process must then stop, since a
 * flush that failed once proves nothing when it is retried.
 */
public interface MemberLog extends AutoCloseable {
    /** What was on the disk when the log was opened; does not change afterwards. */
    Recovered recovered();

    /**
     * Puts slots of the installed view into the order, of each sender those that follow its last one. Secured on return: on the
     * medium under {@code durable}, else in the page cache, safe from the death of the process. Slots of any other view
     * are passed over, since the view may have ended meanwhile.
     *
     * @throws IllegalArgumentException when a slot stands before the last one of its sender
     */
    void secure(List<Slot> slots);

    /**
     * {@link Effect.Flush}: lazy policies put the part of the view's slots up to the place {@code upTo} ({@link Order}), and
     * nothing else, on the medium. The caller knows that part to be stable, so that nothing will ever be added to it. What a
     * power cut leaves of a view is such a part, or everything once {@link #flushAll} has returned. Another view than the
     * installed one is passed over; nothing is to be done under {@code durable}.
     */
    void flush(long viewId, long upTo);

    /** {@link Effect.FlushAll}: puts everything secured so far on the medium, in every policy. */
    void flushAll();

    /** {@link Effect.Store}: on the medium on return, in every policy. */
    void store(AcceptorRecord value);

    /**
     * {@link Effect.Install}, in one transaction, on the medium on return in every policy: the order becomes the base of {@code
     * view}, cut above {@code cut} in the view before; {@code view} and {@code as} are recorded; the copy and all that was
     * staged is gone, and so is what the voter promised for views up to this one. After a power cut nothing that was cut
     * away ever comes back.
     *
     * @param base {@code LOG}: the order is kept; {@code STAGED}: the copy takes its place; {@code EMPTY}: nothing does
     * @param cut the trim of {@code view}
     * @throws IllegalStateException when the base is {@code STAGED} and {@code view} was not staged
     */
    void install(ViewRecord view, MemberId as, Effect.Base base, Trim cut);

    /**
     * Has {@code listener} hear, on any thread, what has failed in the background: from then on the log takes nothing more. To be
     * called at most once, before anything is written.
     */
    default void onFailure(Consumer<RuntimeException> listener) {}

    /** The installed view, or null. For the log thread and whoever hears from it. */
    ViewRecord installed();

    /**
     * Begins a copy behind {@code from}, where the durable state of this process stands, in place of any other: to be called when
     * there is none, when it does not reach from the state on, or when the state was replaced. What is staged for views after
     * that of {@code from} is kept, as far as it lies behind {@code from}: the state at {@code from} and those slots are still
     * their base.
     */
    void beginCopy(Position from);

    /** The place behind which the copy begins; null when there is none. */
    Position copyFrom();

    /** The place up to which the copy holds stable slots: where to ask for more; null when there is none. */
    Position copiedUpTo();

    /**
     * Appends stable slots to the copy, and the views that begin among them, one after the other. What it already holds is passed
     * over. It is on the medium after the next {@link #stage} or {@link #flushAll}; until then a power cut takes a part of the
     * end.
     *
     * @throws IllegalArgumentException when {@code range} leaves a gap behind the copy's end
     */
    void copy(LogRange range);

    /**
     * {@link Effect.Stage}: puts the rest of the base of {@code value} behind the copy: slots that are final if {@code value} is
     * decided. May come in several parts, each continuing the one before; with the last, {@code value} is recorded as staged
     * and all of it is on the medium on return. What was staged for other values of the same view stays, since they share their
     * slots and differ in the trim only; what was staged for views before is gone.
     *
     * @param whole whether this is the last part
     * @throws IllegalArgumentException when {@code range} leaves a gap behind the copy and the parts before
     */
    void stage(ViewRecord value, LogRange range, boolean whole);

    /**
     * Whether the order behind {@code after} can be read here: {@code after} is a place of a slot of it, or {@link
     * Position#START}, and nothing behind it was deleted. False also means that a state at {@code after} may have applied
     * what is not in the order (a restart has cut it away): such a state must be replaced.
     */
    boolean reachesBackTo(Position after);

    /**
     * Reads the order behind {@code after}: all of the views before {@code viewId}, and of that view what {@code cut} covers.
     * Whether that is stable is the caller's knowledge ({@link Trim#upTo} with what was delivered; the trim of a proposed
     * view for {@link Effect.SendTransfer}).
     *
     * @param after as {@link #reachesBackTo} has accepted it
     * @param bytesMax payload bytes after which no further slot is added; one slot is always read
     * @return what follows {@code after}; empty when there is nothing more
     */
    LogRange read(Position after, long viewId, Trim cut, int bytesMax);

    /** {@link Effect.ReadLog}: as {@link #read}, everything up to the place {@code upTo}. */
    default LogRange readUpTo(Position after, Position upTo, int bytesMax) {
        long end = upTo.index() < 0 ? Order.NONE : Order.of(upTo.index(), upTo.rank());
        return read(after, upTo.viewId(), Trim.upTo(end, Order.RANKS_MAX), bytesMax);
    }

    /**
     * Hands everything final behind {@code after} to {@code visitor}, in the total order: the views and slots of the order
     * before the installed view, and that view itself, whose own slots nobody knows to be stable yet.
     */
    void replay(Position after, Visitor visitor);

    /** Receives the order. */
    interface Visitor {
        void view(ViewRecord view);

        void slot(Slot slot);
    }

    /**
     * Lets slots of the order up to {@code position} go with the commits to come, and with them the copy's. What the core
     * needs of them, each sender's last index, is kept. The caller passes a place that the durable state has reached and
     * that no member of the view needs any more.
     */
    boolean deleteBelow(Position position);

    /** Stores a record of the server's own and flushes it, in every policy. */
    void putRecord(String name, byte[] value);

    /** The record stored under {@code name}, or null. */
    byte[] record(String name);

    @Override
    void close();
}
