package org.lockstep.rdma.guest;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.PeerAddress;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.ensemble.tcp.TcpMember;
import org.lockstep.ensemble.tcp.TcpOptions;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.rdma.transport.PollingSelect;
import org.lockstep.rdma.transport.RdmaOptions;
import org.lockstep.rdma.transport.RdmaTransport;

/** Three servers in this process, over RDMA, or over TCP for comparison. Their logs are in memory. */
final class RdmaMembers implements AutoCloseable {
    static final int COUNT = 3;
    static final EnsembleOptions CORE = EnsembleOptions.of(List.of(1, 2, 3), FsyncPolicy.DURABLE, new UUID(3, 3));
    private static final int QUEUE_BYTES = 2 << 20;
    private static final SelectStrategy SLEEP = (selectNow, hasTasks) -> hasTasks ? selectNow.get() : SelectStrategy.SELECT;

    final List<TcpMember> members = new ArrayList<>();
    private final List<EventLoopGroup> groups = new ArrayList<>();
    private final RdmaTransport[] transports = new RdmaTransport[COUNT];

    /** Formed, with all lanes in use; each on an event loop of its own. */
    RdmaMembers(UnaryOperator<RdmaOptions> how) throws IOException {
        this(how, COUNT, -1);
    }

    /**
     * @param how changes the options; null for TCP
     * @param loops how many event loops there are, 1 to {@link #COUNT}; the last has the rest
     * @param overTcp the index of a server that does not use RDMA; -1 for none
     */
    RdmaMembers(UnaryOperator<RdmaOptions> how, int loops, int overTcp) throws IOException {
        this(how, loops, overTcp, CORE);
    }

    RdmaMembers(UnaryOperator<RdmaOptions> how, int loops, int overTcp, EnsembleOptions core) throws IOException {
        List<PeerAddress> all = new ArrayList<>();
        for (int id = 1; id <= COUNT; id++) {
            all.add(new PeerAddress(id, "127.0.0.1", freePort()));
        }
        RdmaOptions defaults = RdmaOptions.of(new InetSocketAddress("10.9.9.1", 0)).withPairs(Guest.OPTIONS)
                .withBounds(RdmaOptions.RING_BYTES_MIN, 64 << 20);
        RdmaOptions options = how == null ? null : how.apply(defaults);
        PollingSelect select = null;
        for (PeerAddress self : all) {
            if (groups.size() < loops) {
                select = new PollingSelect(SLEEP);
                PollingSelect ofLoop = select;
                groups.add(new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory(0, () -> ofLoop)));
            }
            EventLoopGroup group = groups.get(groups.size() - 1);
            TcpOptions tcp = TcpOptions.of(self, all.stream().filter(peer -> peer != self).toList())
                    .withBounds(QUEUE_BYTES, QUEUE_BYTES);
            members.add(options == null || members.size() == overTcp ? new TcpMember(group.next(), tcp, core, self.serverId())
                    : new TcpMember(group.next(), self.serverId(), connector(group.next(), select, tcp, options), core));
        }
        for (TcpMember member : members) {
            member.start();
        }
        awaitLanes(0, 1, 2);
    }

    private TcpMember.Connector connector(EventLoop loop, PollingSelect select, TcpOptions tcp, RdmaOptions options) {
        Random random = new Random(tcp.self().serverId());
        int index = tcp.self().serverId() - 1;
        return (before, self, ensembleId, listener) -> transports[index] = before == null
                ? RdmaTransport.open(loop, select, self, ensembleId, tcp, options, random, listener)
                : ((RdmaTransport) before).reincarnate(self, ensembleId, listener);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    <T> T on(int index, Callable<T> task) {
        return groups.get(Math.min(index, groups.size() - 1)).next().submit(task).syncUninterruptibly().getNow();
    }

    RdmaTransport transport(int index) {
        return transports[index];
    }

    /** All of these are one view, and those with RDMA send all they have to each other over it. */
    void awaitLanes(int... indexes) {
        int lanes = (int) IntStream.of(indexes).filter(index -> transports[index] != null).count() - 1;
        await("a view of " + indexes.length + " with its lanes", () -> {
            for (int index : indexes) {
                ViewRecord view = on(index, members.get(index)::view);
                if (view == null || view.members().size() != indexes.length
                        || transports[index] != null && transports[index].counts().lanes() != lanes) {
                    return false;
                }
            }
            return true;
        });
    }

    int deliveredCount(int index) {
        return on(index, members.get(index).delivered()::size);
    }

    void awaitDelivered(int count, int... indexes) {
        await(count + " slots", () -> {
            for (int index : indexes) {
                if (deliveredCount(index) != count) {
                    return false;
                }
            }
            return true;
        });
    }

    /** Sleeps between looks: unlike {@link Guest#await}, so that the members have the processors. */
    void await(String what, BooleanSupplier holds) {
        long deadline = System.nanoTime() + 2L * Guest.TIMEOUT_MILLIS * 1_000_000;
        while (!holds.getAsBoolean()) {
            members.forEach(member -> {
                if (member.failure() != null) {
                    throw new AssertionError("a member failed", member.failure());
                }
            });
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited in vain: " + what + "; delivered " + deliveredCount(0) + ", "
                        + deliveredCount(1) + ", " + deliveredCount(2));
            }
            sleep(20);
        }
    }

    static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        members.forEach(TcpMember::kill);
        groups.forEach(group -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS));
    }
}
