package org.lockstep.server.desk;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** A bare client whose handshake is sent and answered in two steps, so that a test can do something in between. */
final class DeskClient implements Closeable {
    static final int TIMEOUT_MILLIS = 1_000;
    private static final int PATIENCE_MILLIS = 10_000;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private int xid;
    long sessionId;
    byte[] password = new byte[16];
    int timeoutMillis;
    boolean readOnly;
    long lastZxid;

    /** A reply. */
    record Frame(int xid, long zxid, int err, JuteReader body) {}

    DeskClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = new DataOutputStream(socket.getOutputStream());
    }

    /** Asks for the session whose id, password and last zxid are set here; a new one while the id is 0. */
    DeskClient hello(boolean readOnlyWillDo) throws IOException {
        send(new JuteWriter().writeInt(0).writeLong(lastZxid).writeInt(TIMEOUT_MILLIS).writeLong(sessionId)
                .writeBuffer(password).writeBoolean(readOnlyWillDo));
        return this;
    }

    /** Takes the session over from {@code other}: id, password, and what it has seen. */
    DeskClient as(DeskClient other) {
        sessionId = other.sessionId;
        password = other.password;
        lastZxid = other.lastZxid;
        return this;
    }

    /** Waits for the answer to the handshake. */
    DeskClient welcomed() throws IOException {
        try {
            JuteReader answer = new JuteReader(frame());
            answer.readInt();
            timeoutMillis = answer.readInt();
            sessionId = answer.readLong();
            password = answer.readBuffer();
            readOnly = answer.readBoolean();
            return this;
        } catch (MalformedRecordException e) {
            throw new IOException(e);
        }
    }

    private void send(JuteWriter frame) throws IOException {
        byte[] bytes = new byte[Integer.BYTES + frame.length()];
        System.arraycopy(new JuteWriter().writeInt(frame.length()).array(), 0, bytes, 0, Integer.BYTES);
        System.arraycopy(frame.array(), 0, bytes, Integer.BYTES, frame.length());
        out.write(bytes);
        out.flush();
    }

    private byte[] frame() throws IOException {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        return frame;
    }

    void ask(int opcode, JuteWriter body) throws IOException {
        JuteWriter frame = new JuteWriter().writeInt(++xid).writeInt(opcode);
        frame.writeRaw(body.array(), 0, body.length());
        send(frame);
    }

    Frame answer() throws IOException {
        try {
            JuteReader reader = new JuteReader(frame());
            Frame frame = new Frame(reader.readInt(), reader.readLong(), reader.readInt(), reader);
            lastZxid = Math.max(lastZxid, frame.zxid());
            return frame;
        } catch (MalformedRecordException e) {
            throw new IOException(e);
        }
    }

    int call(int opcode, JuteWriter body) throws IOException {
        ask(opcode, body);
        return answer().err();
    }

    int create(String path, int flags) throws IOException {
        return call(OpCode.CREATE, createBody(path, flags));
    }

    int exists(String path) throws IOException {
        return call(OpCode.EXISTS, new JuteWriter().writeString(path).writeBoolean(false));
    }

    int ping() throws IOException {
        return call(OpCode.PING, new JuteWriter());
    }

    static JuteWriter createBody(String path, int flags) {
        return new JuteWriter().writeString(path).writeBuffer("d".getBytes(StandardCharsets.UTF_8))
                .writeInt(1).writeInt(Perms.ALL).writeString("world").writeString("anyone").writeInt(flags);
    }

    /** True when the server has closed the connection, or does so within the socket's timeout, and says nothing before that. */
    boolean isClosedWithoutAWord() throws IOException {
        try {
            return in.read() < 0;
        } catch (java.net.SocketException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
