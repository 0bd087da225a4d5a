package org.lockstep.server.desk;

import java.util.Arrays;
import org.lockstep.server.desk.ReadOnlySessions.Origin;
import org.lockstep.server.replica.Pending;
import org.lockstep.server.replica.RequestOrder;
import org.lockstep.state.Reply;
import org.lockstep.state.StateMachine;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/**
 * What becomes of a client's requests: ordered ones go to the replica, the rest is answered from the applied state, each in
 * the order in which its connection sent it.
 *
 * <p>A read waits only for its own client's earlier writes: with none outstanding it is answered on the spot, otherwise it takes
 * its turn right behind them, so it sees them and nothing that its client sent later.
 */
final class Requests {
    private static final long ZXID_UNKNOWN_OPCODE = -1;
    /** What a ping is answered with, whatever it was sent with. */
    private static final int PING_XID = -2;

    private final ClientDesk desk;
    private final RequestOrder order;
    private final StateMachine state;
    private final Sessions sessions;
    private final Authentication authentication;
    private final QuotaLog quotaLog = new QuotaLog();
    private final JuteReader reader = new JuteReader();
    private final JuteWriter out = new JuteWriter();

    Requests(ClientDesk desk, RequestOrder order, Sessions sessions, DeskOptions options) {
        this.desk = desk;
        this.order = order;
        this.state = order.state();
        this.sessions = sessions;
        this.authentication = new Authentication(options);
    }

    void receive(DeskConnection connection, int xid, int opcode, byte[] frame, int offset, int length) {
        long nowNanos = desk.clock().nanos();
        sessions.touch(connection.session, nowNanos / 1_000_000);
        if (opcode == OpCode.AUTH || opcode == OpCode.SASL) {
            authenticate(connection, xid, opcode, frame, offset, length);
        } else if (OpCode.isOrdered(opcode) && OpCode.isClientRequest(opcode)) {
            if (connection.session.isReadOnly()) {
                answerReadOnly(connection, xid, opcode, nowNanos);
                return;
            }
            submit(connection, xid, opcode, frame, offset, length, nowNanos);
        } else if (connection.waitingCount > 0) {
            byte[] record = Arrays.copyOfRange(frame, offset, offset + length);
            connection.waitingCount++;
            order.afterOwnWrites(new QueuedRead(connection, xid, opcode, record, nowNanos));
        } else {
            answer(connection, xid, opcode, frame, offset, length, nowNanos);
        }
    }

    // ---- ordered

    private void submit(DeskConnection connection, int xid, int opcode, byte[] frame, int offset, int length, long nowNanos) {
        LocalSession session = connection.session;
        if (opcode == OpCode.CLOSE_SESSION) {
            session.closing = true;
            connection.closesItself = true;
        }
        connection.waitingCount++;
        desk.burstWrites();
        order.submit(new Ordered(connection, xid, opcode, nowNanos), opcode, session.id, session.attach, xid,
                connection.identities.encoded(), frame, offset, length);
    }

    /** What a server that is cut off has to say to a request that must be ordered. It can end the sessions that it made. */
    private void answerReadOnly(DeskConnection connection, int xid, int opcode, long nowNanos) {
        boolean farewell = opcode == OpCode.CLOSE_SESSION && connection.session.readOnlyOrigin == Origin.LOCAL;
        connection.channel.reply(xid, state.lastZxid(), farewell ? ErrorCode.OK : ErrorCode.NOT_READ_ONLY, null);
        answered(connection, opcode, xid, state.lastZxid(), nowNanos);
        if (farewell) {
            connection.closeBehindOutput();
        }
    }

    /** An ordered request of a client of this server, waiting to be applied. */
    private final class Ordered implements Pending {
        private final DeskConnection connection;
        private final int xid;
        private final int opcode;
        private final long receivedNanos;

        Ordered(DeskConnection connection, int xid, int opcode, long receivedNanos) {
            this.connection = connection;
            this.xid = xid;
            this.opcode = opcode;
            this.receivedNanos = receivedNanos;
        }

        @Override
        public void onTurn(Reply reply) {
            connection.waitingCount--;
            if (reply.err == ErrorCode.SESSION_MOVED) {
                connection.channel.close();
                return;
            }
            if (opcode == OpCode.SYNC) {
                holdUntilFlushed(connection);
            }
            if (reply.quotaExcess != null) {
                quotaLog.note(reply.quotaExcess, connection.sessionId(), desk.clock().nowMillis());
            }
            connection.channel.reply(xid, reply.zxid, reply.err, reply.body);
            desk.wrote(connection);
            answered(connection, opcode, xid, reply.zxid, receivedNanos);
            if (opcode == OpCode.CLOSE_SESSION) {
                connection.closeBehindOutput();
            }
        }
    }

    /** Under write-barrier the answer to a sync, and all that follows it, leaves when everything before it is on the medium. */
    private void holdUntilFlushed(DeskConnection connection) {
        if (order.awaitFlush(connection::release)) {
            connection.hold();
        }
    }

    // ---- local

    /** A read behind its client's own writes. */
    private final class QueuedRead implements Pending {
        private final DeskConnection connection;
        private final int xid;
        private final int opcode;
        private final byte[] record;
        private final long receivedNanos;

        QueuedRead(DeskConnection connection, int xid, int opcode, byte[] record, long receivedNanos) {
            this.connection = connection;
            this.xid = xid;
            this.opcode = opcode;
            this.record = record;
            this.receivedNanos = receivedNanos;
        }

        @Override
        public void onTurn(Reply none) {
            connection.waitingCount--;
            if (connection.channel.isOpen()) {
                answer(connection, xid, opcode, record, 0, record.length, receivedNanos);
                desk.wrote(connection);
                desk.lookAtOutput(connection); // many such reads have their turn in one delivery
            }
        }
    }

    private void answer(DeskConnection connection, int xid, int opcode, byte[] frame, int offset, int length, long receivedNanos) {
        if (!OpCode.isClientRequest(opcode)) {
            connection.channel.reply(xid, ZXID_UNKNOWN_OPCODE, ErrorCode.UNIMPLEMENTED, null);
            connection.countSent();
            connection.closeBehindOutput();
            return;
        }
        long zxid = state.lastZxid();
        if (opcode == OpCode.PING) {
            connection.channel.reply(PING_XID, zxid, ErrorCode.OK, null);
        } else {
            int err = read(connection, opcode, frame, offset, length);
            connection.channel.reply(xid, zxid, err, out);
        }
        answered(connection, opcode, xid, zxid, receivedNanos);
    }

    private int read(DeskConnection connection, int opcode, byte[] frame, int offset, int length) {
        out.reset();
        try {
            return state.read(opcode, connection.session.id, connection.identities, reader.wrap(frame, offset, length), connection,
                    out);
        } catch (MalformedRecordException e) {
            return ErrorCode.MARSHALLING_ERROR;
        }
    }

    private void answered(DeskConnection connection, int opcode, int xid, long zxid, long receivedNanos) {
        long latencyMillis = (desk.clock().nanos() - receivedNanos) / 1_000_000;
        desk.stats().sent();
        desk.stats().answered(latencyMillis, OpCode.isOrdered(opcode) && opcode != OpCode.SYNC);
        connection.channel.stats().answered(opcode, xid, zxid, desk.clock().wallMillis(), latencyMillis);
    }

    // ---- authentication, at receipt, beside the order

    private void authenticate(DeskConnection connection, int xid, int opcode, byte[] frame, int offset, int length) {
        out.reset();
        int err = opcode == OpCode.SASL
                ? authentication.sasl(reader.wrap(frame, offset, length), out)
                : authentication.auth(connection, reader.wrap(frame, offset, length));
        connection.channel.reply(xid, 0, err, out);
        connection.countSent();
        if (err != ErrorCode.OK) {
            connection.closeBehindOutput();
        }
    }
}
