package org.lockstep.server.desk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.codahale.metrics.MetricRegistry;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.server.replica.EnsembleView;
import org.lockstep.server.replica.LostWrites;
import org.lockstep.server.replica.Pending;
import org.lockstep.server.replica.RequestOrder;
import org.lockstep.state.BatchReader;
import org.lockstep.state.BatchWriter;
import org.lockstep.state.Command;
import org.lockstep.state.Node;
import org.lockstep.state.Reply;
import org.lockstep.state.StateBase;
import org.lockstep.state.StateMachine;
import org.lockstep.state.StateOptions;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.door.ClientDoor;
import org.lockstep.wire.door.DoorOptions;
import org.lockstep.wire.door.SpinBeforeSleep;

/**
 * Several desks, each with its own state and its own door, over one order kept in memory. Everything runs on one event loop;
 * deadlines go by a clock that stands still unless it is told to go on.
 */
final class DeskRig implements AutoCloseable {
    private static final int TICK_MILLIS = 100;
    private static final long START_MILLIS = 1_000_000;
    /** How much may wait for the clients of one server together. */
    static final long UNREAD_BYTES_MAX = 24L << 20;

    final List<Server> servers = new ArrayList<>();
    private final EventLoopGroup group = ClientDoor.newEventLoop("desks", new SpinBeforeSleep(0));
    private final EventLoop loop = group.next();
    private final List<Entry> log = new ArrayList<>();
    private long nowNanos = TimeUnit.MILLISECONDS.toNanos(START_MILLIS);
    private boolean stalled;
    private boolean scheduled;
    private long viewId;

    /** One ordered request, with the server that sent it and waits for it. */
    private record Entry(Server sender, int life, byte[] batch, List<Pending> turns) {}

    DeskRig(int count) throws Exception {
        this(count, false);
    }

    DeskRig(int count, boolean readOnlyMode) throws Exception {
        for (int id = 1; id <= count; id++) {
            servers.add(new Server(id, readOnlyMode));
        }
    }

    Server server(int id) {
        return servers.get(id - 1);
    }

    /** One of the servers: its place in the order, its state, its desk. */
    final class Server implements RequestOrder {
        final int id;
        final StateMachine state = new StateMachine(new EmptyBase(), StateOptions.DEFAULTS);
        final LostWrites lostWrites = LostWrites.decode(null);
        final ClientDesk desk;
        final ClientDoor door;
        private final Deque<Entry> own = new ArrayDeque<>();
        private final List<Entry> held = new ArrayList<>();
        private final BatchWriter batch = new BatchWriter();
        private final BatchReader reader = new BatchReader();
        private final Command command = new Command();
        private final Reply reply = new Reply();
        private Runnable before = () -> {};
        private Runnable after = () -> {};
        private Runnable roomMade = () -> {};
        private boolean holding;
        private boolean lagging;
        private boolean full;
        private int life;
        private int cursor;

        Server(int id, boolean readOnlyMode) throws Exception {
            this.id = id;
            DeskOptions options = new DeskOptions(id, TICK_MILLIS, 2 * TICK_MILLIS, 20 * TICK_MILLIS, 0, 0, 60_000, true, "SHA1",
                    null, readOnlyMode);
            desk = on(() -> new ClientDesk(loop, this, options, lostWrites, new MetricRegistry(),
                    new DeskClock(() -> nowNanos), UNREAD_BYTES_MAX));
            door = ClientDoor.open(loop, new DoorOptions(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50, 1 << 20,
                    false), desk);
        }

        MemberId self() {
            return new MemberId(id, new UUID(0, id), 1000L * id + life);
        }

        DeskClient client() throws Exception {
            return new DeskClient(door.address().getPort());
        }

        /** A client with a new session. */
        DeskClient connect() throws Exception {
            return client().hello(false).welcomed();
        }

        /** A connection that asks for the session of {@code other}. */
        DeskClient resume(DeskClient other) throws Exception {
            return client().as(other).hello(false);
        }

        int guardedCount() {
            return on(() -> desk.sessions().count());
        }

        long expiredCount() {
            return on(() -> desk.sessions().expiredCount());
        }

        boolean hasSession(long sessionId) {
            return on(() -> state.hasSession(sessionId));
        }

        /** From here on what this server submits does not get into the order, until {@link #release}. */
        void hold() {
            run(() -> holding = true);
        }

        void release() {
            run(() -> {
                holding = false;
                log.addAll(held);
                held.clear();
                schedule();
            });
            settle();
        }

        /** Whether this server has submitted something that is held. */
        void awaitHeld(int count) throws InterruptedException {
            await(() -> on(() -> held.size()) >= count);
        }

        /** From here on this server applies nothing, until told that it lags no more. */
        void lag(boolean value) {
            run(() -> {
                lagging = value;
                schedule();
            });
            settle();
        }

        void beginCutOff() {
            run(desk::beginCutOff);
        }

        void cutOff(boolean value) {
            run(() -> desk.cutOff(value));
        }

        /** Its process is out of the view: what it had submitted is forgotten, and it will come back as another one. */
        void exclude() {
            run(() -> {
                own.clear();
                held.clear();
                holding = false;
                life++;
                desk.excluded();
            });
        }

        @Override
        public StateMachine state() {
            return state;
        }

        @Override
        public void submit(Pending pending, int opcode, long sessionId, int attach, int cxid, byte[] ids, byte[] body, int offset,
                int length) {
            batch.begin(TimeUnit.NANOSECONDS.toMillis(nowNanos));
            batch.add(opcode, sessionId, attach, cxid, ids, body, offset, length);
            Entry entry = new Entry(this, life, batch.toByteArray(), new ArrayList<>(List.of(pending)));
            own.add(entry);
            (holding ? held : log).add(entry);
            schedule();
        }

        @Override
        public void afterOwnWrites(Pending read) {
            if (own.isEmpty()) {
                read.onTurn(null);
            } else {
                own.getLast().turns().add(read);
            }
        }

        private void deliver() {
            if (lagging || cursor == log.size()) {
                return;
            }
            before.run();
            while (cursor < log.size()) {
                apply(log.get(cursor++));
            }
            after.run();
        }

        private void apply(Entry entry) {
            try {
                reader.wrap(entry.batch(), 0, entry.batch().length).next(command);
                state.apply(reader.timeMillis(), command, reply);
            } catch (MalformedRecordException e) {
                throw new IllegalStateException(e);
            }
            if (entry.sender() == this && entry.life() == life) {
                assertEquals(entry, own.poll());
                entry.turns().get(0).onTurn(reply);
                entry.turns().subList(1, entry.turns().size()).forEach(read -> read.onTurn(null));
            }
        }

        /** Whether it takes in more requests. */
        void full(boolean value) {
            run(() -> {
                full = value;
                roomMade.run();
            });
        }

        @Override
        public boolean isFull() {
            return full;
        }

        @Override
        public boolean awaitFlush(Runnable released) {
            return false;
        }

        @Override
        public void setQuiet(BooleanSupplier isQuiet) {
            // nothing here depends on it
        }

        @Override
        public void setRoomMade(Runnable task) {
            roomMade = task;
        }

        @Override
        public void setAroundDelivery(Runnable newBefore, Runnable newAfter) {
            before = newBefore;
            after = newAfter;
        }
    }

    /** A view of these servers begins. What is in the order is applied first, as the end of the view before. */
    void beginView(Server... members) {
        beginView(List.of(), members);
    }

    void beginView(List<Server> observers, Server... members) {
        List<MemberId> ids = Arrays.stream(members).map(Server::self).toList();
        run(() -> {
            viewId++;
            deliver();
            servers.forEach(server -> server.state.beginView(viewId)); // who is outside learns it too
            for (Server member : members) {
                member.desk.viewBegan(new EnsembleView(viewId, member.self(), ids));
            }
            observers.forEach(observer -> observer.desk.viewBegan(new EnsembleView(viewId, observer.self(), ids)));
        });
        settle();
    }

    void beginView() {
        beginView(servers.toArray(new Server[0]));
    }

    /** The order stands still: requests get into it and are not applied anywhere. */
    void stall(boolean value) {
        run(() -> {
            stalled = value;
            schedule();
        });
        settle();
    }

    /** Waits until the order holds this many requests. */
    void awaitOrdered(int count) throws InterruptedException {
        await(() -> on(log::size) >= count);
    }

    int orderedCount() {
        return on(log::size);
    }

    /** Lets time pass in small steps, with the desks awake. */
    void advance(int millis) {
        for (int passed = 0; passed < millis; passed += TICK_MILLIS) {
            leap(TICK_MILLIS);
        }
    }

    /** Lets time pass in one step, as for a process that was stopped meanwhile. */
    void leap(int millis) {
        run(() -> {
            nowNanos += TimeUnit.MILLISECONDS.toNanos(millis);
            servers.forEach(server -> server.desk.look());
        });
        settle();
    }

    private void schedule() {
        if (!scheduled && !stalled) {
            scheduled = true;
            loop.execute(this::deliver);
        }
    }

    private void deliver() {
        scheduled = false;
        servers.forEach(Server::deliver);
    }

    private void settle() {
        while (on(() -> scheduled)) {
            Thread.onSpinWait();
        }
    }

    static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited in vain");
            }
            Thread.sleep(1);
        }
    }

    void run(Runnable task) {
        loop.submit(task).syncUninterruptibly();
    }

    <T> T on(Callable<T> task) {
        return loop.submit(task).syncUninterruptibly().getNow();
    }

    /** Calls {@code check} with every server's state; first makes sure that all are at the same place. */
    void everywhere(Consumer<StateMachine> check) {
        run(() -> {
            for (Server server : servers) {
                assertEquals(log.size(), server.cursor, "server " + server.id + " has not applied everything");
                assertEquals(servers.get(0).state.digest(), server.state.digest(), "server " + server.id + " differs");
                check.accept(server.state);
            }
        });
    }

    @Override
    public void close() {
        servers.forEach(server -> server.door.close());
        run(() -> servers.forEach(server -> server.desk.close()));
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** Nothing was ever checkpointed. */
    private static final class EmptyBase implements StateBase {
        @Override
        public Node find(String path) {
            return null;
        }

        @Override
        public void forEachChild(String path, Consumer<String> visitor) {
            // no node has any
        }

        @Override
        public void forEach(Table table, EntryVisitor visitor) {
            // every table is empty
        }
    }
}
