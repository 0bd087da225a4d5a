package org.lockstep.compat.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/** One pipelined connection of the generator: its socket, buffers, and when each request in flight was sent. */
final class Connection {
    private static final int IN_BYTES_INITIAL = 16 << 10;
    private static final int IN_BYTES_MAX = 128 << 20;

    final int index;
    final SocketChannel channel;
    final ByteBuffer out;
    private final long[] sentNanos;
    private final int mask;

    ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES_INITIAL);
    SelectionKey key;
    private int lastXidSent;
    private int lastXidAnswered;
    private int lastXidStamped;

    /** Connects and opens a session, blocking; the channel is non-blocking afterwards. */
    Connection(int index, InetSocketAddress server, int depth, int requestBytesMax, int timeoutMillis) throws IOException {
        this.index = index;
        int slots = Integer.highestOneBit(Math.max(1, depth - 1)) << 1;
        sentNanos = new long[slots];
        mask = slots - 1;
        // Whatever was not yet written belongs to requests in flight, so depth requests always fit.
        out = ByteBuffer.allocateDirect(Math.multiplyExact(depth, requestBytesMax));
        channel = SocketChannel.open();
        try {
            channel.socket().connect(server, timeoutMillis);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            openSession();
            channel.configureBlocking(false);
        } catch (IOException e) {
            channel.close();
            throw new IOException(Handshake.noSession(server, e), e);
        }
    }

    private void openSession() throws IOException {
        channel.write(ByteBuffer.wrap(Handshake.request()));
        while (in.position() < Integer.BYTES || in.position() < Integer.BYTES + in.getInt(0)) {
            if (channel.read(in) < 0) {
                throw new IOException("closed by the server instead");
            }
        }
        if (!Handshake.granted(in, Integer.BYTES)) {
            throw new IOException("refused by the server");
        }
        in.clear();
    }

    int inFlight() {
        return lastXidSent - lastXidAnswered;
    }

    /** The xid for a new request, which is in flight from now on. */
    int nextXid() {
        return ++lastXidSent;
    }

    /** Notes when the requests numbered since the last call are sent. */
    void stamp(long nowNanos) {
        while (lastXidStamped < lastXidSent) {
            sentNanos[++lastXidStamped & mask] = nowNanos;
        }
    }

    /** Takes the answer to the oldest request in flight; returns when that was sent, or -1 when {@code xid} is not its number. */
    long answered(int xid) {
        if (inFlight() == 0 || xid != lastXidAnswered + 1) {
            return -1;
        }
        lastXidAnswered = xid;
        return sentNanos[xid & mask];
    }

    /** Makes room behind what was read, moving it to the front and growing the buffer when one frame fills it. */
    void keepFrom(int at) throws IOException {
        int end = in.position();
        if (at == end) {
            in.clear();
        } else if (at > 0) {
            in.limit(end).position(at);
            in.compact();
        } else if (end == in.capacity()) {
            if (end >= IN_BYTES_MAX) {
                throw new IOException("a frame longer than " + IN_BYTES_MAX + " bytes");
            }
            ByteBuffer larger = ByteBuffer.allocateDirect(2 * end);
            in.flip();
            larger.put(in);
            in = larger;
        }
    }
}
