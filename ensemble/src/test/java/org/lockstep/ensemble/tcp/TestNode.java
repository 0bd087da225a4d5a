package org.lockstep.ensemble.tcp;

import static org.junit.jupiter.api.Assertions.fail;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.PeerAddress;

/** One server's transport on an event loop of its own, and what it told. */
final class TestNode implements SideListener, AutoCloseable {
    static final long PATIENCE_MILLIS = 10_000;

    /** What came, in order. */
    record Arrived(MemberId from, Message message) {}

    final int id;
    final TcpOptions options;
    final List<String> events = new CopyOnWriteArrayList<>();
    final List<Arrived> arrived = new CopyOnWriteArrayList<>();
    private final EventLoopGroup group;
    private final UUID disk;
    private long incarnation = 1;
    UUID ensembleId;
    TcpTransport transport;
    /** Runs on the event loop for each message that comes. */
    volatile java.util.function.Consumer<Arrived> onArrival = arrived::add;
    volatile BulkAnswer onBulk = (from, head, stream) -> null;

    interface BulkAnswer {
        BulkReceiver answer(MemberId from, byte[] head, BulkReceiver.Stream stream);
    }

    TestNode(int id, TcpOptions options) {
        this(id, options, new UUID(id, 7));
    }

    TestNode(int id, TcpOptions options, UUID disk) {
        this.id = id;
        this.options = options;
        this.disk = disk;
        IoHandlerFactory io = Epoll.isAvailable() && id != 3 ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        group = new MultiThreadIoEventLoopGroup(1, io);
    }

    /** Servers 1 to {@code count} that know each other; none is open yet. The third one runs on NIO. */
    static List<TestNode> servers(int count) {
        List<PeerAddress> all = new ArrayList<>();
        for (int id = 1; id <= count; id++) {
            all.add(new PeerAddress(id, "127.0.0.1", Ports.free()));
        }
        List<TestNode> nodes = new ArrayList<>();
        for (PeerAddress self : all) {
            nodes.add(new TestNode(self.serverId(), TcpOptions.of(self, others(all, self))));
        }
        return nodes;
    }

    static List<PeerAddress> others(List<PeerAddress> all, PeerAddress self) {
        return all.stream().filter(peer -> !peer.equals(self)).toList();
    }

    EventLoop loop() {
        return group.next();
    }

    MemberId self() {
        return new MemberId(id, disk, incarnation);
    }

    TestNode open() throws IOException {
        transport = TcpTransport.open(loop(), self(), ensembleId, options, new Random(id), this);
        return this;
    }

    /** The process dies, and another begins on the same disk. */
    void restart() throws IOException {
        transport.close();
        incarnation++;
        open();
    }

    void reincarnate() {
        incarnation++;
        run(() -> transport = transport.reincarnate(self(), ensembleId, this));
    }

    void run(Runnable task) {
        call(() -> {
            task.run();
            return null;
        });
    }

    <T> T call(Callable<T> task) {
        return loop().submit(task).syncUninterruptibly().getNow();
    }

    void send(int to, Message message) {
        run(() -> {
            transport.send(to, message);
            transport.flush();
        });
    }

    boolean isConnected(int to) {
        return call(() -> transport.peer(to).connection() != null);
    }

    /** The connection breaks. */
    void cut(int to) {
        run(() -> {
            if (transport.peer(to).current() != null) {
                transport.peer(to).current().channel().close();
            }
        });
    }

    /** Stops or goes on to read what this server sends. */
    void read(int from, boolean value) {
        run(() -> transport.peer(from).current().channel().config().setAutoRead(value));
    }

    List<Message> messages() {
        return arrived.stream().map(Arrived::message).toList();
    }

    static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                fail("waited in vain: " + what);
            }
            sleep(5);
        }
    }

    static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static void awaitConnected(TestNode one, TestNode other) {
        await(one.id + " and " + other.id + " connect", () -> one.isConnected(other.id) && other.isConnected(one.id));
    }

    @Override
    public void onMessage(MemberId from, Message message) {
        onArrival.accept(new Arrived(from, message));
    }

    @Override
    public void onSide(MemberId from, byte[] content) {
        events.add("side " + from.serverId() + " " + new String(content, StandardCharsets.US_ASCII) + " behind " + arrived.size());
    }

    @Override
    public void onConnection(int serverId, boolean up) {
        events.add((up ? "up " : "down ") + serverId);
    }

    @Override
    public void onProcessGone(MemberId member) {
        events.add("gone " + member.serverId() + " as " + member.incarnation());
    }

    @Override
    public BulkReceiver onBulk(MemberId from, byte[] head, BulkReceiver.Stream stream) {
        return onBulk.answer(from, head, stream);
    }

    @Override
    public void close() {
        if (transport != null) {
            transport.close();
        }
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
