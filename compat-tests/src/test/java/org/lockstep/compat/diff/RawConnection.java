package org.lockstep.compat.diff;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import org.lockstep.compat.wire.FrameSocket;

/** A connection to a server that may close it at any time: that is an observation, not an error. */
final class RawConnection implements AutoCloseable {
    /** No answer of a healthy server takes this long, even on a busy machine. */
    static final int TIMEOUT_MILLIS = 15_000;

    private final FrameSocket socket;

    RawConnection(String host, int port) throws IOException {
        socket = new FrameSocket(new InetSocketAddress(host, port), TIMEOUT_MILLIS, TIMEOUT_MILLIS);
    }

    /** Sends bytes; a connection that the server has closed takes them silently, as the next read tells. */
    void write(byte[] bytes) throws IOException {
        try {
            socket.write(bytes, 0, bytes.length);
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
            return socket.readFrame();
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
