package org.lockstep.ensemble.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.PeerAddress;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.fsync.FsyncPolicy;

/** Core and transport together, over loopback: they form views and deliver one order, whatever becomes of the connections. */
@Timeout(60)
class EnsembleOverTcpTest {
    private static final int QUEUE_BYTES = 2 << 20;

    private final List<EventLoopGroup> groups = new ArrayList<>();
    private final List<TcpMember> members = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        List<PeerAddress> all = new ArrayList<>();
        for (int id = 1; id <= 3; id++) {
            all.add(new PeerAddress(id, "127.0.0.1", Ports.free()));
        }
        EnsembleOptions options = EnsembleOptions.of(List.of(1, 2, 3), FsyncPolicy.DURABLE, new UUID(3, 3));
        for (PeerAddress self : all) {
            EventLoopGroup group = new MultiThreadIoEventLoopGroup(1,
                    Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
            groups.add(group);
            TcpOptions tcp = TcpOptions.of(self, TestNode.others(all, self)).withBounds(QUEUE_BYTES, QUEUE_BYTES);
            members.add(new TcpMember(group.next(), tcp, options, self.serverId()));
        }
        for (TcpMember member : members) {
            member.start();
        }
        TestNode.await("the first view", () -> hasView(0, 3) && hasView(1, 3) && hasView(2, 3));
    }

    @AfterEach
    void close() {
        members.forEach(member -> assertNull(member.failure, () -> "failed: " + member.failure));
        for (int i = 0; i < members.size(); i++) {
            members.get(i).kill();
            groups.get(i).shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    private <T> T on(int index, Callable<T> task) {
        return groups.get(index).next().submit(task).syncUninterruptibly().getNow();
    }

    private boolean hasView(int index, int size) {
        ViewRecord view = on(index, members.get(index)::view);
        return view != null && view.members().size() == size;
    }

    private int deliveredCount(int index) {
        return on(index, members.get(index).delivered::size);
    }

    private void awaitDelivered(int count) {
        TestNode.await(count + " slots everywhere",
                () -> deliveredCount(0) == count && deliveredCount(1) == count && deliveredCount(2) == count);
    }

    private void submit(int index, int from, int to) {
        on(index, () -> {
            for (int i = from; i < to; i++) {
                members.get(index).submit(TcpMember.encode(index + 1, i));
            }
            return null;
        });
    }

    private List<Position> positions(int index) {
        return on(index, () -> members.get(index).delivered.stream().map(Slot::position).toList());
    }

    private List<Integer> numbersOf(int index, int server) {
        return on(index, () -> members.get(index).delivered.stream().map(TcpMember::decode).filter(e -> e.getKey() == server)
                .map(java.util.Map.Entry::getValue).toList());
    }

    private static List<Integer> upTo(int count) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            numbers.add(i);
        }
        return numbers;
    }

    private void assertOneOrder(int count) {
        List<Position> order = positions(0);
        for (int index = 0; index < 3; index++) {
            assertEquals(order, positions(index), "the order at server " + (index + 1));
            for (int server = 1; server <= 3; server++) {
                assertEquals(upTo(count), numbersOf(index, server), "writes of server " + server + " at " + (index + 1));
            }
        }
    }

    @Test
    void threeServersDeliverOneOrder() {
        for (int index = 0; index < 3; index++) {
            submit(index, 0, 1000);
        }
        awaitDelivered(3000);

        assertOneOrder(1000);
    }

    @Test
    void connectionsThatBreakAtRandomCostNothing() {
        Random random = new Random(7);
        int rounds = 40;
        for (int round = 0; round < rounds; round++) {
            for (int index = 0; index < 3; index++) {
                submit(index, round * 20, round * 20 + 20);
            }
            int at = random.nextInt(3);
            int peer = 1 + (at + 1 + random.nextInt(2)) % 3;
            on(at, () -> {
                PeerConnection connection = members.get(at).transport().peer(peer).current();
                if (connection != null) {
                    connection.channel().close();
                }
                return null;
            });
            TestNode.sleep(random.nextInt(50));
        }
        awaitDelivered(3 * 20 * rounds);

        assertOneOrder(20 * rounds);
        assertTrue(hasView(0, 3), "all are members still");
    }

    @Test
    void aFullQueueClosesAConnectionAndCostsNothing() {
        // Hardly anything fits into the kernels, and server 2 does not read what server 1 sends.
        PeerConnection before = on(0, () -> {
            PeerConnection connection = members.get(0).transport().peer(2).current();
            connection.channel().config().setOption(ChannelOption.SO_SNDBUF, 8 << 10);
            return connection;
        });
        on(1, () -> {
            Channel channel = members.get(1).transport().peer(1).current().channel();
            channel.config().setOption(ChannelOption.SO_RCVBUF, 8 << 10);
            channel.config().setAutoRead(false);
            return null;
        });
        on(0, () -> {
            for (int i = 0; i < 60; i++) {
                members.get(0).submit(ByteBuffer.allocate(60 << 10).putInt(1).putInt(i).array());
            }
            // Of a view that nobody knows: ignored, and in the way.
            Slot stray = new Slot(new Position(99, 0, 0), new byte[100 << 10]);
            for (int i = 0; i < 30; i++) {
                members.get(0).transport().send(2, new Message.Data(stray, -1));
            }
            return null;
        });
        awaitDelivered(60);

        assertEquals(upTo(60), numbersOf(1, 1));
        assertEquals(positions(0), positions(1));
        assertTrue(String.valueOf(before.endedBy()).startsWith("it takes nothing: "), "ended by: " + before.endedBy());
    }

    @Test
    void theOthersGoOnWithoutADeadOneAtOnceAndItComesBack() throws IOException {
        for (int index = 0; index < 3; index++) {
            submit(index, 0, 100);
        }
        awaitDelivered(300);

        long killedAt = System.nanoTime();
        members.get(0).kill();
        submit(1, 100, 200);
        TestNode.await("a view of two", () -> hasView(1, 2) && hasView(2, 2));
        long gapMillis = (System.nanoTime() - killedAt) / 1_000_000;
        assertTrue(gapMillis < 900, "the dead process was found out by its silence only, after " + gapMillis + " ms");
        TestNode.await("the writes of the others", () -> deliveredCount(1) == 400 && deliveredCount(2) == 400);

        members.get(0).start();
        TestNode.await("a view of three", () -> hasView(0, 3) && hasView(1, 3) && hasView(2, 3));
        submit(0, 100, 200);
        submit(2, 100, 200);
        awaitDelivered(600);
        assertOneOrder(200);
    }
}
