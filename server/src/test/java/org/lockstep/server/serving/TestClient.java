package org.lockstep.server.serving;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** A bare ZooKeeper client: requests are sent when told, frames are read one by one, nothing is hidden. */
public final class TestClient implements Closeable {
    public static final int EVENT_XID = -1;

    public final long sessionId;
    public final byte[] password;
    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final ByteArrayOutputStream gathered = new ByteArrayOutputStream();
    private int xid;

    /** A reply or, with {@link #EVENT_XID}, a watch event. */
    public record Frame(int xid, long zxid, int err, JuteReader body) {}

    public TestClient(int port) throws IOException {
        this(port, 0, new byte[16], 0);
    }

    public TestClient(int port, long resumedId, byte[] resumedPassword, long lastZxidSeen) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(20_000);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
        out = socket.getOutputStream();
        JuteWriter hello = new JuteWriter().writeInt(0).writeLong(lastZxidSeen).writeInt(10_000).writeLong(resumedId)
                .writeBuffer(resumedPassword).writeBoolean(false);
        write(hello);
        flush();
        try {
            JuteReader answer = new JuteReader(frame());
            answer.readInt();
            if (answer.readInt() <= 0) {
                throw new IOException("session expired");
            }
            sessionId = answer.readLong();
            password = answer.readBuffer();
        } catch (MalformedRecordException e) {
            throw new IOException(e);
        }
    }

    private void write(JuteWriter frame) {
        gathered.writeBytes(ByteBuffer.allocate(4).putInt(frame.length()).array());
        gathered.write(frame.array(), 0, frame.length());
    }

    private byte[] frame() throws IOException {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        return frame;
    }

    /** Gathers a request; {@link #flush} sends what was gathered in one piece. Returns the xid. */
    public int gather(int opcode, JuteWriter body) {
        xid++;
        JuteWriter frame = new JuteWriter().writeInt(xid).writeInt(opcode);
        frame.writeRaw(body.array(), 0, body.length());
        write(frame);
        return xid;
    }

    public void flush() throws IOException {
        gathered.writeTo(out);
        gathered.reset();
    }

    public Frame read() throws IOException {
        try {
            JuteReader reader = new JuteReader(frame());
            return new Frame(reader.readInt(), reader.readLong(), reader.readInt(), reader);
        } catch (MalformedRecordException e) {
            throw new IOException(e);
        }
    }

    /** Sends one request and waits for its answer; events on the way are dropped. */
    public Frame call(int opcode, JuteWriter body) throws IOException {
        int sent = gather(opcode, body);
        flush();
        Frame frame = read();
        while (frame.xid() != sent) {
            frame = read();
        }
        return frame;
    }

    public Frame create(String path, String data) throws IOException {
        return call(OpCode.CREATE, createBody(path, data));
    }

    public static JuteWriter createBody(String path, String data) {
        return new JuteWriter().writeString(path).writeBuffer(data.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .writeInt(1).writeInt(Perms.ALL).writeString("world").writeString("anyone").writeInt(0);
    }

    public static JuteWriter setBody(String path, String data) {
        return new JuteWriter().writeString(path).writeBuffer(data.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .writeInt(-1);
    }

    public static JuteWriter getBody(String path, boolean watch) {
        return new JuteWriter().writeString(path).writeBoolean(watch);
    }

    /** True when the server has closed the connection, or does so within the socket's timeout. */
    public boolean isClosed() {
        try {
            while (true) {
                frame();
            }
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
