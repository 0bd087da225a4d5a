package org.lockstep.ensemble.core;

import java.util.ArrayDeque;
import java.util.List;

/**
 * This member's own slots: what waits for a slot, and what was sent and is not applied everywhere yet. The window bounds the
 * latter, so nobody runs so far ahead that a slow member can never catch up; it is derived from the table, so a view change
 * has nothing to edit.
 *
 * <p>What this process's clients ask and what observers forward take turns: neither waits for more than one slot of the other.
 */
final class OwnSlots {
    private final EnsembleOptions options;
    private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
    private final ForwardQueue forwards;
    private final ArrayDeque<Slot> sent = new ArrayDeque<>();
    private long sentBytes;
    private boolean forwardsTurn;

    OwnSlots(EnsembleOptions options, Rules rules) {
        this.options = options;
        forwards = new ForwardQueue(rules);
    }

    ForwardQueue forwards() {
        return forwards;
    }

    void submit(byte[] payload) {
        waiting.add(payload);
    }

    /** The view has ended: what it left out of the own slots goes in front of everything, in order. */
    void endView(List<Slot> leftOut) {
        List<Slot> mine = forwards.endView(leftOut);
        for (int i = mine.size() - 1; i >= 0; i--) {
            waiting.addFirst(mine.get(i).payload());
        }
        sent.clear();
        sentBytes = 0;
    }

    /** Forwards that fill the window do not keep the own clients out: one batch of theirs may always wait for its turn. */
    boolean mayTakeMore() {
        return waiting.isEmpty() && (hasRoomFor(0) || !forwards.isEmpty());
    }

    boolean maySend() {
        return takesForward() ? hasRoomFor(forwards.nextBytes()) : !waiting.isEmpty() && hasRoomFor(waiting.peek().length);
    }

    private boolean takesForward() {
        return !forwards.isEmpty() && (forwardsTurn || waiting.isEmpty());
    }

    private boolean hasRoomFor(int bytes) {
        return sent.isEmpty() || sent.size() < options.windowSlots() && sentBytes + bytes <= options.windowBytes();
    }

    /** The payload that goes into the own slot {@code index}. */
    byte[] takeNext(long index) {
        boolean forward = takesForward();
        forwardsTurn = !forward;
        return forward ? forwards.takeNext(index) : waiting.poll();
    }

    void sent(Slot slot) {
        sent.add(slot);
        sentBytes += slot.payload().length;
    }

    /** Forgets what every member has applied. */
    void forgetUpTo(long appliedByAll) {
        while (!sent.isEmpty() && Order.of(sent.peek().position()) <= appliedByAll) {
            sentBytes -= sent.poll().payload().length;
        }
    }

    /** What was sent and is not applied everywhere: all that a peer can lack. */
    Iterable<Slot> sent() {
        return sent;
    }
}
