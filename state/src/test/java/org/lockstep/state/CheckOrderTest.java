package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.Acl;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.Id;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** The first check that fails decides the answer, in ZooKeeper's order. */
class CheckOrderTest {
    private static final List<Acl> READ_ONLY = List.of(new Acl(Perms.READ, new Id("world", "anyone")));
    private static final List<Acl> NOBODY = List.of(new Acl(Perms.ALL, new Id("digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=")));
    private final Rig rig = new Rig();

    @Test
    void freshTreeIsAsZooKeepers() {
        assertEquals(5, rig.machine.nodeCount());
        assertEquals(44, rig.machine.approximateDataSize());
        assertEquals(new Rig.Stat(0, 0, 0, 0, 0, -1, 0, 0, 0, 1, 0), rig.stat("/"));
        assertEquals(rig.stat("/"), rig.stat(""));
        assertEquals(new Rig.Stat(0, 0, 0, 0, 0, -2, 0, 0, 0, 2, 0), rig.stat("/zookeeper"));
        assertEquals(new Rig.Stat(0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0), rig.stat("/zookeeper/config"));
        assertEquals("", rig.data("/zookeeper/config"));
        assertEquals(1, rig.machine.lastZxid(), "the session took the first zxid");
    }

    @Test
    void create() {
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.create("noslash", "d", null, 7), "flags before path");
        assertEquals(ErrorCode.UNIMPLEMENTED, rig.createTtl("noslash", CreateFlags.PERSISTENT_TTL, 0), "TTL off");
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.create("noslash", "d"));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.create("/a\0b", "d"));
        assertEquals(ErrorCode.MARSHALLING_ERROR, rig.create(null, "d"));
        assertEquals(ErrorCode.INVALID_ACL, rig.create("/missing/a", "d", List.of(), 0), "ACL before parent");
        assertEquals(ErrorCode.INVALID_ACL, rig.create("/missing/a", "d", null, 0));
        byte[] negative = Rig.body(out -> out.writeString("/a").writeBuffer(null).writeInt(-5).writeInt(0));
        assertEquals(ErrorCode.INVALID_ACL, rig.apply(OpCode.CREATE, negative), "a count below -1 is an empty list");
        byte[] huge = Rig.body(out -> out.writeString("/a").writeBuffer(null).writeInt(Integer.MAX_VALUE).writeInt(0));
        assertEquals(ErrorCode.MARSHALLING_ERROR, rig.apply(OpCode.CREATE, huge));
        assertEquals(ErrorCode.NO_NODE, rig.create("/a/", "d"));
        assertEquals(ErrorCode.NO_NODE, rig.create("/missing/a", "d"));
        assertEquals(ErrorCode.OK, rig.create("/p", "d"));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.create("/p/..", "d"));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.create("/p/", "d"), "the parent is there, the path is not valid");
        assertEquals(ErrorCode.NODE_EXISTS, rig.create("/", "d"));
        assertEquals(ErrorCode.NODE_EXISTS, rig.create("/p", "d"));
        assertEquals(ErrorCode.OK, rig.create("/closed", "d", READ_ONLY, 0));
        assertEquals(ErrorCode.NO_AUTH, rig.create("/closed/..", "d"), "ACL before syntax");
        assertEquals(ErrorCode.OK, rig.create("/e", "d", Rig.OPEN, CreateFlags.EPHEMERAL));
        assertEquals(ErrorCode.NO_CHILDREN_FOR_EPHEMERALS, rig.create("/e/c", "d"));
    }

    @Test
    void delete() {
        for (String path : List.of("x", "/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config", "/a\0b")) {
            assertEquals(ErrorCode.BAD_ARGUMENTS, rig.delete(path, -1), path);
        }
        rig.create("/p", "d", READ_ONLY, 0);
        assertEquals(ErrorCode.NO_NODE, rig.delete("/missing/x", -1));
        assertEquals(ErrorCode.NO_AUTH, rig.delete("/p/missing", -1), "ACL of the parent before the node");
        rig.create("/q", "d");
        rig.create("/q/c", "d");
        assertEquals(ErrorCode.NO_NODE, rig.delete("/q/", -1));
        assertEquals(ErrorCode.NO_NODE, rig.delete("//q", -1), "no other spelling of a path");
        assertEquals(ErrorCode.BAD_VERSION, rig.delete("/q", 5), "version before children");
        assertEquals(ErrorCode.NOT_EMPTY, rig.delete("/q", 0));
        assertEquals(ErrorCode.OK, rig.delete("/q/c", 0));
        assertEquals(ErrorCode.OK, rig.delete("/q", -1));
        assertEquals(ErrorCode.MARSHALLING_ERROR, rig.delete(null, -1));
    }

    @Test
    void deleteContainerNeedsTheRightThatDeleteNeeds() {
        rig.create("/p", "d", NOBODY, 0);
        rig.identities = new Identities(List.of(new Id("digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=")));
        rig.create("/p/c", "d");
        rig.identities = Identities.NONE;
        byte[] body = Rig.body(out -> out.writeString("/p/c"));
        assertEquals(ErrorCode.NO_AUTH, rig.apply(OpCode.DELETE_CONTAINER, body));
        assertEquals(ErrorCode.NOT_EMPTY, rig.apply(OpCode.DELETE_CONTAINER, Rig.body(out -> out.writeString("/p"))));
        rig.create("/e", "d", Rig.OPEN, CreateFlags.EPHEMERAL);
        assertEquals(ErrorCode.BAD_VERSION, rig.apply(OpCode.DELETE_CONTAINER, Rig.body(out -> out.writeString("/e"))));
        assertEquals(ErrorCode.NO_NODE, rig.apply(OpCode.DELETE_CONTAINER, Rig.body(out -> out.writeString("/none"))));
    }

    @Test
    void setDataAndSetAcl() {
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.set("/a/", "x", -1));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.set("", "x", -1));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.set(null, "x", -1));
        assertEquals(ErrorCode.NO_NODE, rig.set("/a", "x", -1));
        rig.create("/r", "d", READ_ONLY, 0);
        assertEquals(ErrorCode.NO_AUTH, rig.set("/r", "x", 9), "ACL before version");
        rig.create("/w", "d");
        assertEquals(ErrorCode.BAD_VERSION, rig.set("/w", "x", 9));
        assertEquals(ErrorCode.OK, rig.set("/w", "x", 0));
        assertEquals(1, rig.stat("/w").version());
        assertEquals(ErrorCode.INVALID_ACL, rig.setAcl("/missing", List.of(), 0), "ACL fix-up before node");
        assertEquals(ErrorCode.NO_NODE, rig.setAcl("/missing", Rig.OPEN, 0));
        assertEquals(ErrorCode.NO_AUTH, rig.setAcl("/r", Rig.OPEN, 9));
        assertEquals(ErrorCode.BAD_VERSION, rig.setAcl("/w", Rig.OPEN, 9));
        assertEquals(ErrorCode.OK, rig.setAcl("/w", READ_ONLY, 0));
        assertEquals(1, rig.stat("/w").aversion());
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.setAcl("w", List.of(), 0), "syntax first");
    }

    @Test
    void reads() {
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.exists("/a\0"));
        for (int opcode : List.of(OpCode.EXISTS, OpCode.GET_DATA, OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2, OpCode.GET_ACL,
                OpCode.GET_ALL_CHILDREN_NUMBER)) {
            assertEquals(ErrorCode.NO_NODE, rig.read(opcode, "/missing", null).err(), "op " + opcode);
            assertEquals(ErrorCode.NO_NODE, rig.read(opcode, "p", null).err(), "op " + opcode);
            assertEquals(ErrorCode.OK, rig.read(opcode, "", null).err(), "op " + opcode);
            assertEquals(ErrorCode.MARSHALLING_ERROR, rig.read(opcode, (String) null, null).err(), "op " + opcode);
        }
        rig.create("/secret", "d", NOBODY, 0);
        for (int opcode : List.of(OpCode.EXISTS, OpCode.GET_DATA, OpCode.GET_CHILDREN, OpCode.GET_ACL)) {
            assertEquals(ErrorCode.NO_AUTH, rig.read(opcode, "/secret", null).err(), "op " + opcode);
        }
    }

    @Test
    void failedWritesTakeAZxidAndBrokenOnesDoNot() {
        long before = rig.machine.lastZxid();
        rig.create("/missing/a", "d");
        assertEquals(before + 1, rig.reply.zxid);
        rig.apply(OpCode.CREATE, new byte[] {0, 0, 0, 9, 1});
        assertEquals(ErrorCode.MARSHALLING_ERROR, rig.reply.err);
        assertEquals(before + 1, rig.reply.zxid);
        rig.apply(OpCode.MULTI, new byte[] {0, 0, 0, 9, 1});
        assertEquals(ErrorCode.MARSHALLING_ERROR, rig.reply.err);
        assertEquals(before + 2, rig.reply.zxid);
        byte[] reconfig = Rig.body(out -> out.writeString("a").writeString(null).writeString(null).writeLong(-1));
        assertEquals(ErrorCode.RECONFIG_DISABLED, rig.apply(OpCode.RECONFIG, reconfig));
        assertEquals(before + 3, rig.reply.zxid);
        assertEquals(ErrorCode.OK, rig.apply(OpCode.SYNC, Rig.body(out -> out.writeString("no/such path"))));
        assertEquals("no/such path", rig.replyReader(in -> in.readString()));
        assertEquals(before + 3, rig.reply.zxid);
    }
}
