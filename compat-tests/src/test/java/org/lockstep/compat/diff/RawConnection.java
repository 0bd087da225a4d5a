package org.lockstep.compat.diff;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;

/** A blocking connection that sends bytes as they are and receives whole frames. */
final class RawConnection implements AutoCloseable {
    /** No answer of a healthy server takes this long, even on a busy machine. */
    static final int TIMEOUT_MILLIS = 15_000;
    private static final int FRAME_BYTES_MAX = 64 << 20;

    private final Socket socket = new Socket();
    private final DataInputStream in;

    RawConnection(String host, int port) throws IOException {
        socket.connect(new InetSocketAddress(host, port), TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 * 1024));
    }

    /** Sends bytes; a connection that the server has closed takes them silently, as the next read tells. */
    void write(byte[] bytes) throws IOException {
        try {
            socket.getOutputStream().write(bytes);
        } catch (SocketException closedByServer) {
            // the reader sees the end of the stream
        }
    }

    /**
     * The body of the next frame, or null when the server has closed the connection.
     *
     * @throws SocketTimeoutException when the server neither answers nor closes
     */
    byte[] readFrame() throws IOException {
        try {
            int length = in.readInt();
            if (length < 0 || length > FRAME_BYTES_MAX) {
                throw new IOException("frame of " + length + " bytes");
            }
            byte[] body = new byte[length];
            in.readFully(body);
            return body;
        } catch (EOFException | SocketException closed) {
            return null;
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException ignored) {
            // nothing is left to be done with it
        }
    }
}
