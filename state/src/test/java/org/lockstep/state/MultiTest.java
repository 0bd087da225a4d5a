package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.Acl;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;

/** Multi: all or nothing, one zxid, results as ZooKeeper spells them. */
class MultiTest {
    private final Rig rig = new Rig(new StateOptions(false, true, true, 1 << 20));

    /** One request of a multi: its header type and its record. */
    private record Op(int type, Consumer<JuteWriter> record) {}

    private static Op create(int type, String path, List<Acl> acl, int flags) {
        return new Op(type, out -> {
            out.writeString(path).writeBuffer(Rig.bytes("d")).writeAcls(acl).writeInt(flags);
            if (type == OpCode.CREATE_TTL) {
                out.writeLong(60_000);
            }
        });
    }

    private static Op create(String path) {
        return create(OpCode.CREATE, path, Rig.OPEN, 0);
    }

    private static Op delete(String path) {
        return new Op(OpCode.DELETE, out -> out.writeString(path).writeInt(-1));
    }

    private static Op set(String path, int version) {
        return new Op(OpCode.SET_DATA, out -> out.writeString(path).writeBuffer(Rig.bytes("new")).writeInt(version));
    }

    private static Op check(String path, int version) {
        return new Op(OpCode.CHECK, out -> out.writeString(path).writeInt(version));
    }

    private static Op read(int type, String path) {
        return new Op(type, out -> out.writeString(path).writeBoolean(true));
    }

    private static byte[] body(Op... ops) {
        return Rig.body(out -> {
            for (Op op : ops) {
                MultiWrites.writeHeader(out, op.type(), false, -1);
                op.record().accept(out);
            }
            MultiWrites.writeHeader(out, -1, true, -1);
        });
    }

    private int multi(Op... ops) {
        return rig.apply(OpCode.MULTI, body(ops));
    }

    @Test
    void aQuotaIsExceededByWhatWasDoneOrRefusedForIt() {
        for (String path : new String[] {"/q", "/zookeeper/quota/q"}) {
            rig.create(path, "");
        }
        rig.create("/zookeeper/quota/q/zookeeper_limits", "count=1,bytes=-1");
        rig.create("/zookeeper/quota/q/zookeeper_stats", "");
        multi(create("/q/a"), check("/none", -1));
        assertFailed(ErrorCode.OK, ErrorCode.NO_NODE);
        assertNull(rig.reply.quotaExcess, "rolled back");
        multi(create("/q/a"), create("/q/b"));
        assertEquals(new QuotaExcess("/q", false, false, false, 3, 1), rig.reply.quotaExcess);
        rig.set("/zookeeper/quota/q/zookeeper_limits", "count=-1,bytes=-1=;countHardLimit=3", -1);
        multi(create("/q/c"));
        assertFailed(ErrorCode.QUOTA_EXCEEDED);
        assertEquals(new QuotaExcess("/q", false, true, true, 4, 3), rig.reply.quotaExcess);
    }

    private void assertFailed(int... codes) {
        assertEquals(ErrorCode.OK, rig.reply.err);
        byte[] expected = Rig.body(out -> {
            for (int code : codes) {
                out.writeInt(-1).writeBoolean(false).writeInt(code).writeInt(code);
            }
            out.writeInt(-1).writeBoolean(true).writeInt(-1);
        });
        assertArrayEquals(expected, rig.reply.body.toByteArray());
    }

    @Test
    void resultsAreAsOfEachStep() {
        assertEquals(ErrorCode.OK, multi(create("/a"), create(OpCode.CREATE2, "/a/b", Rig.OPEN, 0), set("/a", 0),
                create(OpCode.CREATE, "/a/s-", Rig.OPEN, CreateFlags.PERSISTENT_SEQUENTIAL), check("/a", 1), delete("/a/b")));
        long zxid = rig.machine.lastZxid();
        long now = rig.timeMillis;
        byte[] expected = Rig.body(out -> {
            out.writeInt(1).writeBoolean(false).writeInt(0).writeString("/a");
            out.writeInt(15).writeBoolean(false).writeInt(0).writeString("/a/b");
            stat(out, zxid, now, 0, 0, 1, 0);
            out.writeInt(5).writeBoolean(false).writeInt(0);
            stat(out, zxid, now, 1, 1, 3, 1);
            out.writeInt(1).writeBoolean(false).writeInt(0).writeString("/a/s-0000000001");
            out.writeInt(13).writeBoolean(false).writeInt(0);
            out.writeInt(2).writeBoolean(false).writeInt(0);
            out.writeInt(-1).writeBoolean(true).writeInt(-1);
        });
        assertArrayEquals(expected, rig.reply.body.toByteArray());
        assertEquals(2, rig.machine.lastZxid());
    }

    private static void stat(JuteWriter out, long zxid, long now, int version, int cversion, int length, int children) {
        out.writeLong(zxid).writeLong(zxid).writeLong(now).writeLong(now).writeInt(version).writeInt(cversion).writeInt(0);
        out.writeLong(0).writeInt(length).writeInt(children).writeLong(zxid);
    }

    @Test
    void failureLeavesNoTrace() {
        rig.made("/a", 0);
        rig.made("/a/x", 0);
        rig.create("/e", "d", Rig.OPEN, CreateFlags.EPHEMERAL);
        rig.made("/zookeeper/quota/a", 0);
        rig.create("/zookeeper/quota/a/zookeeper_limits", "count=100,bytes=1000");
        rig.create("/zookeeper/quota/a/zookeeper_stats", "");
        rig.children("/a");
        String before = rig.dump();
        multi(create(OpCode.CREATE, "/a/s-", Rig.OPEN, CreateFlags.EPHEMERAL_SEQUENTIAL), delete("/a/x"), set("/a", -1),
                create(OpCode.CREATE_CONTAINER, "/c", Rig.OPEN, 0), create("/c/k"), delete("/e"),
                create(OpCode.CREATE_TTL, "/t", Rig.OPEN, CreateFlags.PERSISTENT_TTL),
                delete("/zookeeper/quota/a/zookeeper_limits"), check("/a", 0), create("/after"));
        assertFailed(0, 0, 0, 0, 0, 0, 0, 0, ErrorCode.BAD_VERSION, ErrorCode.RUNTIME_INCONSISTENCY);
        String after = rig.dump();
        assertEquals(withoutFirstLine(before), withoutFirstLine(after));
        assertEquals("/a/s-0000000001", rig.made("/a/s-", CreateFlags.PERSISTENT_SEQUENTIAL), "the counter is given back");
        assertEquals("count=3,bytes=3", rig.data("/zookeeper/quota/a/zookeeper_stats"), "the quota is still in force");
        assertEquals(ErrorCode.OK, rig.delete("/e", -1));
    }

    private static String withoutFirstLine(String text) {
        return text.substring(text.indexOf('\n'));
    }

    @Test
    void failureIsReportedPerRequest() {
        multi(check("/none", -1), create("/a"));
        assertFailed(ErrorCode.NO_NODE, ErrorCode.RUNTIME_INCONSISTENCY);
        multi(create("/a"), create("/a"));
        assertFailed(ErrorCode.OK, ErrorCode.NODE_EXISTS);
        assertEquals(ErrorCode.NO_NODE, rig.exists("/a"));
    }

    @Test
    void emptyMultiIsLegalAndTakesAZxid() {
        long before = rig.machine.lastZxid();
        assertEquals(ErrorCode.OK, multi());
        assertArrayEquals(body(), rig.reply.body.toByteArray());
        assertEquals(before + 1, rig.reply.zxid);
    }

    @Test
    void senselessMultisFailAsAWholeAndTakeAZxid() {
        List<byte[]> senseless = List.of(
                body(create("/a"), new Op(OpCode.GET_DATA, out -> out.writeString("/").writeBoolean(false))),
                body(create("/a"), new Op(OpCode.SET_ACL, out -> out.writeString("/").writeAcls(Rig.OPEN).writeInt(-1))),
                body(create("/a"), create(OpCode.CREATE, "/b", Rig.OPEN, 7)),
                body(create("/a"), create(OpCode.CREATE, "/b", Rig.OPEN, CreateFlags.PERSISTENT_TTL)),
                body(create("/a"), create(null)),
                body(create("/a"), set(null, -1)),
                body(check("/none", 0), check(null, 0)),
                java.util.Arrays.copyOf(body(create("/a")), 40));
        for (int i = 0; i < senseless.size(); i++) {
            long before = rig.machine.lastZxid();
            assertEquals(ErrorCode.MARSHALLING_ERROR, rig.apply(OpCode.MULTI, senseless.get(i)), "case " + i);
            assertEquals(0, rig.reply.body.length());
            assertEquals(before + 1, rig.reply.zxid);
            assertEquals(ErrorCode.NO_NODE, rig.exists("/a"), "case " + i);
        }
    }

    @Test
    void aCreateWithoutAnAclTakesNoZxid() {
        long before = rig.machine.lastZxid();
        assertEquals(ErrorCode.MARSHALLING_ERROR, multi(create("/a"), create(OpCode.CREATE2, "/b", null, 0)));
        assertEquals(before, rig.reply.zxid);
        multi(create("/a"), create(OpCode.CREATE_TTL, "/b", null, CreateFlags.PERSISTENT_TTL));
        assertFailed(ErrorCode.OK, ErrorCode.INVALID_ACL);
    }

    @Test
    void containersAndTtlNodesAreReportedAsCreate2() {
        multi(create(OpCode.CREATE_CONTAINER, "/c", Rig.OPEN, 4), create(OpCode.CREATE_TTL, "/t", Rig.OPEN, 5));
        assertEquals(15, (int) rig.replyReader(JuteReader::readInt));
        multi(create(OpCode.CREATE, "/flagged", Rig.OPEN, CreateFlags.CONTAINER));
        assertEquals(15, (int) rig.replyReader(JuteReader::readInt), "in a multi the flag makes the container");
        multi(create(OpCode.CREATE_TTL, "/plain", Rig.OPEN, 0));
        assertEquals(1, (int) rig.replyReader(JuteReader::readInt));
        StringBuilder due = new StringBuilder();
        rig.machine.reapCandidates(rig.timeMillis + 100_000, 1, 10, (path, guard) -> due.append(path).append(' '));
        assertEquals("/c /t /flagged ", due.toString());
    }

    @Test
    void theSessionIsCheckedForTheWhole() {
        rig.sessionId = 77;
        assertEquals(ErrorCode.SESSION_EXPIRED, multi(create("/a")));
        rig.sessionId = Rig.SESSION;
        assertEquals(ErrorCode.SESSION_MOVED, rig.apply(OpCode.MULTI, 9, body(create("/a"))));
    }

    @Test
    void multiRead() {
        rig.made("/a", 0);
        rig.made("/a/b", 0);
        byte[] body = body(read(OpCode.GET_CHILDREN, "/a"), read(OpCode.GET_DATA, "/a/b"), read(OpCode.GET_DATA, "/none"));
        Recorder watcher = new Recorder();
        Rig.Answer answer = rig.read(OpCode.MULTI_READ, body, watcher);
        byte[] expected = Rig.body(out -> {
            out.writeInt(8).writeBoolean(false).writeInt(0).writeStrings(List.of("b"));
            out.writeInt(4).writeBoolean(false).writeInt(0).writeBuffer(Rig.bytes("d"));
            stat(out, rig.machine.lastZxid(), rig.timeMillis, 0, 0, 1, 0);
            out.writeInt(-1).writeBoolean(false).writeInt(-101).writeInt(-101);
            out.writeInt(-1).writeBoolean(true).writeInt(-1);
        });
        assertEquals(ErrorCode.OK, answer.err());
        assertArrayEquals(expected, answer.body());
        assertEquals(0, rig.machine.watchCount(), "the watch flag means nothing here");
        assertEquals(ErrorCode.MARSHALLING_ERROR, rig.read(OpCode.MULTI_READ, body(create("/x")), watcher).err());
    }
}
