package org.lockstep.server.desk;

import org.lockstep.state.StateMachine;
import org.lockstep.wire.door.ConnectRequest;

/**
 * Sessions of clients that are content with reading while this server is cut off from the others ({@code readonlymode.enabled}).
 *
 * <p>Nothing of them is in the replicated state, and nothing is done for the session that a client may have there: it runs out
 * unless another server hears of the client in time. Where ZooKeeper turns such a client away, it may read here under
 * its session's own id; it is told that it can only read, goes on looking for a server that can write, and learns there
 * whether its session still exists.
 */
final class ReadOnlySessions {
    /** Where the id of a read-only session comes from. */
    enum Origin {
        /** Drawn here, known nowhere else, gone with the connection. */
        LOCAL,
        /** The client's own, from before this server was cut off. */
        REPLICATED
    }

    private final StateMachine state;
    private final DeskOptions options;
    private final DeskClock clock;
    private final SessionIds ids;
    private final ExpiryQueue expiry;

    ReadOnlySessions(StateMachine state, DeskOptions options, DeskClock clock, SessionIds ids) {
        this.state = state;
        this.options = options;
        this.clock = clock;
        this.ids = ids;
        this.expiry = new ExpiryQueue(options.tickTimeMillis());
    }

    void connect(DeskConnection connection, ConnectRequest request) {
        boolean returns = request.sessionId() != 0;
        if (!request.readOnly() || request.lastZxidSeen() > state.lastZxid()) {
            connection.channel.close();
        } else if (returns && !SessionPasswords.matches(request.sessionId(), request.password())) {
            connection.channel.refuseSession();
        } else if (returns && !state.hasSession(request.sessionId())) {
            connection.channel.close(); // it may have been made where this server cannot see it
        } else {
            LocalSession session = new LocalSession(returns ? request.sessionId() : ids.draw(),
                    options.negotiate(request.timeoutMillis()), 0, returns ? Origin.REPLICATED : Origin.LOCAL,
                    clock.nowMillis());
            expiry.add(session);
            session.welcome(connection);
        }
    }

    /** Closes connections that have been silent for their timeout. */
    void look() {
        expiry.advance(clock.nowMillis(), Integer.MAX_VALUE, LocalSession::dismiss);
    }
}
