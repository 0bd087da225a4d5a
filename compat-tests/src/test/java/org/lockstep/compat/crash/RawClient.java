package org.lockstep.compat.crash;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.lockstep.compat.wire.FrameSocket;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;

/** One ZooKeeper connection that pipelines: requests are sent as they come, replies are read as they come. Not thread-safe. */
final class RawClient implements Closeable {
    private static final int SOCKET_TIMEOUT_MILLIS = 30_000;
    private static final int BUFFER_BYTES = 1 << 16;

    private final FrameSocket socket;
    private final DataOutputStream out;
    private final long sessionId;
    private final byte[] password;
    private int lastXid;

    /**
     * A reply's header and where its body starts.
     *
     * @param receivedNanos System.nanoTime() as soon as the reply had come
     */
    record Reply(int xid, long zxid, int error, JuteReader body, long receivedNanos) {}

    /** The server refused to resume the session. */
    static final class SessionExpiredException extends IOException {
        private static final long serialVersionUID = 1L;

        SessionExpiredException(long sessionId) {
            super("session 0x" + Long.toHexString(sessionId) + " is unknown to the server");
        }
    }

    /** Connects with a new session, or, when {@code session} is not 0, resumes that one. */
    RawClient(int port, int timeoutMillis, long session, byte[] sessionPassword) throws IOException {
        socket = new FrameSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), SOCKET_TIMEOUT_MILLIS,
                SOCKET_TIMEOUT_MILLIS);
        try {
            out = new DataOutputStream(new BufferedOutputStream(socket.socket().getOutputStream(), BUFFER_BYTES));
            socket.send(FrameSocket.handshake(0, timeoutMillis, session, sessionPassword));
            JuteReader answer = new JuteReader(socket.readFrame());
            int protocol = answer.readInt();
            int negotiated = answer.readInt();
            sessionId = answer.readLong();
            password = answer.readBuffer();
            if (negotiated <= 0 || protocol != 0) {
                throw new SessionExpiredException(session);
            }
        } catch (IOException | MalformedRecordException e) {
            socket.close();
            throw e instanceof IOException io ? io : new IOException(e);
        }
    }

    RawClient(int port, int timeoutMillis) throws IOException {
        this(port, timeoutMillis, 0, new byte[16]);
    }

    long sessionId() {
        return sessionId;
    }

    byte[] password() {
        return password;
    }

    /** Puts a request into the send buffer; {@link #flush} sends it. Returns its xid. */
    int send(int opcode, JuteWriter body) throws IOException {
        lastXid++;
        out.writeInt(8 + body.length());
        out.writeInt(lastXid);
        out.writeInt(opcode);
        out.write(body.array(), 0, body.length());
        return lastXid;
    }

    void flush() throws IOException {
        out.flush();
    }

    /** Waits for the next reply; watch events are none, as no watch is ever set. */
    Reply receive() throws IOException {
        byte[] frame = socket.readFrame();
        long now = System.nanoTime();
        try {
            JuteReader body = new JuteReader(frame);
            return new Reply(body.readInt(), body.readLong(), body.readInt(), body, now);
        } catch (MalformedRecordException e) {
            throw new IOException(e);
        }
    }

    /** Cuts the connection; the session lives on. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
