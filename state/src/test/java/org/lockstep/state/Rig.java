package org.lockstep.state;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.lockstep.wire.Acl;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** A state machine on a {@link MapBase}, with requests spelled as clients would. */
final class Rig {
    static final List<Acl> OPEN = List.of(new Acl(Perms.ALL, new Id("world", "anyone")));
    static final long SESSION = 0x100_0000_0000_0001L;
    static final SessionOwner OWNER = new SessionOwner(1, 0x1111);

    final MapBase base;
    final StateMachine machine;
    final Reply reply = new Reply();
    final BatchWriter batches = new BatchWriter();
    long timeMillis = 1_000_000;
    Identities identities = Identities.NONE;
    long sessionId = SESSION;

    Rig() {
        this(StateOptions.DEFAULTS);
    }

    Rig(StateOptions options) {
        this(new MapBase(), options);
        createSession(SESSION, 10_000);
    }

    Rig(MapBase base, StateOptions options) {
        this.base = base;
        this.machine = new StateMachine(base, options);
    }

    /** Applies one command through a real batch; returns the error code. */
    int apply(int opcode, byte[] body) {
        return apply(opcode, Math.max(machine.attach(sessionId), 0), body);
    }

    int apply(int opcode, int attach, byte[] body) {
        batches.begin(timeMillis);
        batches.add(opcode, sessionId, attach, 1, identities.encoded(), body, 0, body.length);
        byte[] batch = batches.toByteArray();
        Command command = new Command();
        try {
            new BatchReader().wrap(batch, 0, batch.length).next(command);
        } catch (MalformedRecordException e) {
            throw new AssertionError(e);
        }
        machine.apply(timeMillis, command, reply);
        return reply.err;
    }

    int createSession(long id, int timeoutMillis) {
        long before = sessionId;
        sessionId = id;
        int err = apply(OpCode.CREATE_SESSION, sessionBody(timeoutMillis, OWNER));
        sessionId = before;
        return err;
    }

    int closeSession(long id) {
        long before = sessionId;
        sessionId = id;
        int err = apply(OpCode.CLOSE_SESSION, new byte[0]);
        sessionId = before;
        return err;
    }

    /** The body of a CREATE_SESSION or ATTACH_SESSION. */
    static byte[] sessionBody(int timeoutMillis, SessionOwner owner) {
        return body(out -> owner.writeTo(out.writeInt(timeoutMillis)));
    }

    static byte[] body(Consumer<JuteWriter> fields) {
        JuteWriter out = new JuteWriter();
        fields.accept(out);
        return out.toByteArray();
    }

    static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] createBody(String path, String data, List<Acl> acl, int flags) {
        return body(out -> out.writeString(path).writeBuffer(bytes(data)).writeAcls(acl).writeInt(flags));
    }

    static byte[] pathVersion(String path, int version) {
        return body(out -> out.writeString(path).writeInt(version));
    }

    static byte[] setBody(String path, String data, int version) {
        return body(out -> out.writeString(path).writeBuffer(bytes(data)).writeInt(version));
    }

    int create(String path, String data, List<Acl> acl, int flags) {
        return apply(OpCode.CREATE, createBody(path, data, acl, flags));
    }

    int create(String path, String data) {
        return create(path, data, OPEN, 0);
    }

    /** Creates a node that must be creatable; returns its actual path. */
    String made(String path, int flags) {
        int err = create(path, "d", OPEN, flags);
        if (err != 0) {
            throw new AssertionError("create " + path + ": " + err);
        }
        return replyReader(JuteReader::readString);
    }

    int createTtl(String path, int flags, long ttlMillis) {
        return apply(OpCode.CREATE_TTL,
                body(out -> out.writeString(path).writeBuffer(bytes("d")).writeAcls(OPEN).writeInt(flags).writeLong(ttlMillis)));
    }

    int delete(String path, int version) {
        return apply(OpCode.DELETE, pathVersion(path, version));
    }

    int set(String path, String data, int version) {
        return apply(OpCode.SET_DATA, setBody(path, data, version));
    }

    int setAcl(String path, List<Acl> acl, int version) {
        return apply(OpCode.SET_ACL, body(out -> out.writeString(path).writeAcls(acl).writeInt(version)));
    }

    /** Reads something of a record. */
    interface Decoder<T> {
        T decode(JuteReader in) throws MalformedRecordException;
    }

    <T> T replyReader(Decoder<T> decoder) {
        return decode(reply.body.toByteArray(), decoder);
    }

    static <T> T decode(byte[] bytes, Decoder<T> decoder) {
        try {
            return decoder.decode(new JuteReader(bytes));
        } catch (MalformedRecordException e) {
            throw new AssertionError(e);
        }
    }

    /** The answer to a read. */
    record Answer(int err, byte[] body) {}

    Answer read(int opcode, byte[] body, Watcher watcher) {
        JuteWriter out = new JuteWriter();
        try {
            int err = machine.read(opcode, sessionId, identities, new JuteReader(body), watcher, out);
            return new Answer(err, out.toByteArray());
        } catch (MalformedRecordException e) {
            return new Answer(-5, out.toByteArray());
        }
    }

    Answer read(int opcode, String path, Watcher watcher) {
        return read(opcode, body(out -> out.writeString(path).writeBoolean(watcher != null)), watcher);
    }

    int exists(String path) {
        return read(OpCode.EXISTS, path, null).err();
    }

    String data(String path) {
        Answer answer = read(OpCode.GET_DATA, path, null);
        if (answer.err() != 0) {
            throw new AssertionError("get " + path + ": " + answer.err());
        }
        byte[] data = decode(answer.body(), JuteReader::readBuffer);
        return data == null ? null : new String(data, StandardCharsets.UTF_8);
    }

    Stat stat(String path) {
        Answer answer = read(OpCode.EXISTS, path, null);
        if (answer.err() != 0) {
            throw new AssertionError("exists " + path + ": " + answer.err());
        }
        return decode(answer.body(), Stat::read);
    }

    TreeSet<String> children(String path) {
        Answer answer = read(OpCode.GET_CHILDREN, path, null);
        if (answer.err() != 0) {
            throw new AssertionError("ls " + path + ": " + answer.err());
        }
        List<String> names = decode(answer.body(), JuteReader::readStrings);
        TreeSet<String> set = new TreeSet<>(names);
        if (set.size() != names.size()) {
            throw new AssertionError("a name twice in " + names);
        }
        return set;
    }

    void checkpoint() {
        Checkpoint checkpoint = machine.freeze(bytes("mark"));
        if (checkpoint != null) {
            checkpoint.writeTo(base);
            machine.checkpointDone(checkpoint);
        }
    }

    /** The whole state as text: two machines with equal dumps cannot be told apart by clients. */
    String dump() {
        StringBuilder text = new StringBuilder();
        text.append("zxid ").append(machine.lastZxid()).append(" digest ").append(machine.digest()).append('\n');
        text.append(machine.nodeCount()).append(' ').append(machine.approximateDataSize()).append(' ')
                .append(machine.ephemeralCount()).append('\n');
        machine.forEachSession(id -> text.append(Long.toHexString(id)).append(' ').append(machine.sessionTimeoutMillis(id))
                .append(' ').append(machine.attach(id)).append(' ').append(machine.sessionOwner(id)).append(' ')
                .append(new TreeSet<>(machine.ephemeralsOf(id))).append('\n'));
        machine.reapCandidates(Long.MAX_VALUE / 2, 1, Integer.MAX_VALUE, (path, guard) -> { });
        List<String> due = new ArrayList<>();
        machine.reapCandidates(Long.MAX_VALUE / 2, 1, Integer.MAX_VALUE, (path, guard) -> due.add(path + "@" + guard));
        text.append(new TreeSet<>(due)).append('\n');
        Identities before = identities;
        identities = new Identities(List.of(DigestAuth.SUPER));
        dump("/", text);
        identities = before;
        return text.toString();
    }

    private void dump(String path, StringBuilder text) {
        text.append(path).append(' ').append(stat(path)).append(' ').append(data(path)).append(' ')
                .append(java.util.Arrays.hashCode(read(OpCode.GET_ACL, path, null).body())).append('\n');
        for (String name : children(path)) {
            dump(path.equals("/") ? "/" + name : path + "/" + name, text);
        }
    }

    /** A Stat as it came over the wire. */
    record Stat(long czxid, long mzxid, long ctime, long mtime, int version, int cversion, int aversion, long owner,
            int dataLength, int numChildren, long pzxid) {
        static Stat read(JuteReader in) throws MalformedRecordException {
            return new Stat(in.readLong(), in.readLong(), in.readLong(), in.readLong(), in.readInt(), in.readInt(),
                    in.readInt(), in.readLong(), in.readInt(), in.readInt(), in.readLong());
        }
    }
}
