package org.lockstep.server.desk;

import io.netty.channel.EventLoop;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.lockstep.server.admin.ServerView;
import org.lockstep.server.replica.RequestOrder;
import org.lockstep.state.Identities;
import org.lockstep.state.Reply;
import org.lockstep.state.SessionListener;
import org.lockstep.state.StateMachine;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.door.ConnectRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions this server owns: making, resuming, touching, expiring and closing them.
 *
 * <p>A session exists in the replicated state; here is only what its owner needs to know. Touching is local and costs nothing.
 * Resuming is an ordered attach that bumps the session's attach counter, and an expiry carries the counter it was decided
 * under, so an expiry that crosses a resume is refused.
 */
public final class Sessions implements SessionListener {
    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
    /** How often the expiry queue is looked at; expiry itself is rounded to ticks. */
    private static final int LOOK_MILLIS_MAX = 100;
    /** A look that comes later than this says that the event loop stood still. */
    private static final int LATE_MILLIS_MAX = 200;
    private static final int WORTH_A_WARNING_MILLIS = 1_000;

    private final RequestOrder order;
    private final StateMachine state;
    private final DeskOptions options;
    private final SessionIds ids;
    private final ExpiryQueue expiry;
    private final Map<Long, LocalSession> owned = new HashMap<>();
    private final LostWrites lostWrites;
    private final JuteWriter body = new JuteWriter();
    private long lookMillis;
    private long lastLookMillis;
    private long expiredCount;

    Sessions(RequestOrder order, DeskOptions options, LostWrites lostWrites) {
        this.lostWrites = lostWrites;
        this.order = order;
        this.state = order.state();
        this.options = options;
        this.ids = new SessionIds(options.serverId(), System.currentTimeMillis());
        this.expiry = new ExpiryQueue(options.tickTimeMillis());
    }

    /** Every known session gets a full timeout from now: time in which nobody served does not count. */
    void start(EventLoop loop) {
        long now = ClientDesk.nowMillis();
        state.forEachSession(sessionId -> own(new LocalSession(sessionId, state.sessionTimeoutMillis(sessionId),
                state.attach(sessionId), now)));
        lastLookMillis = now;
        lookMillis = Math.min(LOOK_MILLIS_MAX, options.tickTimeMillis());
        loop.scheduleAtFixedRate(this::look, lookMillis, lookMillis, TimeUnit.MILLISECONDS);
    }

    /**
     * Expires who was silent too long. Time in which this server itself stood still (a stopped process, a machine that pauses) does
     * not count: what its clients sent meanwhile still waits in the sockets.
     */
    private void look() {
        long now = ClientDesk.nowMillis();
        long sleptMillis = now - lastLookMillis - lookMillis;
        lastLookMillis = now;
        if (sleptMillis > LATE_MILLIS_MAX) {
            if (sleptMillis > WORTH_A_WARNING_MILLIS) {
                LOG.warn("This server stood still for {} ms; sessions get that time on top", sleptMillis);
            }
            for (LocalSession session : owned.values()) {
                session.lastHeardMillis = Math.min(now, session.lastHeardMillis + sleptMillis);
            }
        }
        expiry.advance(now, this::expireSilent);
    }

    private void own(LocalSession session) {
        owned.put(session.id, session);
        expiry.add(session);
    }

    /** The sessions this server owns; for the admin surface, on the event loop. */
    public int count() {
        return owned.size();
    }

    /** Sessions expired since the start. */
    public long expiredCount() {
        return expiredCount;
    }

    /** Hands out every owned session with the wall clock of its expiry. */
    public void forEachExpiry(ServerView.SessionConsumer visitor) {
        for (LocalSession session : owned.values()) {
            visitor.accept(session.id, ClientDesk.wallOf(dueMillis(session)));
        }
    }

    /** When {@code session} expires unless it is heard of again, by the monotonic clock. */
    long dueMillis(LocalSession session) {
        return expiry.dueMillis(session);
    }

    void touch(LocalSession session, long nowMillis) {
        session.lastHeardMillis = nowMillis;
    }

    // ---- handshake

    void connect(DeskConnection connection, ConnectRequest request) {
        if (request.lastZxidSeen() > state.lastZxid()) {
            LOG.info("Refusing {}: it has seen zxid 0x{}, this server is at 0x{}; it must try another server",
                    connection.channel.remoteAddress(), Long.toHexString(request.lastZxidSeen()),
                    Long.toHexString(state.lastZxid()));
            connection.channel.close();
            return;
        }
        int timeoutMillis = Math.min(Math.max(request.timeoutMillis(), options.minSessionTimeoutMillis()),
                options.maxSessionTimeoutMillis());
        if (request.sessionId() == 0) {
            create(connection, timeoutMillis);
        } else {
            resume(connection, request, timeoutMillis);
        }
    }

    private void create(DeskConnection connection, int timeoutMillis) {
        long sessionId = ids.draw();
        while (state.hasSession(sessionId) || owned.containsKey(sessionId)) {
            sessionId = ids.draw();
        }
        LocalSession session = new LocalSession(sessionId, timeoutMillis, 0, ClientDesk.nowMillis());
        body.reset().writeInt(timeoutMillis);
        order.submit(reply -> created(connection, session, reply), OpCode.CREATE_SESSION, sessionId, 0, 0,
                connection.identities.encoded(), body.array(), 0, body.length());
    }

    private void created(DeskConnection connection, LocalSession session, Reply reply) {
        if (reply.err != ErrorCode.OK) {
            connection.channel.close();
            return;
        }
        session.attach = state.attach(session.id);
        session.lastHeardMillis = ClientDesk.nowMillis();
        own(session);
        welcome(connection, session);
    }

    private void resume(DeskConnection connection, ConnectRequest request, int timeoutMillis) {
        long sessionId = request.sessionId();
        LocalSession session = owned.get(sessionId);
        if (session == null || session.closing || !SessionPasswords.matches(sessionId, request.password())) {
            connection.channel.refuseSession();
            return;
        }
        if (lostWrites.includes(request.lastZxidSeen())) {
            LOG.warn("Expiring session 0x{}: its client has seen zxid 0x{}, which a power loss has taken back",
                    Long.toHexString(sessionId), Long.toHexString(request.lastZxidSeen()));
            expire(session);
            connection.channel.refuseSession();
            return;
        }
        touch(session, ClientDesk.nowMillis());
        dismiss(session);
        body.reset().writeInt(timeoutMillis);
        order.submit(reply -> resumed(connection, session, timeoutMillis, reply), OpCode.ATTACH_SESSION, sessionId,
                session.attach, 0, connection.identities.encoded(), body.array(), 0, body.length());
    }

    private void resumed(DeskConnection connection, LocalSession session, int timeoutMillis, Reply reply) {
        if (reply.err != ErrorCode.OK) {
            connection.channel.refuseSession();
            return;
        }
        dismiss(session);
        try {
            session.attach = new JuteReader().wrap(reply.body.array(), 0, reply.body.length()).readInt();
        } catch (MalformedRecordException e) {
            throw new IllegalStateException("an attach was answered without its counter", e);
        }
        session.timeoutMillis = timeoutMillis;
        touch(session, ClientDesk.nowMillis());
        welcome(connection, session);
    }

    /** Closes the connection that holds {@code session}, if any: a session has one at a time. */
    private void dismiss(LocalSession session) {
        DeskConnection old = session.connection;
        if (old != null) {
            session.connection = null;
            old.channel.close();
        }
    }

    private void welcome(DeskConnection connection, LocalSession session) {
        if (!connection.channel.isOpen()) {
            return; // gone meanwhile; the session waits for its client until it expires
        }
        session.connection = connection;
        connection.session = session;
        connection.channel.acceptSession(session.timeoutMillis, session.id, SessionPasswords.of(session.id), false);
        connection.countSent();
    }

    void disconnected(DeskConnection connection) {
        if (connection.session != null && connection.session.connection == connection) {
            connection.session.connection = null;
        }
    }

    // ---- the end

    private void expireSilent(LocalSession session) {
        LOG.info("Session 0x{} expires: nothing heard for {} ms", Long.toHexString(session.id), session.timeoutMillis);
        expire(session);
    }

    private void expire(LocalSession session) {
        session.closing = true;
        expiredCount++;
        order.submit(reply -> expiryApplied(session, reply), OpCode.EXPIRE_SESSION, session.id, session.attach, 0,
                Identities.NONE.encoded(), body.array(), 0, 0);
    }

    private void expiryApplied(LocalSession session, Reply reply) {
        if (reply.err != ErrorCode.OK && owned.get(session.id) == session) {
            session.closing = false; // it was resumed in between, and lives
            session.attach = state.attach(session.id);
            expiry.add(session);
        }
    }

    @Override
    public void sessionClosed(long sessionId) {
        LocalSession session = owned.remove(sessionId);
        if (session == null) {
            return;
        }
        session.closing = true;
        DeskConnection connection = session.connection;
        session.connection = null;
        if (connection != null && !connection.closesItself) {
            connection.closeBehindOutput();
        }
    }
}
