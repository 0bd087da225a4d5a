package org.lockstep.compat.bench;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.lockstep.compat.wire.FrameSocket;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/**
 * A plain blocking client with one session: lays out what a run needs and looks at what it left. Not thread-safe, and only
 * {@link #putAll} is fast: it pipelines.
 */
public final class BenchClient implements Closeable {
    private static final int READ_TIMEOUT_MILLIS = 30_000;
    private static final int WINDOW = 256;
    private static final int HEADER_BYTES = 16;

    private final FrameSocket socket;
    private final JuteWriter writer = new JuteWriter();
    private int lastXid;

    /** Opens a session, or fails within {@code timeoutMillis} for the connection and as much for the answer. */
    public BenchClient(InetSocketAddress server, int timeoutMillis) throws IOException {
        FrameSocket opened = null;
        try {
            opened = new FrameSocket(server, timeoutMillis, timeoutMillis);
            byte[] request = Handshake.request();
            opened.write(request, 0, request.length);
            if (!Handshake.granted(ByteBuffer.wrap(opened.readFrame()), 0)) {
                throw new IOException("refused by the server");
            }
            opened.socket().setSoTimeout(READ_TIMEOUT_MILLIS);
        } catch (IOException e) {
            if (opened != null) {
                opened.close();
            }
            throw new IOException(Handshake.noSession(server, e), e);
        }
        socket = opened;
    }

    /** Creates {@code path} and its missing ancestors, without data. */
    public void createPath(String path) throws IOException {
        for (int slash = path.indexOf('/', 1); ; slash = path.indexOf('/', slash + 1)) {
            String ancestor = slash < 0 ? path : path.substring(0, slash);
            int error = call(OpCode.CREATE, ancestor, new byte[0]).getInt(HEADER_BYTES - Integer.BYTES);
            if (error != ErrorCode.OK && error != ErrorCode.NODE_EXISTS) {
                throw new IOException("create " + ancestor + " failed with error " + error);
            }
            if (slash < 0) {
                return;
            }
        }
    }

    /** Makes the nodes {@code stem + 0 .. stem + (count - 1)} exist and hold {@code data}. */
    public void putAll(String stem, int count, byte[] data) throws IOException {
        if (pipeline(OpCode.CREATE, stem, count, data) > 0) {
            pipeline(OpCode.SET_DATA, stem, count, data);
        }
    }

    /** Reads a node's data; null when there is no such node. */
    public byte[] getData(String path) throws IOException {
        ByteBuffer reply = call(OpCode.GET_DATA, path, null);
        int error = reply.getInt(HEADER_BYTES - Integer.BYTES);
        if (error == ErrorCode.NO_NODE) {
            return null;
        }
        if (error != ErrorCode.OK) {
            throw new IOException("getData " + path + " failed with error " + error);
        }
        byte[] data = new byte[Math.max(0, reply.getInt(HEADER_BYTES))];
        reply.get(HEADER_BYTES + Integer.BYTES, data);
        return data;
    }

    /** The number of children of {@code path}; -1 when there is no such node. */
    public int countChildren(String path) throws IOException {
        ByteBuffer reply = call(OpCode.GET_CHILDREN, path, null);
        return reply.getInt(HEADER_BYTES - Integer.BYTES) == ErrorCode.OK ? reply.getInt(HEADER_BYTES) : -1;
    }

    /** Closes the session, then the connection. */
    @Override
    public void close() throws IOException {
        try (socket) {
            call(OpCode.CLOSE_SESSION, null, null);
        }
    }

    /** Sends {@code count} requests, a window at a time; returns how many found their node in existence. */
    private int pipeline(int opcode, String stem, int count, byte[] data) throws IOException {
        int sent = 0;
        int existing = 0;
        JuteWriter burst = new JuteWriter(1 << 16);
        for (int got = 0; got < count; got++) {
            if (sent == got) {
                burst.reset();
                for (; sent < Math.min(count, got + WINDOW); sent++) {
                    encode(opcode, Template.path(stem, sent), data);
                    burst.writeRaw(writer.array(), 0, writer.length());
                }
                socket.write(burst.array(), 0, burst.length());
            }
            int error = readReply().getInt(HEADER_BYTES - Integer.BYTES);
            if (error == ErrorCode.NODE_EXISTS) {
                existing++;
            } else if (error != ErrorCode.OK) {
                throw new IOException("preparing " + Template.path(stem, got) + " failed with error " + error);
            }
        }
        return existing;
    }

    private ByteBuffer call(int opcode, String path, byte[] data) throws IOException {
        encode(opcode, path, data);
        socket.write(writer.array(), 0, writer.length());
        ByteBuffer reply = readReply();
        if (reply.getInt(0) != lastXid) {
            throw new IOException("reply to another request than " + lastXid);
        }
        return reply;
    }

    private void encode(int opcode, String path, byte[] data) {
        writer.reset().writeInt(0).writeInt(++lastXid).writeInt(opcode);
        switch (opcode) {
            case OpCode.CREATE -> writer.writeString(path).writeBuffer(data)
                    .writeInt(1).writeInt(Perms.ALL).writeString("world").writeString("anyone").writeInt(0);
            case OpCode.SET_DATA -> writer.writeString(path).writeBuffer(data).writeInt(-1);
            case OpCode.GET_DATA, OpCode.GET_CHILDREN -> writer.writeString(path).writeBoolean(false);
            case OpCode.CLOSE_SESSION -> { }
            default -> throw new IllegalArgumentException("opcode " + opcode);
        }
        writer.setInt(0, writer.length() - Integer.BYTES);
    }

    private ByteBuffer readReply() throws IOException {
        ByteBuffer reply = ByteBuffer.wrap(socket.readFrame());
        if (reply.limit() < HEADER_BYTES) {
            throw new IOException("reply of " + reply.limit() + " bytes");
        }
        return reply;
    }
}
