package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.lockstep.fsync.FsyncPolicy;

/** The window of own slots, and the turns that own clients and observers take. */
class OwnSlotsTest {
    private static final MemberId OBSERVER = new MemberId(9, new UUID(9, 0), 1);
    private final EnsembleOptions options = EnsembleOptions.of(List.of(1, 2, 3), FsyncPolicy.DURABLE, new UUID(1, 1));
    private final OwnSlots own = new OwnSlots(options, new Rules());
    private final List<Integer> sent = new ArrayList<>();
    private final List<Slot> slots = new ArrayList<>();

    private void send(int count) {
        for (int i = 0; i < count && own.maySend(); i++) {
            Slot slot = new Slot(new Position(1, slots.size(), 0), own.takeNext(slots.size()));
            own.sent(slot);
            slots.add(slot);
            sent.add((int) slot.payload()[0]);
        }
    }

    private void forward(long stream, int value) {
        own.forwards().submit(OBSERVER, stream, new byte[] {(byte) value});
    }

    @Test
    void ownClientsAndForwardsTakeTurns() {
        for (int i = 1; i <= 3; i++) {
            own.submit(new byte[] {(byte) i});
            forward(1, 10 + i);
        }
        forward(1, 14);
        send(100);

        assertEquals(List.of(1, 11, 2, 12, 3, 13, 14), sent);
    }

    @Test
    void forwardsThatFillTheWindowDoNotKeepOwnClientsOut() {
        for (int i = 0; i < 3 * options.windowSlots(); i++) {
            forward(1, i);
        }
        send(100);
        assertEquals(options.windowSlots(), sent.size());
        assertTrue(own.mayTakeMore());

        own.submit(new byte[] {99});
        assertFalse(own.mayTakeMore(), "one batch may wait, not two");
        own.forgetUpTo(Order.of(1, 0));
        send(100);
        assertEquals(99, sent.get(options.windowSlots()));
    }

    @Test
    void theWindowCountsBytesAndLetsALargeSlotTravelAlone() {
        own.submit(new byte[options.slotBytesMax()]);
        own.submit(new byte[options.slotBytesMax()]);
        own.submit(new byte[options.slotBytesMax()]);
        send(100);

        assertEquals(options.windowBytes() / options.slotBytesMax(), sent.size());
        own.forgetUpTo(Order.of(0, 0));
        send(100);
        assertEquals(3, sent.size());
    }

    @Test
    void aClosedStreamSaysWhatItSentAndForgetsWhatWaits() {
        assertEquals(-1, own.forwards().close(OBSERVER, 1));
        forward(1, 1);
        forward(1, 2);
        send(1);

        assertEquals(0, own.forwards().close(OBSERVER, 2));
        assertTrue(own.forwards().isEmpty());
        assertTrue(own.forwards().takeDelivered(0));
        assertFalse(own.forwards().takeDelivered(1));
        assertEquals(0, own.forwards().close(OBSERVER, 2), "it is in a slot of this view, delivered here or not");
    }

    @Test
    void whatAViewLeavesOutGoesFirstInTheNextButForClosedStreams() {
        MemberId other = new MemberId(8, new UUID(8, 0), 1);
        own.submit(new byte[] {1});
        forward(1, 11);
        own.forwards().submit(other, 1, new byte[] {21});
        own.submit(new byte[] {2});
        send(100);
        assertEquals(List.of(1, 11, 2, 21), sent);
        own.submit(new byte[] {3});
        own.forwards().submit(other, 1, new byte[] {22});
        own.forwards().close(OBSERVER, 2);
        own.endView(List.copyOf(slots));
        slots.clear();
        sent.clear();
        send(100);

        assertEquals(List.of(1, 2, 3), sent.stream().filter(value -> value < 10).toList());
        assertEquals(List.of(21, 22), sent.stream().filter(value -> value > 10).toList());
    }
}
