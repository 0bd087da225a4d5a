package org.lockstep.rdma.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.lockstep.rdma.verbs.QueuePair;
import org.lockstep.rdma.verbs.RdmaPort;
import org.lockstep.rdma.verbs.RdmaUnavailableException;
import org.lockstep.rdma.verbs.Region;

class QueuePairInGuest {
    private static boolean polledToTheEnd(QueuePair pair) {
        try {
            pair.poll();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return pair.completed() == pair.posted() || pair.isBroken();
    }

    /** Fills up the reporting interval, so that everything posted before is known to be done. */
    private static void settle(QueuePair pair, Region from, Region to) throws IOException {
        Guest.await("room", () -> {
            try {
                pair.poll();
                return pair.room() > 0 || pair.isBroken();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        while (!polledToTheEnd(pair)) {
            if (pair.room() > 0) {
                pair.write(from, 0, 8, to.address(), to.remoteKey(), false);
            }
        }
    }

    @Test
    void bothSidesKnowWhoTheOtherIs() throws IOException {
        try (Connected connected = new Connected()) {
            assertEquals(connected.dialer.localAddress(), connected.taker.remoteAddress());
            assertEquals(connected.takerPort.address(), connected.dialer.remoteAddress());
            assertNull(connected.dialer.failure());
        }
    }

    @Test
    void writesReachThePeersMemoryInlineOrNot() throws IOException {
        try (Connected connected = new Connected();
                Region from = connected.dialerPort.register(1 << 16, false);
                Region to = connected.takerPort.register(1 << 16, true)) {
            QueuePair pair = connected.dialer;
            assertTrue(pair.inlineBytesMax() >= 128, "inline " + pair.inlineBytesMax());
            for (int bytes : new int[] {8, pair.inlineBytesMax(), pair.inlineBytesMax() + 8, 1 << 16}) {
                from.memory().put(bytes - 1, (byte) bytes).put(bytes / 2, (byte) 77);
                pair.write(from, 0, bytes, to.address(), to.remoteKey(), false);
                Guest.await(bytes + " bytes", () -> to.memory().get(bytes / 2) == 77
                        && to.memory().get(bytes - 1) == (byte) bytes);
            }
            pair.close();
        }
    }

    @Test
    void queueThatIsFullSaysSoAndFillsAgain() throws IOException {
        try (Connected connected = new Connected();
                Region from = connected.dialerPort.register(4096, false);
                Region to = connected.takerPort.register(4096, true)) {
            QueuePair pair = connected.dialer;
            int sends = Guest.OPTIONS.sendsMax();
            for (int i = 0; i < sends; i++) {
                pair.write(from, 0, 64, to.address(), to.remoteKey(), false);
            }
            assertEquals(0, pair.room());
            assertThrows(IOException.class, () -> pair.write(from, 0, 64, to.address(), to.remoteKey(), false));
            assertFalse(pair.isBroken(), pair.failure());
            for (int i = 0; i < 5 * sends; i++) {
                Guest.await("room", () -> pair.room() > 0 || polledToTheEnd(pair) || pair.room() > 0);
                pair.write(from, 0, 64, to.address(), to.remoteKey(), false);
            }
            settle(pair, from, to);
            assertFalse(pair.isBroken(), pair.failure());
            pair.close();
        }
    }

    @Test
    void writeWithAWrongKeyBreaksThePair() throws IOException {
        try (Connected connected = new Connected();
                Region from = connected.dialerPort.register(4096, false);
                Region to = connected.takerPort.register(4096, true)) {
            QueuePair pair = connected.dialer;
            pair.write(from, 0, 64, to.address(), to.remoteKey() ^ 0x5a5a00, false);
            Guest.await("the failure", () -> polledToTheEnd(pair) && pair.isBroken());
            assertTrue(pair.failure().contains("IBV_WC_REM_ACCESS_ERR"), pair.failure());
            assertEquals(0, pair.room());
            assertThrows(IOException.class, () -> pair.write(from, 0, 64, to.address(), to.remoteKey(), false));
            pair.close();
        }
    }

    @Test
    void memoryThatWasClosedIsOutOfReach() throws IOException {
        try (Connected connected = new Connected(); Region from = connected.dialerPort.register(4096, false)) {
            Region to = connected.takerPort.register(4096, true);
            long address = to.address();
            int key = to.remoteKey();
            from.memory().putLong(0, 1);
            connected.dialer.write(from, 0, 8, address, key, false);
            Guest.await("the first write", () -> to.memory().get(7) == 1);
            to.close();
            from.memory().putLong(0, 2);
            connected.dialer.write(from, 0, 8, address, key, false);
            Guest.await("the failure", () -> polledToTheEnd(connected.dialer) && connected.dialer.isBroken());
            assertEquals(1, to.memory().get(7));
            connected.dialer.close();
        }
    }

    @Test
    void stoppedPairTakesNothingMoreFromItsPeer() throws IOException {
        try (Connected connected = new Connected();
                Region from = connected.dialerPort.register(4096, false);
                Region to = connected.takerPort.register(4096, true)) {
            connected.taker.stop("the peer is suspect");
            assertEquals("the peer is suspect", connected.taker.failure());
            from.memory().putLong(0, 5);
            connected.dialer.write(from, 0, 8, to.address(), to.remoteKey(), false);
            Guest.await("the failure", () -> polledToTheEnd(connected.dialer) && connected.dialer.isBroken());
            assertEquals(0, to.memory().getLong(0));
            connected.dialer.close();
        }
    }

    @Test
    void noticeWakesThePeerBehindTheWrite() throws Exception {
        try (Connected connected = new Connected();
                Region from = connected.dialerPort.register(4096, false);
                Region to = connected.takerPort.register(4096, true)) {
            connected.taker.requestNotice();
            assertFalse(connected.taker.awaitNotice(50));
            CompletableFuture<Boolean> waiting = CompletableFuture.supplyAsync(() -> {
                try {
                    return connected.taker.awaitNotice(Guest.TIMEOUT_MILLIS);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            from.memory().put(0, (byte) 9);
            connected.dialer.write(from, 0, 8, to.address(), to.remoteKey(), true);
            assertTrue(waiting.get());
            assertEquals(1, connected.taker.takeNotices());
            assertEquals(9, to.memory().get(0));
            for (int i = 0; i < 3 * Guest.OPTIONS.receivesMax(); i++) {
                connected.dialer.write(from, 0, 8, to.address(), to.remoteKey(), true);
                Guest.await("a notice", () -> {
                    try {
                        connected.dialer.poll();
                        return connected.taker.takeNotices() > 0;
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
            }
            assertFalse(connected.dialer.isBroken(), connected.dialer.failure());
            connected.dialer.close();
        }
    }

    @Test
    void peerThatLeavesIsNoticedByTheAcceptor() throws IOException {
        try (Connected connected = new Connected()) {
            connected.dialer.close();
            long deadline = System.nanoTime() + Guest.TIMEOUT_MILLIS * 1_000_000L;
            while (!connected.taker.isBroken() && System.nanoTime() < deadline) {
                assertNull(connected.takerPort.accept(100));
            }
            assertTrue(connected.taker.failure().contains("RDMA_CM_EVENT_DISCONNECTED"), connected.taker.failure());
        }
    }

    @Test
    void dialingNobodyFailsAndLeavesThePortUsable() throws IOException {
        try (RdmaPort port = Guest.open()) {
            InetSocketAddress nobody = new InetSocketAddress("10.9.9.1", 9);
            IOException failed = assertThrows(IOException.class, () -> port.dial(nobody, 2000));
            assertTrue(failed.getMessage().contains("RDMA_CM_EVENT_REJECTED"), failed.getMessage());
            assertEquals(0, failed.getSuppressed().length);
        }
        new Connected().close();
    }

    @Test
    void addressOfNoDeviceIsNamedWithTheRemedy() {
        for (String host : new String[] {"127.0.0.1", "192.0.2.7"}) {
            RdmaUnavailableException failed = assertThrows(RdmaUnavailableException.class,
                    () -> RdmaPort.open(new InetSocketAddress(host, 0), Guest.OPTIONS).close());
            assertTrue(failed.getMessage().startsWith("no RDMA device of this machine has the address " + host),
                    failed.getMessage());
            assertTrue(failed.getMessage().contains("rdma link"), failed.getMessage());
        }
    }

    @Test
    void portInUseIsRefused() throws IOException {
        try (RdmaPort port = Guest.open()) {
            assertThrows(IOException.class, () -> RdmaPort.open(port.address(), Guest.OPTIONS));
        }
    }
}
