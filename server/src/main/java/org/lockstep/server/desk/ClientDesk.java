package org.lockstep.server.desk;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.lockstep.metrics.Meters;
import org.lockstep.server.admin.ConnectionView;
import org.lockstep.server.admin.ServerStats;
import org.lockstep.server.replica.EnsembleView;
import org.lockstep.server.replica.LostWrites;
import org.lockstep.server.replica.RequestOrder;
import org.lockstep.server.replica.ViewListener;
import org.lockstep.state.StateMachine;
import org.lockstep.wire.door.ClientConnection;
import org.lockstep.wire.door.ClientConnection.Pause;
import org.lockstep.wire.door.ConnectRequest;
import org.lockstep.wire.door.Reception;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives clients: counts connections, passes handshakes to {@link Handshakes} and requests to {@link Requests}, and flushes
 * what they answered once per burst. Serves nobody before its first view, when cut off, and when excluded; then only {@link
 * ReadOnlySessions} are had, if at all.
 */
public final class ClientDesk implements Reception, ViewListener {
    private static final Logger LOG = LoggerFactory.getLogger(ClientDesk.class);
    /** A connection with this many requests waiting is not read until half of them are answered. */
    private static final int WAITING_PER_CONNECTION_MAX = 1024;
    /** ZooKeeper's patience, or a tick if that is longer: an ensemble that is only starting hands out no read-only sessions. */
    private static final int READ_ONLY_AFTER_MILLIS_MIN = 2_000;

    /** Answers four-letter words; null for a word it does not know. */
    public interface AdminWords {
        String answer(String word);
    }

    private final DeskOptions options;
    private final RequestOrder order;
    private final StateMachine state;
    private final ServerStats stats = new ServerStats();
    private final Sessions sessions;
    private final Handshakes handshakes;
    private final ReadOnlySessions readOnlySessions;
    private final Requests requests;
    private final Set<DeskConnection> connections = new LinkedHashSet<>();
    private final ConnectionLimits limits;
    private final List<DeskConnection> dirty = new ArrayList<>();
    private final List<DeskConnection> paused = new ArrayList<>();
    private final UnreadOutput unread;
    private AdminWords adminWords = word -> null;
    private final DeskClock clock;
    private final Attention attention;
    private final List<Future<?>> timers;
    private final Timer decodeTime;
    private boolean inBurst;
    private boolean burstWrites;
    private EnsembleView view;
    private boolean cutOff;
    private long unservedSinceMillis;

    public ClientDesk(EventLoop loop, RequestOrder order, DeskOptions options, LostWrites lostWrites, MetricRegistry metrics) {
        this(loop, order, options, lostWrites, metrics, new DeskClock(System::nanoTime),
                UnreadOutput.bytesMaxOfThisJvm());
    }

    /** @param unreadBytesMax how much may wait for all clients together */
    ClientDesk(EventLoop loop, RequestOrder order, DeskOptions options, LostWrites lostWrites, MetricRegistry metrics,
            DeskClock clock, long unreadBytesMax) {
        this.unread = new UnreadOutput(connections, unreadBytesMax);
        this.options = options;
        this.limits = new ConnectionLimits(options);
        this.clock = clock;
        this.unservedSinceMillis = clock.nowMillis();
        this.decodeTime = Meters.timer(metrics, "write.decode");
        this.order = order;
        this.state = order.state();
        SessionIds ids = new SessionIds(options.serverId(), System.currentTimeMillis());
        this.sessions = new Sessions(order, options, clock);
        this.handshakes = new Handshakes(order, options, clock, ids, sessions, lostWrites);
        this.readOnlySessions = new ReadOnlySessions(state, options, clock, ids);
        this.requests = new Requests(this, order, sessions, options);
        attention = new Attention(clock.nanos());
        order.setQuiet(() -> attention.isQuiet(System.nanoTime()));
        order.setRoomMade(this::resumePaused);
        order.setAroundDelivery(clock::refresh, this::afterDelivery);
        state.setSessionListener(sessions);
        timers = List.of(every(options.handshakeTimeoutMillis(), loop, this::closeSilent),
                every(sessions.lookMillis(), loop, this::look));
    }

    private static Future<?> every(long millis, EventLoop loop, Runnable task) {
        return loop.scheduleAtFixedRate(() -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                LOG.error("A timer of the client desk failed; it goes on", e); // the loop would end the timer without a word
            }
        }, millis, millis, TimeUnit.MILLISECONDS);
    }

    void look() {
        sessions.look();
        readOnlySessions.look();
    }

    /** Ends the desk: closes every connection, and stops the timers. Sessions stay in the state. */
    public void close() {
        timers.forEach(timer -> timer.cancel(false));
        closeConnections();
    }

    // ---- the ensemble

    /** To be called before the first view: as an observer, this server serves nobody until it hears that it is not cut off. */
    public void beginCutOff() {
        cutOff = true;
    }

    @Override
    public void viewBegan(EnsembleView newView) {
        boolean served = isServing();
        view = newView;
        sessions.viewBegan(newView);
        if (!served && isServing()) {
            closeConnections(); // those that could only read
        }
    }

    @Override
    public void cutOff(boolean value) {
        if (value == cutOff) {
            return;
        }
        cutOff = value;
        if (value) {
            LOG.warn("Cut off from a majority of the servers: {} connections are closed, clients must go elsewhere",
                    connections.size());
            unservedSinceMillis = clock.nowMillis();
            sessions.suspend();
        } else {
            sessions.resume();
        }
        closeConnections();
    }

    @Override
    public void excluded() {
        LOG.warn("Out of the view: {} connections are closed, clients must go elsewhere", connections.size());
        view = null;
        cutOff = false;
        unservedSinceMillis = clock.nowMillis();
        sessions.leaveView();
        closeConnections();
    }

    /** Whether clients can have sessions that write. */
    public boolean isServing() {
        return view != null && !cutOff;
    }

    /** Whether clients that ask for no more can read, and none can write. */
    public boolean isReadOnly() {
        return options.readOnlyMode() && !isServing()
                && clock.nowMillis() - unservedSinceMillis >= Math.max(READ_ONLY_AFTER_MILLIS_MIN, options.tickTimeMillis());
    }

    /** Whether this server is the one that does what must be done once in the ensemble. */
    public boolean isInCharge() {
        return isServing() && view.rank() == 0;
    }

    /** Whether requests came of late, all of them from one client. */
    public boolean hasSoleClient() {
        return attention.isSole(System.nanoTime());
    }

    public void setAdminWords(AdminWords words) {
        adminWords = words;
    }

    public ServerStats stats() {
        return stats;
    }

    /** Hands out the open connections, in the order in which they came; on the event loop. */
    public void forEachConnection(Consumer<ConnectionView> consumer) {
        for (DeskConnection connection : connections) {
            LocalSession session = connection.session;
            connection.channel.stats().queuedCount = connection.waitingCount;
            consumer.accept(new ConnectionView(connection.channel.remoteAddress(), connection.sessionId(),
                    session == null ? 0 : session.timeoutMillis,
                    clock.wallOf(session == null ? connection.acceptedMillis + options.handshakeTimeoutMillis()
                            : sessions.dueMillis(session)),
                    connection.channel.isReading(), connection.channel.stats()));
        }
    }

    public int connectionCount() {
        return connections.size();
    }

    /** Connections closed at once because of a limit. */
    public long rejectedCount() {
        return limits.rejectedCount();
    }

    public Sessions sessions() {
        return sessions;
    }

    // ---- Reception

    @Override
    public boolean onAccept(ClientConnection channel) {
        InetAddress address = channel.remoteAddress().getAddress();
        if (!limits.admit(channel.remoteAddress(), connections.size())) {
            return false;
        }
        DeskConnection connection = new DeskConnection(this, channel, address.getHostAddress(), clock.nowMillis());
        channel.attach(connection);
        connections.add(connection);
        return true;
    }

    @Override
    public void onConnect(ClientConnection channel, ConnectRequest request) {
        stats.received();
        if (isServing()) {
            handshakes.connect(of(channel), request);
        } else if (isReadOnly()) {
            readOnlySessions.connect(of(channel), request);
        } else {
            channel.close();
        }
    }

    @Override
    public void onRequest(ClientConnection channel, int xid, int opcode, byte[] frame, int offset, int length) {
        stats.received();
        DeskConnection connection = of(channel);
        if (!inBurst) {
            beginBurst(connection);
        }
        requests.receive(connection, xid, opcode, frame, offset, length);
        if (isOverLimit(connection)) {
            channel.pauseReading(Pause.OUTSTANDING_LIMIT);
            paused.add(connection);
        }
    }

    private void beginBurst(DeskConnection connection) {
        inBurst = true;
        clock.refresh();
        attention.heard(connection, clock.nanos());
    }

    private boolean isOverLimit(DeskConnection connection) {
        return connection.waitingCount >= WAITING_PER_CONNECTION_MAX
                || (connection.waitingCount > 0 && order.isFull());
    }

    @Override
    public void onReadComplete(ClientConnection channel) {
        if (burstWrites) {
            decodeTime.update(System.nanoTime() - clock.nanos(), TimeUnit.NANOSECONDS);
        }
        inBurst = false;
        burstWrites = false;
        channel.flush();
        if (channel.isOpen()) { // one that was refused is not known here
            unread.look(of(channel));
        }
    }

    @Override
    public String onFourLetterWord(ClientConnection channel, String word) {
        String answer = adminWords.answer(word);
        if (answer != null) {
            stats.received();
            stats.sent();
        }
        return answer;
    }

    @Override
    public void onWritabilityChanged(ClientConnection channel) {
        if (channel.isWritable()) {
            channel.resumeReading(Pause.SLOW_READER);
            channel.flush();
        } else {
            channel.pauseReading(Pause.SLOW_READER);
        }
    }

    @Override
    public void onClosed(ClientConnection channel) {
        DeskConnection connection = of(channel);
        connections.remove(connection);
        unread.gone(connection);
        attention.gone(connection);
        limits.closed(channel.remoteAddress().getAddress());
        state.removeWatcher(connection);
        if (connection.session != null && connection.session.connection == connection) {
            connection.session.connection = null;
        }
    }

    private static DeskConnection of(ClientConnection channel) {
        return (DeskConnection) channel.attachment();
    }

    // ---- bursts

    /** The current burst holds a request that will be ordered. */
    void burstWrites() {
        burstWrites = true;
    }

    DeskClock clock() {
        return clock;
    }

    /** Output was written to {@code connection}, perhaps outside of its own read burst; it is flushed after the delivery. */
    void wrote(DeskConnection connection) {
        if (!connection.awaitsFlush) {
            connection.awaitsFlush = true;
            dirty.add(connection);
        }
    }

    /** Ends connections, this or others, when too much waits for clients that do not read. */
    void lookAtOutput(DeskConnection connection) {
        unread.look(connection);
    }

    /** Events may have gone to any connection: flush those, then let paused ones read on. */
    private void afterDelivery() {
        for (int i = 0; i < dirty.size(); i++) {
            DeskConnection connection = dirty.get(i);
            connection.awaitsFlush = false;
            connection.channel.flush();
            unread.look(connection);
        }
        dirty.clear();
        resumePaused();
    }

    private void resumePaused() {
        if (paused.isEmpty() || order.isFull()) {
            return;
        }
        List<DeskConnection> waiting = List.copyOf(paused);
        paused.clear();
        for (DeskConnection connection : waiting) {
            if (connection.waitingCount > WAITING_PER_CONNECTION_MAX / 2 && connection.channel.isOpen()) {
                paused.add(connection);
            } else {
                connection.channel.resumeReading(Pause.OUTSTANDING_LIMIT);
                connection.channel.flush();
            }
        }
    }

    /** Closes connections that have not shaken hands in time. */
    private void closeSilent() {
        long deadline = clock.nowMillis() - options.handshakeTimeoutMillis();
        for (DeskConnection connection : List.copyOf(connections)) {
            if (connection.session == null && connection.acceptedMillis < deadline) {
                connection.channel.close();
            }
        }
    }

    /** Closes every connection; sessions stay. */
    public void closeConnections() {
        for (DeskConnection connection : List.copyOf(connections)) {
            connection.channel.close();
        }
    }
}
