package org.lockstep.compat.bench;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/**
 * A client that stays with one server and creates one node after the other there, on a thread of its own. When its connection is
 * lost it comes back to the same server with its session. Figures may be read by any thread, and are final after {@link #stop}.
 */
public final class FailoverWriter {
    private static final int SESSION_TIMEOUT_MILLIS = 10_000;
    private static final int CONNECT_TIMEOUT_MILLIS = 1000;
    /** Longer than any session lives: a server that stands still is to be waited for, not left. */
    private static final int READ_TIMEOUT_MILLIS = 60_000;
    private static final int PACE_MILLIS = 2;
    private static final int RETRY_MILLIS = 10;
    private static final long LATENCY_NANOS_MAX = 600_000_000_000L;
    private static final int SIGNIFICANT_DIGITS = 3;
    private static final int PASSWORD_BYTES = 16;

    private final int server;
    private final InetSocketAddress address;
    private final String parent;
    private final Thread thread = new Thread(this::run, "failover-writer");
    private final Set<String> acknowledged = new HashSet<>();
    private final Histogram latencies = histogram();
    private volatile boolean stopping;
    private volatile int connectionsLost;
    private volatile long longestGapNanos;
    private volatile long lastBegunNanos;
    private volatile Socket socket;
    private DataInputStream in;
    private long session;
    private byte[] password = new byte[PASSWORD_BYTES];
    private long lastZxid;
    private int xid;

    /** @param parent an existing node for this writer alone */
    public FailoverWriter(int server, InetSocketAddress address, String parent) {
        this.server = server;
        this.address = address;
        this.parent = parent;
        thread.setDaemon(true);
    }

    /** An empty histogram for {@link #takeLatencies}. */
    public static Histogram histogram() {
        return new Histogram(LATENCY_NANOS_MAX, SIGNIFICANT_DIGITS);
    }

    int server() {
        return server;
    }

    /** Begins to write. Once. */
    public void start() {
        lastBegunNanos = System.nanoTime();
        thread.start();
    }

    /** Ends it, in the middle of a request if need be. */
    public void stop() {
        stopping = true;
        disconnect();
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Connections that broke while they were in use. */
    public int connectionsLost() {
        return connectionsLost;
    }

    /** The longest time from one acknowledged write to the next. */
    long longestGapNanos() {
        return longestGapNanos;
    }

    /** When the last write that was acknowledged had been sent. */
    long lastBegunNanos() {
        return lastBegunNanos;
    }

    /** How many writes were acknowledged. */
    public int acknowledged() {
        return acknowledged.size();
    }

    /**
     * How many of the acknowledged nodes a server does not show, after a sync. To be called after {@link #stop}. A server that has
     * just lost its leader refuses connections or drops them for a while: it is asked again.
     */
    public int missing(InetSocketAddress at) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(READ_TIMEOUT_MILLIS);
        while (true) {
            try {
                return missingNow(at);
            } catch (IOException e) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException("server " + server + " at " + at + " has not shown its nodes for " + READ_TIMEOUT_MILLIS
                            + " ms: " + e, e);
                }
            }
            Failover.pause(RETRY_MILLIS);
        }
    }

    private int missingNow(InetSocketAddress at) throws IOException {
        FailoverWriter reader = new FailoverWriter(server, at, parent);
        try {
            reader.connect(READ_TIMEOUT_MILLIS);
            reader.call(OpCode.SYNC, new JuteWriter().writeString("/"));
            List<String> names = reader.call(OpCode.GET_CHILDREN, new JuteWriter().writeString(parent).writeBoolean(false))
                    .readStrings();
            Set<String> left = new HashSet<>(acknowledged);
            names.forEach(left::remove);
            reader.call(OpCode.CLOSE_SESSION, new JuteWriter());
            return left.size();
        } catch (MalformedRecordException e) {
            throw new IOException(e);
        } finally {
            reader.disconnect();
        }
    }

    private synchronized void note(long latencyNanos) {
        latencies.recordValue(Math.min(latencyNanos, LATENCY_NANOS_MAX));
    }

    /** Adds the latencies of the writes acknowledged since the last call, in nanoseconds, and forgets them. */
    public synchronized void takeLatencies(Histogram into) {
        into.add(latencies);
        latencies.reset();
    }

    private void run() {
        long last = System.nanoTime();
        for (int number = 0; !stopping; number++) {
            try {
                if (socket == null) {
                    connect(CONNECT_TIMEOUT_MILLIS);
                }
                String name = "n" + number;
                long begun = System.nanoTime();
                call(OpCode.CREATE, new JuteWriter().writeString(parent + "/" + name).writeBuffer(new byte[0]).writeInt(1)
                        .writeInt(Perms.ALL).writeString("world").writeString("anyone").writeInt(0));
                long now = System.nanoTime();
                acknowledged.add(name);
                note(now - begun);
                longestGapNanos = Math.max(longestGapNanos, now - last);
                last = now;
                lastBegunNanos = begun;
                Thread.sleep(PACE_MILLIS);
            } catch (IOException | MalformedRecordException e) {
                lose();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void lose() {
        if (stopping) {
            return;
        }
        if (in != null) {
            connectionsLost = connectionsLost + 1;
        }
        disconnect();
        try {
            Thread.sleep(RETRY_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void connect(int handshakeMillis) throws IOException, MalformedRecordException {
        Socket fresh = new Socket();
        socket = fresh;
        fresh.connect(address, CONNECT_TIMEOUT_MILLIS);
        fresh.setTcpNoDelay(true);
        fresh.setSoTimeout(handshakeMillis);
        DataInputStream stream = new DataInputStream(new BufferedInputStream(fresh.getInputStream()));
        write(new JuteWriter().writeInt(0).writeInt(0).writeLong(lastZxid).writeInt(SESSION_TIMEOUT_MILLIS).writeLong(session)
                .writeBuffer(password).writeBoolean(false));
        JuteReader answer = new JuteReader(readFrame(stream));
        answer.readInt();
        if (answer.readInt() <= 0) {
            session = 0;
            password = new byte[PASSWORD_BYTES];
            throw new IOException("session expired");
        }
        session = answer.readLong();
        password = answer.readBuffer();
        fresh.setSoTimeout(READ_TIMEOUT_MILLIS);
        in = stream;
    }

    private JuteReader call(int opcode, JuteWriter body) throws IOException, MalformedRecordException {
        JuteWriter frame = new JuteWriter().writeInt(0).writeInt(++xid).writeInt(opcode);
        write(frame.writeRaw(body.array(), 0, body.length()));
        JuteReader reply = new JuteReader(readFrame(in));
        reply.readInt();
        lastZxid = Math.max(lastZxid, reply.readLong());
        int error = reply.readInt();
        if (error != ErrorCode.OK) {
            throw new IOException("error " + error);
        }
        return reply;
    }

    private void write(JuteWriter frame) throws IOException {
        frame.setInt(0, frame.length() - Integer.BYTES);
        socket.getOutputStream().write(frame.array(), 0, frame.length());
    }

    private static byte[] readFrame(DataInputStream from) throws IOException {
        byte[] frame = new byte[from.readInt()];
        from.readFully(frame);
        return frame;
    }

    private void disconnect() {
        Socket open = socket;
        if (open != null) {
            try {
                open.close();
            } catch (IOException ignored) {
                // nothing is left to be done with it
            }
        }
        if (Thread.currentThread() == thread) {
            socket = null;
            in = null;
        }
    }
}
