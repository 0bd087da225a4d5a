package org.lockstep.server.replica;

import java.util.function.BooleanSupplier;
import org.lockstep.state.StateMachine;

/**
 * The one order of requests as those who serve clients see it: put a request in, and have a turn when it has been applied here.
 * All calls, and all turns, come on the main event loop.
 */
public interface RequestOrder {
    /** The state as far as it is applied here. */
    StateMachine state();

    /**
     * Puts a request into the order. {@code pending} has its turn when it is applied; never, when this process is excluded from the
     * view before. What one server submits is applied in the order submitted, across changes of view too.
     *
     * @param attach the session's attach counter as this server knows it
     * @param ids the connection's identities as a jute vector; kept, never changed
     * @param body holds the request record; copied
     */
    void submit(Pending pending, int opcode, long sessionId, int attach, int cxid, byte[] ids, byte[] body, int offset,
            int length);

    /** Gives {@code read} its turn after everything submitted so far; at once when nothing is outstanding. */
    void afterOwnWrites(Pending read);

    /** True when no more requests should be taken in. */
    boolean isFull();

    /**
     * Calls {@code released} when everything ordered up to the request whose turn it is has reached the medium, as far as a
     * {@code sync} promises that under the fsync policy; returns false when it promises nothing of the kind.
     */
    boolean awaitFlush(Runnable released);

    /** {@code isQuiet} tells whether no client was heard of late, or a single one, which then need not share the event loop. */
    void setQuiet(BooleanSupplier isQuiet);

    /** {@code task} runs when background work has made room, so that {@link #isFull} may no longer hold. */
    void setRoomMade(Runnable task);

    /** {@code before} runs ahead of each delivery; {@code after} when its turns are over: the place to flush connections. */
    void setAroundDelivery(Runnable before, Runnable after);
}
