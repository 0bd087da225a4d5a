package org.lockstep.rdma.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.tcp.TcpMember;
import org.lockstep.rdma.transport.Inside;
import org.lockstep.rdma.transport.Polling;

/** Core and transport together, over the device: one order, whatever becomes of lanes, connections and processes. */
class EnsembleInGuest {
    private RdmaMembers ensemble;

    private void open(Polling polling) throws IOException {
        ensemble = new RdmaMembers(options -> options.withPolling(polling, 1_000_000));
    }

    @AfterEach
    void close() {
        if (ensemble != null) {
            ensemble.close();
            ensemble.members.forEach(member -> assertEquals(null, member.failure()));
        }
    }

    private void submit(int index, int from, int to) {
        submit(index, from, to, 64);
    }

    private void submit(int index, int from, int to, int bytes) {
        ensemble.on(index, () -> {
            for (int i = from; i < to; i++) {
                ensemble.members.get(index).submit(ByteBuffer.allocate(bytes).putInt(index + 1).putInt(i).array());
            }
            return null;
        });
    }

    private List<Position> positions(int index) {
        return ensemble.on(index, () -> ensemble.members.get(index).delivered().stream().map(Slot::position).toList());
    }

    /** Everywhere the same, each server's writes once and in order. */
    private void assertOneOrder(int... counts) {
        List<Position> order = positions(0);
        for (int index = 0; index < RdmaMembers.COUNT; index++) {
            int at = index;
            assertEquals(order, positions(index), "the order at server " + (index + 1));
            List<Map.Entry<Integer, Integer>> all = ensemble.on(index,
                    () -> ensemble.members.get(at).delivered().stream().map(TcpMember::decode).toList());
            for (int k = 0; k < counts.length; k++) {
                int server = k + 1;
                assertEquals(IntStream.range(0, counts[k]).boxed().toList(), all.stream().filter(e -> e.getKey() == server)
                        .map(Map.Entry::getValue).toList(), "writes of server " + server + " at " + (index + 1));
            }
        }
    }

    private static long loopbackBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/net/dev"))) {
            if (line.strip().startsWith("lo:")) {
                return Long.parseLong(line.substring(line.indexOf(':') + 1).strip().split(" +")[0]);
            }
        }
        throw new AssertionError("no lo");
    }

    private void threeServersDeliverOneOrderOverRdma(Polling polling) throws IOException {
        open(polling);
        long packets = Guest.packetsSent();
        long overTcp = loopbackBytes();
        for (int index = 0; index < RdmaMembers.COUNT; index++) {
            submit(index, 0, 300, 2000);
        }
        ensemble.awaitDelivered(900, 0, 1, 2);
        assertOneOrder(300, 300, 300);
        long tcpBytes = loopbackBytes() - overTcp;
        long slots = 0;
        long received = 0;
        long bytes = 0;
        for (int index = 0; index < RdmaMembers.COUNT; index++) {
            slots += ensemble.transport(index).counts().slotsSent();
            received += ensemble.transport(index).counts().slotsReceived();
            bytes += ensemble.transport(index).counts().bytesSent();
        }
        assertEquals(1800, slots);
        assertEquals(1800, received);
        assertTrue(bytes > 1800 * 2000, "only " + bytes + " bytes");
        assertTrue(Guest.packetsSent() - packets >= bytes / 4096, "the device has not sent them");
        assertTrue(tcpBytes < 100_000, tcpBytes + " bytes went over TCP");
    }

    @Test
    void adaptiveThreeServersDeliverOneOrderOverRdma() throws IOException {
        threeServersDeliverOneOrderOverRdma(Polling.ADAPTIVE);
    }

    @Test
    void eventThreeServersDeliverOneOrderOverRdma() throws IOException {
        threeServersDeliverOneOrderOverRdma(Polling.EVENT);
    }

    @Test
    void busyThreeServersDeliverOneOrderOverRdma() throws IOException {
        threeServersDeliverOneOrderOverRdma(Polling.BUSY);
    }

    @Test
    void slotsLargerThanTheRingWaitForRoom() throws IOException {
        open(Polling.EVENT);
        for (int index = 0; index < RdmaMembers.COUNT; index++) {
            submit(index, 0, 6, 150_000);
            submit(index, 6, 40, 30_000);
        }
        ensemble.awaitDelivered(120, 0, 1, 2);
        assertOneOrder(40, 40, 40);
    }

    @Test
    void lanesAndConnectionsThatBreakCostNothing() throws IOException {
        open(Polling.ADAPTIVE);
        Random random = new Random(7);
        int rounds = 12;
        for (int round = 0; round < rounds; round++) {
            for (int index = 0; index < RdmaMembers.COUNT; index++) {
                submit(index, round * 20, round * 20 + 20);
            }
            int at = random.nextInt(3);
            int peer = 1 + (at + 1 + random.nextInt(2)) % 3;
            boolean lane = round % 2 == 0;
            ensemble.on(at, () -> {
                if (!lane || !Inside.breakLane(ensemble.transport(at), peer)) {
                    Inside.breakConnection(ensemble.transport(at), peer);
                }
                return null;
            });
            RdmaMembers.sleep(300 + random.nextInt(1000));
        }
        ensemble.awaitDelivered(3 * 20 * rounds, 0, 1, 2);
        assertOneOrder(20 * rounds, 20 * rounds, 20 * rounds);
        ensemble.awaitLanes(0, 1, 2);
    }

    @Test
    void theOthersGoOnWithoutADeadOneAndItComesBack() throws IOException {
        open(Polling.ADAPTIVE);
        for (int index = 0; index < RdmaMembers.COUNT; index++) {
            submit(index, 0, 100);
        }
        ensemble.awaitDelivered(300, 0, 1, 2);
        ensemble.members.get(0).kill();
        submit(1, 100, 200);
        ensemble.awaitDelivered(400, 1, 2);
        ensemble.awaitLanes(1, 2);

        ensemble.members.get(0).start();
        ensemble.awaitLanes(0, 1, 2);
        submit(0, 100, 200);
        submit(2, 100, 200);
        ensemble.awaitDelivered(600, 0, 1, 2);
        assertOneOrder(200, 200, 200);
    }

    /** A server that sleeps is voted out; what it has written and goes on to write when it wakes, counts nowhere. */
    @Test
    void zombieThatWakesUpChangesNothing() throws IOException {
        open(Polling.ADAPTIVE);
        submit(0, 0, 50);
        ensemble.awaitDelivered(50, 0, 1, 2);
        long failedBefore = ensemble.on(0, () -> ensemble.members.get(0).view().viewId());
        Thread sleeper = new Thread(() -> ensemble.on(0, () -> {
            RdmaMembers.sleep(4000);
            // Not knowing what was decided it writes on: into memory that is none any more.
            for (int i = 50; i < 60; i++) {
                ensemble.members.get(0).submit(TcpMember.encode(1, 1000 + i));
            }
            return null;
        }));
        sleeper.start();
        RdmaMembers.sleep(500);
        submit(1, 0, 100);
        ensemble.awaitDelivered(150, 1, 2);
        ensemble.awaitLanes(1, 2);
        join(sleeper);
        ensemble.awaitLanes(0, 1, 2);
        assertTrue(ensemble.on(1, () -> ensemble.members.get(1).view().viewId()) >= failedBefore + 2);
        submit(2, 0, 50);
        ensemble.await("what was written last", () -> ensemble.on(2, () -> ensemble.members.get(2).delivered().stream()
                .map(TcpMember::decode).anyMatch(e -> e.getKey() == 3 && e.getValue() == 49)));
        ensemble.awaitDelivered(ensemble.deliveredCount(2), 0, 1, 2);
        assertEquals(200, ensemble.deliveredCount(1), "a write of an excluded server was delivered");
        assertOneOrder(50, 100, 50);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
