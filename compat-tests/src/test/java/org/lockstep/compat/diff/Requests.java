package org.lockstep.compat.diff;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.lockstep.wire.Acl;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** Builds requests; each numbers itself with the next xid. Paths are bytes, since clients may send any. */
final class Requests {
    static final List<Acl> OPEN_ACL = List.of(new Acl(Perms.ALL, new Id("world", "anyone")));
    static final int AUTH_XID = -4;
    static final int SET_WATCHES_XID = -8;
    private static final int MULTI_END = -1;

    private int lastXid;

    /** One operation within a multi. */
    record Op(int opcode, byte[] body, String text) {}

    int nextXid() {
        return ++lastXid;
    }

    private Request numbered(Op op) {
        return new Request(nextXid(), op.opcode(), op.body(), false, op.text());
    }

    private static Op op(int opcode, JuteWriter body, String text) {
        return new Op(opcode, body.toByteArray(), text);
    }

    static byte[] bytes(String string) {
        return string == null ? null : string.getBytes(StandardCharsets.UTF_8);
    }

    Request request(Op op) {
        return numbered(op);
    }

    static Op create(int opcode, byte[] path, byte[] data, List<Acl> acl, int flags, long ttlMillis) {
        JuteWriter out = new JuteWriter().writeBuffer(path).writeBuffer(data);
        out.writeAcls(acl).writeInt(flags);
        String text = name(opcode) + " " + show(path) + " data " + show(data) + " acl " + show(acl) + " flags " + flags;
        if (opcode == OpCode.CREATE_TTL) {
            out.writeLong(ttlMillis);
            text += " ttl " + ttlMillis;
        }
        return op(opcode, out, text);
    }

    static Op create(byte[] path, byte[] data, List<Acl> acl, int flags) {
        return create(OpCode.CREATE, path, data, acl, flags, -1);
    }

    /** delete and check: a path and a version. */
    static Op pathVersion(int opcode, byte[] path, int version) {
        return op(opcode, new JuteWriter().writeBuffer(path).writeInt(version),
                name(opcode) + " " + show(path) + " version " + version);
    }

    /** deleteContainer, getACL, sync, getAllChildrenNumber, getEphemerals: a path alone. */
    static Op path(int opcode, byte[] path) {
        return op(opcode, new JuteWriter().writeBuffer(path), name(opcode) + " " + show(path));
    }

    /** exists, getData, getChildren, getChildren2. */
    static Op read(int opcode, byte[] path, boolean watch) {
        return op(opcode, new JuteWriter().writeBuffer(path).writeBoolean(watch),
                name(opcode) + " " + show(path) + (watch ? " watch" : ""));
    }

    static Op setData(byte[] path, byte[] data, int version) {
        return op(OpCode.SET_DATA, new JuteWriter().writeBuffer(path).writeBuffer(data).writeInt(version),
                "setData " + show(path) + " data " + show(data) + " version " + version);
    }

    static Op setAcl(byte[] path, List<Acl> acl, int version) {
        return op(OpCode.SET_ACL, new JuteWriter().writeBuffer(path).writeAcls(acl).writeInt(version),
                "setACL " + show(path) + " acl " + show(acl) + " version " + version);
    }

    /** checkWatches, removeWatches, addWatch: a path and a type or mode. */
    static Op pathType(int opcode, byte[] path, int type) {
        return op(opcode, new JuteWriter().writeBuffer(path).writeInt(type), name(opcode) + " " + show(path) + " type " + type);
    }

    static Op bare(int opcode) {
        return op(opcode, new JuteWriter(), name(opcode));
    }

    /** multi or multiRead of {@code ops}. */
    static Op multi(int opcode, List<Op> ops) {
        JuteWriter out = new JuteWriter();
        for (Op each : ops) {
            out.writeInt(each.opcode()).writeBoolean(false).writeInt(-1);
            out.writeRaw(each.body(), 0, each.body().length);
        }
        out.writeInt(MULTI_END).writeBoolean(true).writeInt(-1);
        return op(opcode, out, name(opcode) + ops.stream().map(Op::text).collect(Collectors.joining(" | ", " {", "}")));
    }

    static Op reconfig(String joining, String leaving, String members, long config) {
        return op(OpCode.RECONFIG,
                new JuteWriter().writeString(joining).writeString(leaving).writeString(members).writeLong(config),
                "reconfig " + joining + " " + leaving + " " + members + " " + config);
    }

    static Request auth(int type, String scheme, byte[] auth) {
        return Request.of(AUTH_XID, OpCode.AUTH, new JuteWriter().writeInt(type).writeString(scheme).writeBuffer(auth),
                "auth " + scheme + " " + show(auth));
    }

    /** setWatches (three lists) or setWatches2 (five). */
    static Request setWatches(long relativeZxid, List<List<byte[]>> lists) {
        int opcode = lists.size() == 3 ? OpCode.SET_WATCHES : OpCode.SET_WATCHES2;
        JuteWriter out = new JuteWriter().writeLong(relativeZxid);
        StringBuilder text = new StringBuilder(name(opcode) + " seen +" + relativeZxid);
        for (List<byte[]> list : lists) {
            out.writeInt(list.size());
            list.forEach(out::writeBuffer);
            text.append(list.stream().map(Requests::show).toList());
        }
        return new Request(SET_WATCHES_XID, opcode, out.toByteArray(), true, text.toString());
    }

    Request closeSession() {
        return numbered(bare(OpCode.CLOSE_SESSION));
    }

    static String show(byte[] bytes) {
        if (bytes == null) {
            return "null";
        }
        return bytes.length > 60
                ? "<" + bytes.length + " bytes>"
                : "'" + new String(bytes, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "^") + "'";
    }

    private static String show(List<Acl> acl) {
        if (acl == null) {
            return "null";
        }
        return acl.equals(OPEN_ACL) ? "open" : acl.stream()
                .map(a -> a.perms() + "/" + (a.id() == null ? "null" : a.id().scheme() + ":" + a.id().id())).toList().toString();
    }

    static String name(int opcode) {
        return switch (opcode) {
            case OpCode.CREATE -> "create";
            case OpCode.CREATE2 -> "create2";
            case OpCode.CREATE_CONTAINER -> "createContainer";
            case OpCode.CREATE_TTL -> "createTTL";
            case OpCode.DELETE -> "delete";
            case OpCode.DELETE_CONTAINER -> "deleteContainer";
            case OpCode.EXISTS -> "exists";
            case OpCode.GET_DATA -> "getData";
            case OpCode.GET_ACL -> "getACL";
            case OpCode.GET_CHILDREN -> "getChildren";
            case OpCode.GET_CHILDREN2 -> "getChildren2";
            case OpCode.SYNC -> "sync";
            case OpCode.PING -> "ping";
            case OpCode.CHECK -> "check";
            case OpCode.MULTI -> "multi";
            case OpCode.MULTI_READ -> "multiRead";
            case OpCode.CHECK_WATCHES -> "checkWatches";
            case OpCode.REMOVE_WATCHES -> "removeWatches";
            case OpCode.SET_WATCHES -> "setWatches";
            case OpCode.SET_WATCHES2 -> "setWatches2";
            case OpCode.ADD_WATCH -> "addWatch";
            case OpCode.GET_EPHEMERALS -> "getEphemerals";
            case OpCode.GET_ALL_CHILDREN_NUMBER -> "getAllChildrenNumber";
            case OpCode.WHO_AM_I -> "whoAmI";
            case OpCode.CLOSE_SESSION -> "closeSession";
            case OpCode.SASL -> "sasl";
            default -> "opcode " + opcode;
        };
    }
}
