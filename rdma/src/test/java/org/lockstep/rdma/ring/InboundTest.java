package org.lockstep.rdma.ring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.ensemble.core.Row;

class InboundTest {
    private static final long VIEW = 3;
    private static final int CAPACITY = 2048;
    private static final int RANKS = 3;

    private final ByteBuffer localRing = ByteBuffer.allocateDirect(CAPACITY);
    private final ByteBuffer localRow = ByteBuffer.allocateDirect(RowSlot.bytes(RANKS));
    private final ByteBuffer ring = ByteBuffer.allocateDirect(CAPACITY);
    private final ByteBuffer row = ByteBuffer.allocateDirect(RowSlot.bytes(RANKS));
    private final RingWriter writer = new RingWriter(localRing, VIEW, -1, new RecordSums());
    private final RowSlot rows = new RowSlot(localRow, RANKS);
    private final Inbound inbound = new Inbound(ring, row, VIEW, RANKS, -1);
    private final Taken taken = new Taken();

    /** Remembers what was handed over, and checks that no claim came before its slots. */
    private static final class Taken implements Inbound.Sink {
        final List<Long> indexes = new ArrayList<>();
        final List<byte[]> payloads = new ArrayList<>();
        long last = -1;
        Row row;

        @Override
        public void onSlot(long index, long previousIndex, byte[] payload) {
            assertEquals(last, previousIndex);
            indexes.add(index);
            payloads.add(payload);
            last = index;
        }

        @Override
        public void onRow(Row newer) {
            assertTrue(newer.lastDataIndex() <= last, () -> newer + " before slot " + newer.lastDataIndex());
            row = newer;
        }
    }

    private static Row row(long heartbeat, long claim, long last) {
        return new Row(VIEW, heartbeat, claim, last, new long[] {heartbeat, 2 * heartbeat, -1}, 3 * heartbeat, 4 * heartbeat,
                5 * heartbeat, 6 * heartbeat, heartbeat % 2 == 1, heartbeat % 3 == 1);
    }

    private static void assertSame(Row expected, Row actual) {
        assertEquals(expected.toString(), actual.toString());
        assertEquals(expected.hears(), actual.hears());
    }

    private void copyRow() {
        row.put(0, localRow, 0, RowSlot.bytes(RANKS));
    }

    private void copyRing() {
        while (writer.rangeBytes() > 0) {
            ring.put(writer.rangeOffset(), localRing, writer.rangeOffset(), writer.rangeBytes());
            writer.rangePosted();
        }
    }

    @Test
    void rowsComeOutAsTheyWentIn() {
        for (Row sent : List.of(row(1, -1, -1), row(2, 9, -1), row(3, RowSlot.INDEX_MAX, -1))) {
            rows.write(sent, 77 * sent.heartbeat());
            copyRow();
            assertTrue(inbound.poll(taken, 8));
            assertSame(sent, taken.row);
            assertEquals(77 * sent.heartbeat(), inbound.peerConsumed());
            assertFalse(inbound.poll(taken, 8));
        }
    }

    @Test
    void rowThatIsSeenBeforeItsSlotsWaitsWithItsClaimOnly() {
        assertTrue(writer.offer(0, -1, new byte[] {1}));
        rows.write(row(1, 4, 0), 5);
        copyRow();
        assertTrue(inbound.poll(taken, 8));
        assertSame(new Row(VIEW, 1, -1, -1, new long[] {1, 2, -1}, 3, 4, 5, 6, true, true), taken.row);
        assertTrue(inbound.isHeld());
        assertEquals(5, inbound.peerConsumed());
        assertFalse(inbound.poll(taken, 8));

        copyRing();
        assertTrue(inbound.poll(taken, 8));
        assertEquals(List.of(0L), taken.indexes);
        assertSame(row(1, 4, 0), taken.row);
        assertFalse(inbound.isHeld());
    }

    @Test
    void heldBackRowKeepsTheClaimOfTheOneBefore() {
        assertTrue(writer.offer(2, -1, new byte[] {1}));
        rows.write(row(1, 3, 2), 0);
        copyRing();
        copyRow();
        inbound.poll(taken, 8);
        assertSame(row(1, 3, 2), taken.row);
        assertTrue(writer.offer(7, 2, new byte[] {2}));
        rows.write(row(2, 9, 7), 0);
        copyRow();
        inbound.poll(taken, 8);
        assertEquals(3, taken.row.claim());
        assertEquals(2, taken.row.lastDataIndex());
        assertEquals(2, taken.row.heartbeat());
        copyRing();
        inbound.poll(taken, 8);
        assertSame(row(2, 9, 7), taken.row);
    }

    @Test
    void slotsAreHandedOverInBoundedPortionsAndTheRowWaitsForTheLast() {
        for (int i = 0; i < 5; i++) {
            assertTrue(writer.offer(i, i - 1, new byte[] {(byte) i}));
        }
        rows.write(row(1, 4, 4), 0);
        copyRing();
        copyRow();
        assertTrue(inbound.poll(taken, 3));
        assertEquals(3, taken.indexes.size());
        assertEquals(-1, taken.row.claim());
        assertTrue(inbound.poll(taken, 3));
        assertEquals(5, taken.indexes.size());
        assertEquals(4, taken.row.claim());
    }

    @Test
    void noFlippedBitOfARowIsAccepted() {
        rows.write(row(1, 4, -1), 9);
        for (int bit = 0; bit < 8 * RowSlot.bytes(RANKS); bit++) {
            copyRow();
            row.put(bit / 8, (byte) (row.get(bit / 8) ^ 1 << bit % 8));
            assertFalse(inbound.poll(taken, 8), "bit " + bit);
        }
        copyRow();
        assertTrue(inbound.poll(taken, 8));
    }

    @Test
    void rowOfAnotherViewOrAnotherNumberOfRanksDoesNotCount() {
        rows.write(new Row(VIEW - 1, 1, 4, -1, new long[RANKS], 0, 0, 0, 0, false, false), 0);
        copyRow();
        assertFalse(inbound.poll(taken, 8));
        ByteBuffer small = ByteBuffer.allocateDirect(RowSlot.bytes(RANKS));
        new RowSlot(small, 2).write(new Row(VIEW, 1, 4, -1, new long[2], 0, 0, 0, 0, false, false), 0);
        row.put(0, small, 0, RowSlot.bytes(RANKS));
        assertFalse(inbound.poll(taken, 8));
    }

    @Test
    void indexThatDoesNotFitIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> rows.write(row(1, RowSlot.INDEX_MAX + 1, 0), 0));
        assertThrows(IllegalArgumentException.class, () -> rows.write(row(1, 0, -2), 0));
    }

    /** Slots of all sizes and rows, shown torn and in any order: all come, in order, whole, and none is claimed too early. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 16, 300})
    void tornAndReorderedWritesOnlyDelay(int pieceBytesMax) {
        for (int seed = 0; seed < 60; seed++) {
            new InboundTest().runTorn(new Random(seed), pieceBytesMax);
        }
    }

    private void runTorn(Random random, int pieceBytesMax) {
        TornMemory memory = new TornMemory(random, pieceBytesMax);
        List<byte[]> sent = new ArrayList<>();
        byte[] waiting = null;
        long last = -1;
        long next = 0;
        int beat = 0;
        while (sent.size() < 60) {
            if (waiting == null) {
                next = last + 1 + random.nextInt(3);
                waiting = new byte[random.nextInt(8) == 0 ? random.nextInt(3 * CAPACITY) : random.nextInt(120)];
                random.nextBytes(waiting);
            }
            if (writer.offer(next, last, waiting)) {
                sent.add(waiting);
                last = next;
                waiting = null;
            }
            memory.writeRanges(writer, localRing, ring);
            if (random.nextInt(3) == 0) {
                rows.write(row(++beat, last + random.nextInt(4), last), 0);
                memory.write(localRow, row, 0, RowSlot.bytes(RANKS));
            }
            memory.show(random.nextInt(1 + 2 * memory.pending()));
            inbound.poll(taken, 1 + random.nextInt(4));
            writer.consumedTo(inbound.consumed());
        }
        rows.write(row(++beat, last + 2, last), 0);
        memory.write(localRow, row, 0, RowSlot.bytes(RANKS));
        while (memory.pending() > 0) {
            memory.show(1 + random.nextInt(5));
            inbound.poll(taken, 4);
        }
        while (inbound.poll(taken, 4)) {
            // the rest
        }
        assertEquals(sent.size(), taken.payloads.size());
        for (int i = 0; i < sent.size(); i++) {
            assertArrayEquals(sent.get(i), taken.payloads.get(i));
        }
        assertSame(row(beat, last + 2, last), taken.row);
        assertFalse(inbound.isHeld());
    }

    /** The sink of these tests would object to a claim before its slots. */
    @Test
    void theCheckBites() {
        assertThrows(AssertionError.class, () -> taken.onRow(row(1, 4, 0)));
    }
}
