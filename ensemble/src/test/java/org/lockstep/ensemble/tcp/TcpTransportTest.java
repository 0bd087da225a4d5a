package org.lockstep.ensemble.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.lockstep.ensemble.core.Ballot;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.PeerAddress;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Row;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;

@Timeout(60)
class TcpTransportTest {
    private final List<TestNode> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(TestNode::close);
    }

    private List<TestNode> connected(int count) throws IOException {
        List<TestNode> nodes = TestNode.servers(count);
        opened.addAll(nodes);
        for (TestNode node : nodes) {
            node.open();
        }
        for (TestNode one : nodes) {
            nodes.stream().filter(other -> other.id > one.id).forEach(other -> TestNode.awaitConnected(one, other));
        }
        return nodes;
    }

    private static Message.Data data(long index, byte[] payload) {
        return new Message.Data(new Slot(new Position(1, index, 0), payload), index - 1);
    }

    private static Message.RowUpdate row(long heartbeat, long lastDataIndex) {
        return new Message.RowUpdate(new Row(1, heartbeat, lastDataIndex, lastDataIndex, new long[] {-1, -1}, -1, -1, 0, 3, false,
                false));
    }

    private static long indexOf(Message message) {
        return ((Message.Data) message).slot().position().index();
    }

    @Test
    void messagesArriveWholeAndInOrderInBothDirections() throws IOException {
        List<TestNode> nodes = connected(3);
        Random random = new Random(1);
        List<byte[]> payloads = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            payloads.add(new byte[random.nextInt(20) == 0 ? random.nextInt(1 << 20) : random.nextInt(3000)]);
            random.nextBytes(payloads.get(i));
        }
        for (TestNode from : nodes) {
            from.run(() -> {
                for (int i = 0; i < payloads.size(); i++) {
                    Message message = data(i, payloads.get(i));
                    for (TestNode to : nodes) {
                        if (to != from) {
                            from.transport.send(to.id, message);
                        }
                    }
                    if (i % 7 == 0) {
                        from.transport.flush();
                    }
                }
                from.transport.flush();
            });
        }
        for (TestNode to : nodes) {
            TestNode.await("all messages at " + to.id, () -> to.arrived.size() == 2 * payloads.size());
            for (TestNode from : nodes) {
                List<Message> sent = to.arrived.stream().filter(a -> a.from().equals(from.self())).map(TestNode.Arrived::message)
                        .toList();
                for (int i = 0; i < sent.size(); i++) {
                    assertEquals(i, indexOf(sent.get(i)));
                    assertTrue(Arrays.equals(payloads.get(i), ((Message.Data) sent.get(i)).slot().payload()), "payload " + i);
                }
            }
        }
    }

    @Test
    void whatExtensionsSayComesInOrderWithTheMessages() throws IOException {
        List<TestNode> nodes = connected(2);
        TestNode from = nodes.get(0);
        TestNode to = nodes.get(1);
        from.run(() -> {
            from.transport.send(2, data(0, new byte[9]));
            from.transport.sendSide(2, "hello".getBytes(StandardCharsets.US_ASCII));
            from.transport.send(2, data(1, new byte[9]));
            from.transport.sendSide(2, new byte[0]);
            from.transport.flush();
        });
        TestNode.await("both", () -> to.events.size() == 3);
        assertEquals(List.of("up 1", "side 1 hello behind 1", "side 1  behind 2"), to.events);
    }

    @Test
    void aConnectionThatIsGivenUpIsMadeAnew() throws IOException {
        List<TestNode> nodes = connected(2);
        TestNode one = nodes.get(0);
        one.run(() -> one.transport.disconnect(2, "for a reason"));
        TestNode.await("another connection", () -> one.events.equals(List.of("up 2", "down 2", "up 2")));
        one.run(() -> one.transport.sendSide(2, "again".getBytes(StandardCharsets.US_ASCII)));
        one.run(one.transport::flush);
        TestNode.await("what is said there", () -> nodes.get(1).events.contains("side 1 again behind 0"));
    }

    @Test
    void twoThatDialEachOtherKeepOneConnection() throws IOException {
        for (int round = 0; round < 5; round++) {
            List<TestNode> nodes = connected(3);
            TestNode.sleep(150);
            for (TestNode node : nodes) {
                List<String> expected = nodes.stream().filter(peer -> peer != node).map(peer -> "up " + peer.id).toList();
                assertEquals(expected, node.events.stream().sorted().toList(), "what server " + node.id + " was told");
            }
            opened.forEach(TestNode::close);
            opened.clear();
        }
    }

    @Test
    void aBrokenConnectionIsToldAndMadeAnew() throws IOException {
        List<TestNode> nodes = connected(2);
        for (int i = 1; i <= 5; i++) {
            nodes.get(i % 2).cut(2 - i % 2);
            int ups = i + 1;
            for (TestNode node : nodes) {
                TestNode.await(node.id + " reconnects", () -> node.events.size() == 2 * ups - 1);
            }
            TestNode.awaitConnected(nodes.get(0), nodes.get(1));
        }
        assertEquals(List.of("up 2", "down 2", "up 2", "down 2"), nodes.get(0).events.subList(0, 4));
        nodes.get(0).send(2, new Message.JoinRequest(4));
        TestNode.await("a message", () -> nodes.get(1).messages().contains(new Message.JoinRequest(4)));
    }

    @Test
    void aDeadProcessIsToldOnceAndItsSuccessorIsAnother() throws IOException {
        List<TestNode> nodes = connected(2);
        TestNode one = nodes.get(0);
        TestNode two = nodes.get(1);
        MemberId first = two.self();
        two.send(1, new Message.JoinRequest(1));
        TestNode.await("a message", () -> one.arrived.size() == 1);
        two.transport.close();
        TestNode.await("the loss", () -> one.events.contains("gone 2 as 1"));
        TestNode.sleep(300);
        assertEquals(List.of("up 2", "down 2", "gone 2 as 1"), one.events);

        two.restart();
        TestNode.awaitConnected(one, two);
        two.send(1, new Message.JoinRequest(2));
        TestNode.await("a message of the successor", () -> one.arrived.size() == 2);
        assertEquals(first, one.arrived.get(0).from());
        assertEquals(new MemberId(2, first.diskId(), 2), one.arrived.get(1).from());
        assertEquals(List.of("up 2", "down 2", "gone 2 as 1", "up 2"), one.events);
    }

    @Test
    void whoWasNeverConnectedIsNotSaidToBeDead() throws IOException {
        TestNode one = TestNode.servers(2).get(0);
        opened.add(one);
        one.open();
        TestNode.sleep(400);

        assertEquals(List.of(), one.events);
    }

    @Test
    void nothingOfADeadProcessComesAfterItsSuccessorsFirstWord() throws IOException {
        List<TestNode> nodes = connected(2);
        TestNode one = nodes.get(0);
        TestNode two = nodes.get(1);
        for (int i = 1; i <= 8; i++) {
            long index = i;
            if (i % 4 == 0) {
                // What was sent lies in the kernel, unread, when the successor comes.
                one.read(2, false);
            }
            two.run(() -> {
                for (int k = 0; k < 2000; k++) {
                    two.transport.send(1, data(index, new byte[100]));
                }
                two.transport.flush();
            });
            two.reincarnate();
            TestNode.awaitConnected(one, two);
        }
        two.send(1, data(99, new byte[0]));
        TestNode.await("the last message", () -> one.arrived.stream().anyMatch(a -> indexOf(a.message()) == 99));
        long last = 0;
        for (TestNode.Arrived arrived : one.arrived) {
            assertTrue(arrived.from().incarnation() >= last, "a word of " + arrived.from() + " after one of incarnation " + last);
            last = arrived.from().incarnation();
            assertTrue(indexOf(arrived.message()) == last || indexOf(arrived.message()) == 99, "the driver was told who spoke");
        }
        assertTrue(one.arrived.size() > 2000, one.arrived.size() + " messages");
    }

    @Test
    void aSlowReaderGetsFewRowsTheNewestAndNoneBeforeItsData() throws IOException {
        List<TestNode> nodes = connected(2);
        TestNode one = nodes.get(0);
        TestNode two = nodes.get(1);
        two.read(1, false);
        // More than both kernels take.
        one.run(() -> sendDataThenRows(one, 0, 400, 0));
        one.run(() -> sendDataThenRows(one, 400, 450, 400));
        assertTrue(one.call(() -> one.transport.peer(2).current().channel().unsafe().outboundBuffer().totalPendingWriteBytes())
                <= 450L * (65 << 10), "rows pile up");
        two.read(1, true);
        TestNode.await("the newest row", () -> rows(two).stream().anyMatch(row -> row.heartbeat() == 450 * 400 - 1));
        assertTrue(rows(two).size() <= 3, rows(two).size() + " rows while nothing was read");

        for (int i = 450; i < 600; i += 10) {
            int from = i;
            one.run(() -> sendDataThenRows(one, from, from + 10, 20));
        }
        TestNode.await("the newest row", () -> rows(two).stream().anyMatch(row -> row.heartbeat() == 600 * 20 - 1
                && row.lastDataIndex() == 599));
        long received = -1;
        for (Message message : two.messages()) {
            if (message instanceof Message.RowUpdate update) {
                assertTrue(update.row().lastDataIndex() <= received, "a row came before its data");
            } else {
                received = indexOf(message);
            }
        }
        assertEquals(599, received);
    }

    /** Data of these indexes, and behind each so many rows. */
    private static void sendDataThenRows(TestNode node, int from, int to, int rows) {
        for (int i = from; i < to; i++) {
            node.transport.send(2, data(i, new byte[64 << 10]));
            node.transport.flush();
            for (int k = 0; k < rows; k++) {
                node.transport.send(2, row((long) i * rows + k, i));
                node.transport.flush();
            }
        }
    }

    private static List<Row> rows(TestNode node) {
        return node.messages().stream().filter(Message.RowUpdate.class::isInstance).map(Message.RowUpdate.class::cast)
                .map(Message.RowUpdate::row).toList();
    }

    @Test
    void aFullQueueClosesTheConnectionWhichComesBack() throws IOException {
        List<PeerAddress> all = List.of(new PeerAddress(1, "127.0.0.1", Ports.free()), new PeerAddress(2, "127.0.0.1",
                Ports.free()));
        TestNode one = new TestNode(1, TcpOptions.of(all.get(0), all.subList(1, 2)).withBounds(1 << 20, 8 << 20)).open();
        TestNode two = new TestNode(2, TcpOptions.of(all.get(1), all.subList(0, 1))).open();
        opened.addAll(List.of(one, two));
        TestNode.awaitConnected(one, two);
        two.read(1, false);
        one.run(() -> {
            for (int i = 0; i < 64; i++) {
                one.transport.send(2, data(i, new byte[1000 << 10]));
            }
            one.transport.flush();
            assertEquals(List.of("up 2"), one.events, "no callback from within a call");
        });
        TestNode.await("the connection to be closed", () -> one.events.contains("down 2"));
        TestNode.awaitConnected(one, two);
        one.send(2, new Message.JoinRequest(1));
        TestNode.await("a message", () -> two.messages().contains(new Message.JoinRequest(1)));
    }

    @Test
    void aSilentPeerIsLetGo() throws IOException {
        List<PeerAddress> all = List.of(new PeerAddress(1, "127.0.0.1", Ports.free()), new PeerAddress(2, "127.0.0.1",
                Ports.free()));
        TestNode one = new TestNode(1, TcpOptions.of(all.get(0), all.subList(1, 2)).withTimes(2000, 600, 300)).open();
        TestNode two = new TestNode(2, TcpOptions.of(all.get(1), all.subList(0, 1)).withTimes(2000, 600, 300)).open();
        opened.addAll(List.of(one, two));
        TestNode.awaitConnected(one, two);
        TestNode.sleep(1500);
        assertEquals(List.of("up 2"), one.events, "an idle connection stays");

        // The whole process stops for a while.
        two.loop().execute(() -> TestNode.sleep(2500));
        TestNode.await("the silent one to be let go", () -> one.events.contains("down 2"));
        TestNode.await("it to come back", () -> one.events.size() == 3);
        assertEquals("up 2", one.events.get(2));
        assertFalse(one.events.contains("gone 2 as 1"), "a process that stops is not dead");
    }

    @Test
    void namesAreLookedUpAtEachConnect() throws IOException {
        int port = Ports.free();
        PeerAddress self = new PeerAddress(1, "127.0.0.1", Ports.free());
        AtomicInteger lookups = new AtomicInteger();
        TestNode one = new TestNode(1, TcpOptions.of(self, List.of(new PeerAddress(2, "two.test", port))).withLookup(name -> {
            assertEquals("two.test", name);
            // The server has moved since the first time.
            return new InetAddress[] {InetAddress.getByName(lookups.incrementAndGet() < 3 ? "127.0.0.9" : "127.0.0.1")};
        })).open();
        TestNode two = new TestNode(2, TcpOptions.of(new PeerAddress(2, "127.0.0.1", port),
                List.of(new PeerAddress(1, "127.0.0.1", 1)))).open();
        opened.addAll(List.of(one, two));

        TestNode.awaitConnected(one, two);
        assertTrue(lookups.get() >= 3, lookups + " lookups");
    }

    @Test
    void anAddressThatCannotBeListenedOnIsNamed() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            TestNode one = new TestNode(1, TcpOptions.of(new PeerAddress(1, "127.0.0.1", taken.getLocalPort()), List.of()));
            opened.add(one);
            IOException e = assertThrows(IOException.class, one::open);
            assertTrue(e.getMessage().startsWith("cannot listen for the other servers on 127.0.0.1:" + taken.getLocalPort()
                    + " (server.1): "), e.getMessage());
        }
        TestNode nameless = new TestNode(2, TcpOptions.of(new PeerAddress(2, "no-such-host.invalid", 1), List.of()));
        opened.add(nameless);
        assertTrue(assertThrows(IOException.class, nameless::open).getMessage().contains("quorumListenOnAllIPs=true"));
    }

    @Test
    void onAllAddressesMeansOnAll() throws IOException {
        int port = Ports.free();
        PeerAddress unknown = new PeerAddress(1, "no-such-host.invalid", port);
        TestNode one = new TestNode(1, TcpOptions.of(unknown, List.of(new PeerAddress(2, "127.0.0.1", 1)))
                .withListenOnAllIps(true)).open();
        TestNode two = new TestNode(2, TcpOptions.of(new PeerAddress(2, "127.0.0.1", Ports.free()),
                List.of(new PeerAddress(1, "127.0.0.77", port)))).open();
        opened.addAll(List.of(one, two));

        TestNode.awaitConnected(one, two);
    }

    @Test
    void whatCannotBeSentIsRefused() throws IOException {
        TestNode one = connected(2).get(0);
        ViewRecord view = new ViewRecord(1, new UUID(1, 1), List.of(one.self()), List.of(), ViewRecord.Origin.BOOTSTRAP, null,
                Trim.nothing(0));
        one.run(() -> {
            assertThrows(IllegalArgumentException.class, () -> one.transport.send(1, new Message.JoinRequest(1)));
            assertThrows(IllegalArgumentException.class, () -> one.transport.send(9, new Message.JoinRequest(1)));
            assertThrows(IllegalArgumentException.class,
                    () -> one.transport.send(2, new Message.Transfer(Ballot.NONE, 1, view, null)));
            assertThrows(IllegalArgumentException.class, () -> one.transport.send(2, data(1, new byte[17 << 20])));
        });
        assertTrue(one.isConnected(2));
    }

    @Test
    void afterCloseNothingIsToldAndAnybodyMayCallAgain() throws IOException {
        List<TestNode> nodes = connected(2);
        TestNode one = nodes.get(0);
        one.run(() -> {
            one.transport.close();
            one.transport.send(2, new Message.JoinRequest(1));
            one.transport.flush();
        });
        one.transport.close();
        TestNode.await("the other to notice", () -> nodes.get(1).events.contains("down 1"));
        assertEquals(List.of("up 2"), one.events);
    }
}
