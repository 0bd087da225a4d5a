package org.lockstep.ensemble.core;

import java.util.ArrayDeque;
import java.util.List;

/**
 * This member's own slots: what waits for a slot, and what was sent and is not applied everywhere yet. The window bounds the
 * latter, so nobody runs so far ahead that a slow member can never catch up; it is derived from the table, so a view change
 * has nothing to edit.
 */
final class OwnSlots {
    private final EnsembleOptions options;
    private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
    private final ArrayDeque<Slot> sent = new ArrayDeque<>();
    private long sentBytes;

    OwnSlots(EnsembleOptions options) {
        this.options = options;
    }

    void submit(byte[] payload) {
        waiting.add(payload);
    }

    /** Puts slots that the last view's end left out in front of everything, in order. */
    void putFirst(List<Slot> slots) {
        for (int i = slots.size() - 1; i >= 0; i--) {
            waiting.addFirst(slots.get(i).payload());
        }
    }

    boolean mayTakeMore() {
        return waiting.isEmpty() && hasRoomFor(0);
    }

    boolean maySend() {
        return !waiting.isEmpty() && hasRoomFor(waiting.peek().length);
    }

    private boolean hasRoomFor(int bytes) {
        return sent.isEmpty() || sent.size() < options.windowSlots() && sentBytes + bytes <= options.windowBytes();
    }

    byte[] takeNext() {
        return waiting.poll();
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

    /** The view has ended: nothing of it is under way any more. */
    void endView() {
        sent.clear();
        sentBytes = 0;
    }

    int waitingCount() {
        return waiting.size();
    }
}
