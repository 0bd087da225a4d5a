package org.lockstep.compat.consistency;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.compat.wire.FrameSocket;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/** A client on bare sockets: it knows the zxid of every reply, and moves between servers when told to. */
final class RawNodeClient implements NodeClient {
    private static final int CONNECT_TIMEOUT_MILLIS = 1000;
    private static final int RETRY_MILLIS = 20;
    private static final int PASSWORD_BYTES = 16;

    private final List<InetSocketAddress> servers;
    private final int sessionTimeoutMillis;
    private int server;
    private FrameSocket socket;
    private long session;
    private byte[] password = new byte[PASSWORD_BYTES];
    private long lastZxid;
    private int lastXid;

    /**
     * Connects at the first request.
     *
     * @param server where to begin; the others follow in their order when it does not serve
     */
    RawNodeClient(List<InetSocketAddress> servers, int server, int sessionTimeoutMillis) {
        this.servers = servers;
        this.server = server;
        this.sessionTimeoutMillis = sessionTimeoutMillis;
    }

    /** Leaves the server; the session goes on at that one. */
    void moveTo(int newServer) {
        disconnect();
        server = newServer;
    }

    /** Forgets the session without closing it: it expires. */
    void abandon() {
        disconnect();
        forgetSession();
    }

    long session() {
        return session;
    }

    @Override
    public Answer ask(List<Part> parts, boolean synced, Flavour flavour) throws InterruptedException {
        connect();
        long asking = session;
        try {
            if (synced) {
                send(OpCode.SYNC, new JuteWriter().writeString("/"));
            }
            int opcode = Requests.opcode(parts);
            send(opcode, Requests.body(parts, flavour));
            if (synced) {
                Reply sync = receive();
                if (sync.error != ErrorCode.OK) {
                    throw new IOException("sync failed with " + sync.error);
                }
            }
            Reply reply = receive();
            List<Part> answered = Requests.answered(parts, reply.error, reply.body);
            return new Answer(status(answered), asking, answered, reply.zxid);
        } catch (IOException | MalformedRecordException e) {
            disconnect();
            server = (server + 1) % servers.size();
            return new Answer(Status.UNKNOWN, asking, parts, 0);
        }
    }

    private static Status status(List<Part> answered) throws IOException {
        Status status = Status.OK;
        for (Part part : answered) {
            switch (part.error()) {
                case ErrorCode.OK, ErrorCode.RUNTIME_INCONSISTENCY -> { }
                case ErrorCode.NO_NODE, ErrorCode.NODE_EXISTS, ErrorCode.BAD_VERSION -> status = Status.REFUSED;
                default -> throw new IOException("error " + part.error());
            }
        }
        return status;
    }

    @Override
    public Answer closeSession() throws InterruptedException {
        connect();
        long asking = session;
        try {
            send(OpCode.CLOSE_SESSION, new JuteWriter());
            Reply reply = receive();
            return new Answer(Status.OK, asking, List.of(), reply.zxid);
        } catch (IOException | MalformedRecordException e) {
            return new Answer(Status.UNKNOWN, asking, List.of(), 0);
        } finally {
            abandon();
        }
    }

    /** A reply's header and its body. */
    private record Reply(long zxid, int error, JuteReader body) {}

    private void connect() throws InterruptedException {
        while (socket == null) {
            try {
                open();
            } catch (IOException | MalformedRecordException e) {
                disconnect();
                server = (server + 1) % servers.size();
                Thread.sleep(RETRY_MILLIS);
            }
        }
    }

    private void open() throws IOException, MalformedRecordException {
        // Whoever waits longer for an answer risks its session.
        socket = new FrameSocket(servers.get(server), CONNECT_TIMEOUT_MILLIS, sessionTimeoutMillis / 2);
        socket.send(FrameSocket.handshake(lastZxid, sessionTimeoutMillis, session, password));
        JuteReader answer = new JuteReader(socket.readFrame());
        answer.readInt();
        if (answer.readInt() <= 0) {
            forgetSession();
            throw new IOException("session expired");
        }
        session = answer.readLong();
        password = answer.readBuffer();
    }

    private void forgetSession() {
        session = 0;
        password = new byte[PASSWORD_BYTES];
    }

    private void send(int opcode, JuteWriter body) throws IOException {
        JuteWriter frame = FrameSocket.newFrame().writeInt(++lastXid).writeInt(opcode);
        frame.writeRaw(body.array(), 0, body.length());
        socket.send(frame);
    }

    private Reply receive() throws IOException, MalformedRecordException {
        JuteReader body = new JuteReader(socket.readFrame());
        body.readInt();
        long zxid = body.readLong();
        lastZxid = Math.max(lastZxid, zxid);
        return new Reply(zxid, body.readInt(), body);
    }

    private void disconnect() {
        if (socket != null) {
            try {
                socket.close();
            } catch (IOException ignored) {
                // nothing is left to be done with it
            }
            socket = null;
        }
    }

    @Override
    public void close() {
        disconnect();
    }
}
