package org.lockstep.compat.crash;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.lockstep.wire.Acl;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/**
 * One client of the crash workload. It keeps several requests in flight and records every one with its reply. Its node names
 * never come twice, its counter only grows. One thread uses it; it outlives crashes of the server: {@link #connect} resumes the
 * session.
 */
final class WorkloadClient {
    static final String ROOT = "/k";
    static final String SEQUENTIAL_PARENT = ROOT + "/seq";
    /** Long enough that no session ends however slow the machine: the servers under test allow as much. */
    static final int SESSION_TIMEOUT_MILLIS = 600_000;
    private static final int PERSISTENT = 0;
    private static final int EPHEMERAL = 1;
    private static final int SEQUENTIAL = 2;
    private static final List<Acl> OPEN_ACL = List.of(new Acl(Perms.ALL, new Id("world", "anyone")));

    private final int number;
    private final Random random;
    private final Options options;
    private final Deque<Write> inFlight = new ArrayDeque<>();
    private final List<Write> done = new ArrayList<>();
    private final Deque<String> deletable = new ArrayDeque<>();
    private RawClient connection;
    private long session;
    private byte[] password = new byte[16];
    private int created;
    private int counter;
    private volatile int replies;

    /**
     * @param depth requests in flight
     * @param pauseMicrosMax upper bound of the random pause before each request
     * @param syncs whether {@code sync} is among the requests
     * @param dataBytes how much data the created nodes have at least
     */
    record Options(int depth, int pauseMicrosMax, boolean syncs, int dataBytes) {
        Options(int depth, int pauseMicrosMax, boolean syncs) {
            this(depth, pauseMicrosMax, syncs, 0);
        }
    }

    WorkloadClient(int number, long seed, Options options) {
        this.number = number;
        this.random = new Random(seed * 31 + number);
        this.options = options;
    }

    static String home(int client) {
        return ROOT + "/c" + client;
    }

    static String counterPath(int client) {
        return ROOT + "/x" + client;
    }

    int number() {
        return number;
    }

    long session() {
        return session;
    }

    /** How many replies have come; for any thread. */
    int replies() {
        return replies;
    }

    /** Every request so far, in the order in which it was sent. */
    List<Write> writes() {
        return done;
    }

    /** After a crash: finds out which of the unanswered requests took effect. At most one may have been in flight. */
    void resolve(Map<String, NodeView> tree) {
        done.replaceAll(write -> write.ackNanos() == Write.NO_REPLY && write.zxid() == 0 ? write.resolvedBy(tree) : write);
    }

    /** Connects; resumes the session of the last connection. */
    void connect(int port) throws IOException {
        long sent = System.nanoTime();
        connection = new RawClient(port, SESSION_TIMEOUT_MILLIS, session, password);
        if (session == 0) {
            done.add(new Write(number, Write.Kind.CONNECT, "", HexFormat.of().formatHex(connection.password()),
                    connection.sessionId(), sent, System.nanoTime(), 0, 0, ""));
        } else if (connection.sessionId() != session) {
            throw new IOException("asked for session " + session + ", got " + connection.sessionId());
        }
        session = connection.sessionId();
        password = connection.password();
    }

    void disconnect() throws IOException {
        connection.close();
    }

    /** Creates the nodes that all clients use; to be called by one of them, before any runs. */
    void prepareShared() throws IOException {
        create(ROOT);
        create(SEQUENTIAL_PARENT);
        drain(0);
    }

    /** Creates this client's home and counter; the shared nodes must be there. */
    void prepareOwn() throws IOException {
        create(home(number));
        create(counterPath(number));
        drain(0);
    }

    /**
     * Sends {@code count} random requests and waits for all replies. When the connection breaks, those in flight stay
     * unanswered.
     */
    void run(int count) throws IOException {
        try {
            for (int i = 0; i < count; i++) {
                if (options.pauseMicrosMax() > 0) {
                    LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(options.pauseMicrosMax())));
                }
                sendRandom();
                drain(options.depth() - 1);
            }
            drain(0);
        } finally {
            done.addAll(inFlight);
            inFlight.clear();
        }
    }

    private void sendRandom() throws IOException {
        int dice = random.nextInt(100);
        String name = home(number) + "/n" + created++;
        if (dice < 45) {
            create(name);
        } else if (dice < 65) {
            counter++;
            send(Write.Kind.SET, counterPath(number), String.valueOf(counter), OpCode.SET_DATA,
                    setBody(counterPath(number), String.valueOf(counter)));
        } else if (dice < 77) {
            String stem = SEQUENTIAL_PARENT + "/s" + number + "-";
            send(Write.Kind.SEQUENTIAL, stem, name, OpCode.CREATE, createBody(stem, name, SEQUENTIAL));
        } else if (dice < 85) {
            counter++;
            send(Write.Kind.MULTI, name, String.valueOf(counter), OpCode.MULTI, multiBody(name, String.valueOf(counter)));
        } else if (dice < 90) {
            send(Write.Kind.EPHEMERAL, name, name, OpCode.CREATE, createBody(name, name, EPHEMERAL));
        } else if (dice < 95 && !deletable.isEmpty()) {
            String victim = deletable.poll();
            send(Write.Kind.DELETE, victim, "", OpCode.DELETE, new JuteWriter().writeString(victim).writeInt(-1));
        } else if (options.syncs()) {
            send(Write.Kind.SYNC, ROOT, "", OpCode.SYNC, new JuteWriter().writeString(ROOT));
        } else {
            create(name);
        }
    }

    private void create(String path) throws IOException {
        String data = path.length() >= options.dataBytes() ? path : path + "+".repeat(options.dataBytes() - path.length());
        send(Write.Kind.CREATE, path, data, OpCode.CREATE, createBody(path, data, PERSISTENT));
    }

    private void send(Write.Kind kind, String path, String data, int opcode, JuteWriter body) throws IOException {
        inFlight.add(new Write(number, kind, path, data, session, System.nanoTime(), Write.NO_REPLY, 0, 0, path));
        connection.send(opcode, body);
    }

    /** Reads replies until no more than {@code left} are outstanding. */
    private void drain(int left) throws IOException {
        connection.flush();
        while (inFlight.size() > left) {
            RawClient.Reply reply = connection.receive();
            Write write = answered(inFlight.poll(), reply);
            replies = replies + 1;
            done.add(write);
            if (write.kind() == Write.Kind.CREATE && write.path().startsWith(home(number) + "/")) {
                deletable.add(write.path());
            }
        }
    }

    private static Write answered(Write write, RawClient.Reply reply) throws IOException {
        try {
            int error = reply.error();
            String name = write.path();
            if (error == 0 && write.kind() == Write.Kind.SEQUENTIAL) {
                name = reply.body().readString();
            } else if (error == 0 && write.kind() == Write.Kind.MULTI) {
                error = firstOfMulti(reply.body());
            }
            if (error != 0) {
                throw new IllegalStateException(write + " failed with " + error);
            }
            return new Write(write.client(), write.kind(), write.path(), write.data(), write.session(), write.sentNanos(),
                    reply.receivedNanos(), reply.zxid(), error, name);
        } catch (MalformedRecordException e) {
            throw new IOException(e);
        }
    }

    /** The error of a multi's first result; when the multi failed, every result is an error and the first says so. */
    private static int firstOfMulti(JuteReader body) throws MalformedRecordException {
        int type = body.readInt();
        body.readBoolean();
        body.readInt();
        return type == OpCode.ERROR ? -1 : 0;
    }

    private static JuteWriter createBody(String path, String data, int flags) {
        return new JuteWriter().writeString(path).writeBuffer(data.getBytes(UTF_8)).writeAcls(OPEN_ACL).writeInt(flags);
    }

    private static JuteWriter setBody(String path, String data) {
        return new JuteWriter().writeString(path).writeBuffer(data.getBytes(UTF_8)).writeInt(-1);
    }

    private JuteWriter multiBody(String stem, String value) {
        JuteWriter all = new JuteWriter();
        for (String suffix : List.of("a", "b")) {
            append(all, OpCode.CREATE, createBody(stem + suffix, stem, PERSISTENT));
        }
        append(all, OpCode.SET_DATA, setBody(counterPath(number), value));
        return all.writeInt(-1).writeBoolean(true).writeInt(-1);
    }

    private static void append(JuteWriter all, int opcode, JuteWriter body) {
        all.writeInt(opcode).writeBoolean(false).writeInt(-1);
        all.writeRaw(body.array(), 0, body.length());
    }
}
