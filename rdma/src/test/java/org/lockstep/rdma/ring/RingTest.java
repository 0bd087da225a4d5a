package org.lockstep.rdma.ring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RingTest {
    private static final long VIEW = 7;
    private static final int CAPACITY = 1024;

    private final ByteBuffer local = ByteBuffer.allocateDirect(CAPACITY);
    private final ByteBuffer remote = ByteBuffer.allocateDirect(CAPACITY);
    private final RingWriter writer = new RingWriter(local, VIEW, -1, new RecordSums());
    private final RingReader reader = new RingReader(remote, VIEW, -1);

    private static byte[] payload(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Writes what is posted as a device does that does everything at once; answers how many bytes that was. */
    private int post() {
        int bytes = 0;
        while (writer.rangeBytes() > 0) {
            remote.put(writer.rangeOffset(), local, writer.rangeOffset(), writer.rangeBytes());
            bytes += writer.rangeBytes();
            writer.rangePosted();
        }
        return bytes;
    }

    private void expect(long index, long previous, byte[] payload) {
        assertTrue(reader.next(), "slot " + index);
        assertEquals(index, reader.lastIndex());
        assertEquals(previous, reader.previousIndex());
        assertArrayEquals(payload, reader.payload());
    }

    @Test
    void slotsComeOutAsTheyWentInWhateverTheirSizeAndThroughManyLaps() {
        long previous = -1;
        for (int i = 0; i < 500; i++) {
            long index = previous + 1 + i % 3;
            byte[] payload = payload(i % 217, i);
            assertTrue(writer.offer(index, previous, payload));
            post();
            expect(index, previous, payload);
            assertFalse(reader.next());
            writer.consumedTo(reader.consumed());
            previous = index;
        }
        assertEquals(0, writer.used());
    }

    @Test
    void slotLargerThanTheRingGoesThroughInParts() {
        byte[] payload = payload(10 * CAPACITY + 3, 1);
        int rounds = 0;
        boolean whole = false;
        while (!whole) {
            assertTrue(rounds++ < 100, "it never ends");
            whole = writer.offer(4, -1, payload);
            assertTrue(post() > 0, "no progress");
            assertEquals(whole, reader.next());
            writer.consumedTo(reader.consumed());
        }
        assertTrue(rounds > 10);
        assertArrayEquals(payload, reader.payload());
        assertTrue(writer.offer(5, 4, payload(3, 2)));
        post();
        expect(5, 4, payload(3, 2));
    }

    @Test
    void fullRingTakesNothingUntilThePeerHasConsumed() {
        int taken = 0;
        while (writer.offer(taken, taken - 1, payload(100, taken))) {
            taken++;
        }
        assertEquals(7, taken);
        assertFalse(writer.offer(taken, taken - 1, payload(100, taken)));
        post();
        for (int i = 0; i < taken; i++) {
            expect(i, i - 1, payload(100, i));
        }
        assertFalse(writer.offer(taken, taken - 1, payload(100, taken)));
        writer.consumedTo(reader.consumed());
        assertTrue(writer.offer(taken, taken - 1, payload(100, taken)));
        post();
        expect(taken, taken - 1, payload(100, taken));
    }

    @Test
    void peerThatSkippedTheEndByItselfDoesNotStopTheWriter() {
        // Five records that leave 24 bytes, too few for a header: the reader goes on alone before the writer does.
        for (int i = 0; i < 5; i++) {
            assertTrue(writer.offer(i, i - 1, payload(160, i)));
        }
        post();
        for (int i = 0; i < 5; i++) {
            expect(i, i - 1, payload(160, i));
        }
        assertEquals(CAPACITY - 24, reader.consumed());
        assertFalse(reader.next());
        assertEquals(CAPACITY, reader.consumed());
        writer.consumedTo(reader.consumed());
        for (int i = 5; i < 15; i++) {
            assertTrue(writer.offer(i, i - 1, payload(160, i)), "slot " + i);
            post();
            expect(i, i - 1, payload(160, i));
            writer.consumedTo(reader.consumed());
        }
    }

    @Test
    void unusedEndOfTheRingIsNotWritten() {
        for (int i = 0; i < 3; i++) {
            assertTrue(writer.offer(i, i - 1, payload(200, i)));
            assertEquals(240, post());
            expect(i, i - 1, payload(200, i));
        }
        writer.consumedTo(reader.consumed());
        assertTrue(writer.offer(3, 2, payload(216, 3)));
        assertTrue(writer.offer(4, 3, payload(200, 4)));
        // 720 of 1024 are passed; 256 fit, then 48 are left: a mark of 40 bytes, and the record at the beginning.
        assertEquals(256 + 40 + 240, post());
        expect(3, 2, payload(216, 3));
        expect(4, 3, payload(200, 4));
    }

    @Test
    void noFlippedBitIsAccepted() {
        byte[] payload = payload(50, 9);
        assertTrue(writer.offer(3, -1, payload));
        int bytes = post();
        for (int bit = 0; bit < 8 * (RingRecord.HEADER_BYTES + payload.length); bit++) {
            flip(bit);
            assertFalse(reader.next(), "bit " + bit);
            flip(bit);
        }
        assertEquals(96, bytes);
        expect(3, -1, payload);
    }

    private void flip(int bit) {
        remote.put(bit / 8, (byte) (remote.get(bit / 8) ^ 1 << bit % 8));
    }

    @Test
    void recordsOfAnotherViewOrBehindAnotherSlotDoNotCount() {
        RingWriter earlier = new RingWriter(local, VIEW - 1, -1, new RecordSums());
        assertTrue(earlier.offer(0, -1, payload(10, 0)));
        remote.put(0, local, 0, earlier.rangeBytes());
        assertFalse(reader.next());
        RingWriter ahead = new RingWriter(local, VIEW, 5, new RecordSums());
        assertTrue(ahead.offer(6, 5, payload(10, 0)));
        remote.put(0, local, 0, ahead.rangeBytes());
        assertFalse(reader.next());
        RingReader behindFive = new RingReader(remote, VIEW, 5);
        assertTrue(behindFive.next());
        assertEquals(6, behindFive.lastIndex());
    }

    @Test
    void memoryOfZerosHoldsNothing() {
        assertFalse(reader.next());
        assertFalse(new RingReader(remote, VIEW, 0).next());
    }

    @Test
    void slotThatDoesNotContinueIsRefused() {
        assertTrue(writer.offer(2, -1, payload(1, 0)));
        assertThrows(IllegalArgumentException.class, () -> writer.offer(3, 1, payload(1, 0)));
        assertThrows(IllegalArgumentException.class, () -> writer.offer(2, 2, payload(1, 0)));
    }

    @Test
    void ringHasAPowerOfTwoOfBytes() {
        assertThrows(IllegalArgumentException.class, () -> new RingWriter(ByteBuffer.allocateDirect(1000), VIEW, -1, new RecordSums()));
        assertThrows(IllegalArgumentException.class, () -> new RingWriter(ByteBuffer.allocateDirect(256), VIEW, -1, new RecordSums()));
    }

    /** A server sends the same slots to all, and each peer may have begun elsewhere: what is computed once is right for each. */
    @Test
    void writersThatShareTheirSumsWriteWhatEachReaderTakes() {
        RecordSums sums = new RecordSums();
        ByteBuffer[] rings = new ByteBuffer[3];
        RingWriter[] writers = new RingWriter[3];
        RingReader[] readers = new RingReader[3];
        for (int i = 0; i < 3; i++) {
            rings[i] = ByteBuffer.allocateDirect(CAPACITY);
            writers[i] = new RingWriter(rings[i], VIEW, i == 2 ? 4 : -1, sums);
            readers[i] = new RingReader(rings[i], VIEW, i == 2 ? 4 : -1);
        }
        byte[] first = payload(300, 1); // in two parts
        byte[] second = payload(300, 2);
        for (byte[] payload : new byte[][] {first, second, first.clone()}) {
            for (int i = 0; i < 3; i++) {
                long previous = writers[i].lastIndex();
                assertTrue(writers[i].offer(previous < 5 ? 5 : previous + 1, previous, payload));
                assertTrue(readers[i].next(), "ring " + i);
                assertArrayEquals(payload, readers[i].payload());
                while (writers[i].rangeBytes() > 0) {
                    writers[i].rangePosted();
                }
                writers[i].consumedTo(readers[i].consumed());
            }
        }
    }
}
