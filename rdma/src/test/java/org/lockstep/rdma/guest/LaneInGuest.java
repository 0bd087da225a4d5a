package org.lockstep.rdma.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.Row;
import org.lockstep.rdma.lane.Lane;
import org.lockstep.rdma.lane.LaneMemory;
import org.lockstep.rdma.ring.Inbound;
import org.lockstep.rdma.ring.RecordSums;

class LaneInGuest {
    private static final long VIEW = 12;
    private static final int RANKS = 3;
    private static final int RING_BYTES = 1 << 16;

    /** Two lanes that are each other's ends. */
    private static final class Lanes implements AutoCloseable {
        final Connected connected = new Connected();
        final LaneMemory memoryA = memory(true);
        final LaneMemory memoryB = memory(false);
        final Lane a = new Lane(connected.dialer, memoryA, memoryB.address(), VIEW, false, new RecordSums());
        final Lane b = new Lane(connected.taker, memoryB, memoryA.address(), VIEW, false, new RecordSums());

        Lanes() throws IOException {
            a.beginSending(-1);
            b.beginReceiving(-1);
            b.beginSending(4);
            a.beginReceiving(4);
        }

        private LaneMemory memory(boolean dialer) throws IOException {
            return new LaneMemory(dialer ? connected.dialerPort : connected.takerPort, RING_BYTES, RANKS,
                    Guest.OPTIONS.sendsMax());
        }

        @Override
        public void close() throws IOException {
            connected.dialer.close();
            connected.taker.close();
            memoryA.close();
            memoryB.close();
            connected.close();
        }
    }

    private static final class Taken implements Inbound.Sink {
        final List<byte[]> payloads = new ArrayList<>();
        long last;
        Row row;

        Taken(long last) {
            this.last = last;
        }

        @Override
        public void onSlot(long index, long previousIndex, byte[] payload) {
            assertEquals(last, previousIndex);
            payloads.add(payload);
            last = index;
        }

        @Override
        public void onRow(Row newer) {
            assertTrue(newer.lastDataIndex() <= last, () -> newer + " before slot " + newer.lastDataIndex());
            row = newer;
        }
    }

    private static Row row(long heartbeat, long last) {
        return new Row(VIEW, heartbeat, last, last, new long[] {last, -1, heartbeat}, -1, -1, 0, 7, false, false);
    }

    private static byte[] payload(int number) {
        Random random = new Random(number);
        byte[] bytes = new byte[number % 50 == 49 ? 3 * RING_BYTES + number : random.nextInt(2000)];
        random.nextBytes(bytes);
        return bytes;
    }

    @Test
    void slotsAndRowsGoBothWaysThroughManyLaps() throws IOException {
        long packets = Guest.packetsSent();
        try (Lanes lanes = new Lanes()) {
            Taken atA = new Taken(4);
            Taken atB = new Taken(-1);
            int count = 300;
            int sentA = 0;
            int sentB = 0;
            long beat = 0;
            long deadline = System.nanoTime() + 120_000_000_000L;
            while (atA.payloads.size() < count || atB.payloads.size() < count) {
                assertTrue(System.nanoTime() < deadline, () -> atA.payloads.size() + " and " + atB.payloads.size());
                while (sentA < count && lanes.a.offer(sentA, sentA - 1, payload(sentA))) {
                    sentA++;
                }
                while (sentB < count && lanes.b.offer(5 + sentB, 4 + sentB, payload(sentB + 7))) {
                    sentB++;
                }
                lanes.a.publish(row(++beat, sentA - 1));
                lanes.b.publish(row(beat, 4 + sentB));
                lanes.a.poll(atA, 16);
                lanes.b.poll(atB, 16);
                assertFalse(lanes.a.isBroken(), "a");
                assertFalse(lanes.b.isBroken(), "b");
            }
            long last = beat + 1;
            lanes.a.publish(row(last, count - 1));
            lanes.b.publish(row(last, 4 + count));
            Guest.await("the last rows", () -> {
                try {
                    lanes.a.flush();
                    lanes.b.flush();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                lanes.a.poll(atA, 16);
                lanes.b.poll(atB, 16);
                return atA.row.heartbeat() == last && atB.row.heartbeat() == last;
            });
            for (int i = 0; i < count; i++) {
                assertArrayEquals(payload(i), atB.payloads.get(i), "slot " + i);
                assertArrayEquals(payload(i + 7), atA.payloads.get(i), "slot " + i);
            }
            assertEquals(count - 1, atB.row.claim());
            assertEquals(4 + count, atA.row.claim());
            long bytes = lanes.a.bytesSent() + lanes.b.bytesSent();
            assertTrue(Guest.packetsSent() - packets > bytes / 4096, "the bytes did not go over the device");
        }
    }

    /** A slot with its row at a time, each taken before the next one is sent. */
    private static void pass(Lanes lanes, Taken atB, int from, int to) throws IOException {
        for (int i = from; i < to; i++) {
            assertTrue(lanes.a.offer(i, i - 1, new byte[64]));
            lanes.a.publish(row(i + 1, i));
            long deadline = System.nanoTime() + Guest.TIMEOUT_MILLIS * 1_000_000L;
            while (atB.row == null || atB.row.claim() < i) {
                lanes.b.poll(atB, 16);
                assertTrue(System.nanoTime() < deadline, "slot " + i + " does not come");
            }
        }
    }

    /** What Soft-RoCE needs a system call for is to be told of a write: a card is told in memory. */
    @Test
    void receivingTakesNoSystemCallAndSendingOneForEachWrite() throws IOException {
        try (Lanes lanes = new Lanes()) {
            Taken atB = new Taken(-1);
            pass(lanes, atB, 0, 300); // classes are loaded, which takes system calls
            long look = -Guest.systemCalls("syscr") + Guest.systemCalls("syscr");
            long posted = lanes.connected.dialer.posted();
            long writes = Guest.systemCalls("syscw");
            long reads = Guest.systemCalls("syscr");
            pass(lanes, atB, 300, 600);
            assertEquals(look, Guest.systemCalls("syscr") - reads, "reading system calls");
            assertEquals(lanes.connected.dialer.posted() - posted, Guest.systemCalls("syscw") - writes, "writing system calls");
            assertEquals(600, lanes.connected.dialer.posted() - posted);
        }
    }

    /** A server that was excluded and wakes up writes with the keys of a view that has ended, into a lane of the next one. */
    @Test
    void zombieWithTheKeysOfAnEarlierViewChangesNothing() throws IOException {
        try (Lanes lanes = new Lanes()) {
            Taken atB = new Taken(-1);
            assertTrue(lanes.a.offer(0, -1, payload(1)));
            lanes.a.publish(row(1, 0));
            Guest.await("the first slot", () -> lanes.b.poll(atB, 4) && atB.last == 0 || atB.last == 0);
            lanes.connected.taker.stop("excluded");
            try (LaneMemory next = new LaneMemory(lanes.connected.takerPort, RING_BYTES, RANKS, 16)) {
                lanes.memoryB.close();
                assertTrue(lanes.a.offer(1, 0, payload(2)));
                lanes.a.publish(row(2, 1));
                Guest.await("the zombie's failure", () -> {
                    try {
                        lanes.a.flush();
                        lanes.connected.dialer.poll();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                    return lanes.a.isBroken();
                });
                assertFalse(lanes.b.poll(atB, 4) && atB.last != 0, "a slot of the zombie counted");
                assertEquals(0, atB.last);
                assertTrue(next.address().ringKey() != lanes.memoryB.address().ringKey());
            }
        }
    }
}
