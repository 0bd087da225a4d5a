package org.lockstep.ensemble.core;

import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * What this observer's clients ask, on its way through a feeder: each in the order of the ensemble exactly once, in the order of
 * the submits, whatever becomes of feeders. It is kept until it comes back in the order. When the feeder changes, nothing goes
 * out before the new one says ({@link Message.Fenced}) that all that earlier feeders will ever send was fed; so what is still here
 * then will not come, and is sent again.
 *
 * <p>It is known by its bytes when it comes back: a payload names its origin, so nobody else sends the same.
 */
final class Forwards {
    private final Context context;
    private final ArrayDeque<byte[]> pending = new ArrayDeque<>();
    private long firstSequence = 1;
    private long bytes;
    private int feederId;
    private long stream;
    private boolean open;

    Forwards(Context context) {
        this.context = context;
    }

    boolean mayTakeMore() {
        return pending.size() < context.options.windowSlots() && bytes < context.options.windowBytes();
    }

    void submit(byte[] payload) {
        pending.add(payload);
        bytes += payload.length;
        if (open) {
            context.out.send(feederId, new Message.Forward(stream, firstSequence + pending.size() - 1, payload));
        }
    }

    /** A slot is being delivered: whether it is what waits longest here. */
    boolean takeDelivered(Slot slot) {
        if (pending.isEmpty() || !Arrays.equals(pending.peek(), slot.payload())) {
            return false;
        }
        bytes -= pending.poll().length;
        firstSequence++;
        return true;
    }

    /** Another subscription begins: nothing goes out until it is fenced. */
    void pause() {
        open = false;
    }

    /** All that was forwarded before and will ever be ordered has been delivered here. */
    void onFenced(int feeder, long ofStream) {
        open = true;
        feederId = feeder;
        stream = ofStream;
        long sequence = firstSequence;
        for (byte[] payload : pending) {
            context.out.send(feederId, new Message.Forward(stream, sequence++, payload));
        }
    }

    /** The state is copied: what is in it nobody can tell, and the clients are dropped. */
    void forget() {
        firstSequence += pending.size();
        pending.clear();
        bytes = 0;
        open = false;
    }
}
