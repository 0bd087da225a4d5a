package org.lockstep.compat.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Keeps a fixed number of requests in flight on every connection, from the calling thread alone.
 *
 * <p>A closed loop: each answer is followed by one new request, so a server that stalls is asked less, and its stall counts once
 * for each request in flight and no more. For every burst of answers there is one read, one write, and two looks at the clock.
 */
final class LoadLoop {
    private static final int NOTIFICATION_XID = -1;
    private static final int CONNECT_TIMEOUT_MILLIS = 10_000;
    private static final int SELECT_MILLIS = 100;
    private static final long STALL_NANOS = 20_000_000_000L;
    private static final long DRAIN_NANOS = 5_000_000_000L;

    private final BenchOptions options;
    private final Workload workload;
    private final Meter meter;
    private final List<Connection> connections = new ArrayList<>();
    private final Consumer<SelectionKey> onReady = this::onReady;

    private boolean issuing = true;
    private long requestsLeft;
    private long lastReplyNanos;
    private IOException failure;

    LoadLoop(BenchOptions options, Workload workload, Meter meter) {
        this.options = options;
        this.workload = workload;
        this.meter = meter;
        requestsLeft = options.count() == 0 ? Long.MAX_VALUE : options.count();
    }

    /**
     * Runs warm-up and measurement.
     *
     * @throws IOException when a connection cannot be opened, is lost, answers out of order, or the server falls silent
     */
    BenchResult run() throws IOException {
        try (Selector selector = Selector.open()) {
            for (int i = 0; i < options.connections(); i++) {
                Connection connection = new Connection(i, options.servers().get(i % options.servers().size()), options.depth(),
                        workload.requestBytesMax(), CONNECT_TIMEOUT_MILLIS);
                connections.add(connection);
                connection.key = connection.channel.register(selector, SelectionKey.OP_READ, connection);
            }
            lastReplyNanos = System.nanoTime();
            meter.start(lastReplyNanos);
            for (Connection connection : connections) {
                send(connection);
            }
            long now = System.nanoTime();
            while (meter.tick(now) && !(requestsLeft == 0 && idle())) {
                now = select(selector);
            }
            BenchResult result = meter.result(now, workload.operationsPerRequest());
            leave(selector);
            return result;
        } finally {
            for (Connection connection : connections) {
                connection.channel.close();
            }
        }
    }

    private long select(Selector selector) throws IOException {
        selector.select(onReady, SELECT_MILLIS);
        if (failure != null) {
            throw failure;
        }
        long now = System.nanoTime();
        if (now - lastReplyNanos > STALL_NANOS) {
            throw new IOException("no answer for " + STALL_NANOS / 1_000_000_000L + " s");
        }
        return now;
    }

    private boolean idle() {
        for (Connection connection : connections) {
            if (connection.inFlight() > 0) {
                return false;
            }
        }
        return true;
    }

    /** Lets the requests in flight come back, then closes the sessions, so that a run leaves none behind. */
    private void leave(Selector selector) throws IOException {
        issuing = false;
        long deadline = System.nanoTime() + DRAIN_NANOS;
        while (!idle() && System.nanoTime() < deadline) {
            select(selector);
        }
        Template close = Template.closeSession();
        for (Connection connection : connections) {
            if (connection.inFlight() == 0) {
                ByteBuffer frame = ByteBuffer.allocate(close.length());
                close.append(frame, connection.nextXid());
                connection.channel.write(frame.flip());
            }
        }
        // The answer says that the session is gone; a socket closed before that could take the request back.
        while (!idle() && System.nanoTime() < deadline) {
            select(selector);
        }
    }

    private void onReady(SelectionKey key) {
        Connection connection = (Connection) key.attachment();
        try {
            if (key.isReadable()) {
                receive(connection);
            }
            send(connection);
        } catch (IOException e) {
            if (failure == null) {
                failure = new IOException("connection " + connection.index + ": " + e.getMessage(), e);
            }
        }
    }

    private void receive(Connection connection) throws IOException {
        if (connection.channel.read(connection.in) < 0) {
            if (!issuing && connection.inFlight() == 0) {
                connection.key.cancel();
                return;
            }
            throw new IOException("closed by the server with " + connection.inFlight() + " requests in flight");
        }
        long now = System.nanoTime();
        ByteBuffer in = connection.in;
        int end = in.position();
        int at = 0;
        while (end - at >= Integer.BYTES) {
            int length = in.getInt(at);
            if (length < Workload.REPLY_HEADER_BYTES) {
                throw new IOException("frame of " + length + " bytes");
            }
            if (end - at - Integer.BYTES < length) {
                break;
            }
            onFrame(connection, in, at + Integer.BYTES, length, now);
            at += Integer.BYTES + length;
        }
        connection.keepFrom(at);
    }

    private void onFrame(Connection connection, ByteBuffer in, int at, int length, long now) throws IOException {
        int xid = in.getInt(at);
        if (xid == NOTIFICATION_XID) {
            meter.notification();
            return;
        }
        long sent = connection.answered(xid);
        if (sent < 0) {
            throw new IOException("answer " + xid + " is out of order");
        }
        lastReplyNanos = now;
        if (issuing) {
            meter.reply(now - sent, workload.errorOf(in, at, length));
        }
    }

    /** Fills the pipeline up and writes as much as the socket takes. */
    private void send(Connection connection) throws IOException {
        ByteBuffer out = connection.out;
        if (issuing) {
            for (int room = options.depth() - connection.inFlight(); room > 0 && requestsLeft > 0; room--, requestsLeft--) {
                workload.append(out, connection.index, connection.nextXid());
            }
            connection.stamp(System.nanoTime());
        }
        if (out.position() == 0) {
            return;
        }
        out.flip();
        connection.channel.write(out);
        boolean all = !out.hasRemaining();
        out.compact();
        int interest = all ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE;
        if (connection.key.interestOps() != interest) {
            connection.key.interestOps(interest);
        }
    }
}
