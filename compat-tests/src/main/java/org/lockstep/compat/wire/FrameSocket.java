package org.lockstep.compat.wire;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.lockstep.wire.JuteWriter;

/** A blocking connection that sends bytes as they are and receives whole frames. One thread may write while another reads. */
public final class FrameSocket implements Closeable {
    private static final int READ_BUFFER_BYTES = 64 * 1024;
    private static final int FRAME_BYTES_MAX = 64 << 20;

    private final Socket socket = new Socket();
    private final DataInputStream in;

    /** Connects within {@code connectTimeoutMillis}, and sends nothing. A read that waits longer than its timeout fails. */
    public FrameSocket(InetSocketAddress server, int connectTimeoutMillis, int readTimeoutMillis) throws IOException {
        try {
            socket.setTcpNoDelay(true);
            socket.connect(server, connectTimeoutMillis);
            socket.setSoTimeout(readTimeoutMillis);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), READ_BUFFER_BYTES));
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** A new frame with a connect request; {@code session} is 0, and {@code password} sixteen zeros, for a new session. */
    public static JuteWriter handshake(long lastZxidSeen, int timeoutMillis, long session, byte[] password) {
        return newFrame().writeInt(0).writeLong(lastZxidSeen).writeInt(timeoutMillis).writeLong(session).writeBuffer(password)
                .writeBoolean(false);
    }

    /** A frame without a length yet, for {@link #send} or {@link #sealed}. */
    public static JuteWriter newFrame() {
        return new JuteWriter().writeInt(0);
    }

    /** Puts the length in front of what was written into a {@link #newFrame}. */
    public static JuteWriter sealed(JuteWriter frame) {
        frame.setInt(0, frame.length() - Integer.BYTES);
        return frame;
    }

    /** Sends bytes as they are. */
    public void write(byte[] bytes, int offset, int length) throws IOException {
        socket.getOutputStream().write(bytes, offset, length);
    }

    /** Sends a {@link #newFrame}. */
    public void send(JuteWriter frame) throws IOException {
        sealed(frame);
        write(frame.array(), 0, frame.length());
    }

    /**
     * The body of the next frame.
     *
     * @throws java.io.EOFException when the server has closed the connection
     * @throws java.net.SocketTimeoutException when it neither answers nor closes in time
     */
    public byte[] readFrame() throws IOException {
        int length = in.readInt();
        if (length < 0 || length > FRAME_BYTES_MAX) {
            throw new IOException("frame of " + length + " bytes");
        }
        byte[] body = new byte[length];
        in.readFully(body);
        return body;
    }

    /** What comes, without regard to frames. */
    public InputStream input() {
        return in;
    }

    public Socket socket() {
        return socket;
    }

    /** Drops the connection; a session lives on. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
