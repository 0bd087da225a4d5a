package org.lockstep.server.desk;

import org.lockstep.server.replica.LostWrites;
import org.lockstep.server.replica.Pending;
import org.lockstep.server.replica.RequestOrder;
import org.lockstep.state.Identities;
import org.lockstep.state.Reply;
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
 * Gives sessions to clients that connect: new ones, or their own again, from whichever server they come.
 *
 * <p>Both are ordered requests. That is also why no client goes back in time: what it has seen was applied somewhere, so it
 * stands in the order before anything that is submitted now, and by the time its handshake is answered this server has applied
 * it too.
 */
final class Handshakes {
    private static final Logger LOG = LoggerFactory.getLogger(Handshakes.class);
    /** How often an attach that crossed another one is tried again, while its client waits. */
    private static final int ATTACH_ATTEMPTS_MAX = 3;

    private final RequestOrder order;
    private final StateMachine state;
    private final DeskOptions options;
    private final DeskClock clock;
    private final SessionIds ids;
    private final Sessions sessions;
    private final LostWrites lostWrites;
    private final JuteWriter body = new JuteWriter();

    Handshakes(RequestOrder order, DeskOptions options, DeskClock clock, SessionIds ids, Sessions sessions,
            LostWrites lostWrites) {
        this.order = order;
        this.state = order.state();
        this.options = options;
        this.clock = clock;
        this.ids = ids;
        this.sessions = sessions;
        this.lostWrites = lostWrites;
    }

    void connect(DeskConnection connection, ConnectRequest request) {
        if (request.lastZxidSeen() <= state.lastZxid()) {
            admit(connection, request);
        } else if (sessions.isAlone()) {
            refuseAsBehind(connection, request);
        } else {
            // Another server may be ahead: wait until what was ordered before now is applied here, then there is no doubt.
            body.reset();
            submit(reply -> connectBehindMarker(connection, request), OpCode.MARKER, 0, 0, Identities.NONE);
        }
    }

    private void connectBehindMarker(DeskConnection connection, ConnectRequest request) {
        if (!connection.channel.isOpen()) {
            return;
        }
        if (request.lastZxidSeen() <= state.lastZxid()) {
            admit(connection, request);
        } else {
            refuseAsBehind(connection, request);
        }
    }

    private void refuseAsBehind(DeskConnection connection, ConnectRequest request) {
        LOG.info("Refusing {}: it has seen zxid 0x{}, this server is at 0x{}; it must try another server",
                connection.channel.remoteAddress(), Long.toHexString(request.lastZxidSeen()),
                Long.toHexString(state.lastZxid()));
        connection.channel.close();
    }

    private void admit(DeskConnection connection, ConnectRequest request) {
        int timeoutMillis = options.negotiate(request.timeoutMillis());
        if (request.sessionId() == 0) {
            create(connection, timeoutMillis);
        } else if (isWelcome(connection, request)) {
            sessions.dismiss(request.sessionId());
            attach(connection, request.sessionId(), timeoutMillis, 1);
        }
    }

    private void submit(Pending pending, int opcode, long sessionId, int attach, Identities identities) {
        order.submit(pending, opcode, sessionId, attach, 0, identities.encoded(), body.array(), 0, body.length());
    }

    // ---- new sessions

    private void create(DeskConnection connection, int timeoutMillis) {
        long drawn = ids.draw();
        while (state.hasSession(drawn)) {
            drawn = ids.draw();
        }
        long sessionId = drawn;
        sessions.self().writeTo(body.reset().writeInt(timeoutMillis));
        submit(reply -> created(connection, sessionId, timeoutMillis, reply), OpCode.CREATE_SESSION, sessionId, 0,
                connection.identities);
    }

    private void created(DeskConnection connection, long sessionId, int timeoutMillis, Reply reply) {
        if (reply.err != ErrorCode.OK) {
            LOG.warn("Closing {}: its session 0x{} could not be made: error {}", connection.channel.remoteAddress(),
                    Long.toHexString(sessionId), reply.err);
            connection.channel.close();
            return;
        }
        begin(connection, new LocalSession(sessionId, timeoutMillis, 0, clock.nowMillis()));
    }

    private void begin(DeskConnection connection, LocalSession session) {
        sessions.guard(session);
        session.welcome(connection);
    }

    // ---- sessions that come again

    private boolean isWelcome(DeskConnection connection, ConnectRequest request) {
        long sessionId = request.sessionId();
        if (!SessionPasswords.matches(sessionId, request.password())) {
            connection.channel.refuseSession();
            return false;
        }
        if (sessions.isAlone() && !state.hasSession(sessionId)) {
            connection.channel.refuseSession(); // with others in the view, only the order knows
            return false;
        }
        if (lostWrites.includes(request.lastZxidSeen())) {
            LOG.warn("Expiring session 0x{}: its client has seen zxid 0x{}, which a power loss has taken back",
                    Long.toHexString(sessionId), Long.toHexString(request.lastZxidSeen()));
            sessions.dismiss(sessionId);
            sessions.expire(sessionId, expectedAttach(sessionId));
            connection.channel.refuseSession();
            return false;
        }
        return true;
    }

    /** The counter as it is known here; a session that is not known yet was made elsewhere a moment ago. */
    private int expectedAttach(long sessionId) {
        return Math.max(state.attach(sessionId), 0);
    }

    private void attach(DeskConnection connection, long sessionId, int timeoutMillis, int attempt) {
        sessions.self().writeTo(body.reset().writeInt(timeoutMillis));
        submit(reply -> attached(connection, sessionId, timeoutMillis, attempt, reply), OpCode.ATTACH_SESSION, sessionId,
                expectedAttach(sessionId), connection.identities);
    }

    private void attached(DeskConnection connection, long sessionId, int timeoutMillis, int attempt, Reply reply) {
        switch (reply.err) {
            case ErrorCode.OK -> begin(connection,
                    new LocalSession(sessionId, timeoutMillis, counterOf(reply), clock.nowMillis()));
            case ErrorCode.SESSION_EXPIRED -> connection.channel.refuseSession();
            case ErrorCode.SESSION_MOVED -> {
                // Another attach came first. If that client's latest connection is this one, it is still open.
                if (connection.channel.isOpen() && attempt < ATTACH_ATTEMPTS_MAX) {
                    attach(connection, sessionId, timeoutMillis, attempt + 1);
                } else {
                    connection.channel.close();
                }
            }
            default -> connection.channel.close();
        }
    }

    private static int counterOf(Reply reply) {
        try {
            return new JuteReader().wrap(reply.body.array(), 0, reply.body.length()).readInt();
        } catch (MalformedRecordException e) {
            throw new IllegalStateException("an attach was answered without its counter", e);
        }
    }
}
