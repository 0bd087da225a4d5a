package org.lockstep.state;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Paths;
import org.lockstep.wire.Perms;

/**
 * The writes of single nodes: checks in ZooKeeper's order (its {@code PrepRequestProcessor}), then the change and the result
 * record. Each method returns an error code and has changed nothing when that is not OK. Not thread-safe.
 */
final class Writes {
    private final Tree tree;
    private final NodeStore store;
    private final AccessControl access;
    private final StateOptions options;
    private final Caller caller;

    private long zxid;
    private long timeMillis;
    private long sessionId;

    Writes(Tree tree, AccessControl access, StateOptions options, Caller caller) {
        this.tree = tree;
        this.store = tree.store;
        this.access = access;
        this.options = options;
        this.caller = caller;
    }

    /** What the following requests share: one command's zxid, time and session. */
    void begin(long commandZxid, long commandTimeMillis, long commandSessionId) {
        zxid = commandZxid;
        timeMillis = commandTimeMillis;
        sessionId = commandSessionId;
    }

    /** Checks and does {@code request}; appends its result record to {@code out}. */
    int execute(WriteRequest request, JuteWriter out) {
        return switch (request.opcode) {
            case OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL -> create(request, out);
            case OpCode.DELETE -> delete(request);
            case OpCode.DELETE_CONTAINER -> deleteContainer(request);
            case OpCode.SET_DATA -> setData(request, out);
            case OpCode.SET_ACL -> setAcl(request, out);
            case OpCode.CHECK -> check(request);
            default -> ErrorCode.UNIMPLEMENTED;
        };
    }

    private boolean may(Entry entry, int perms) {
        AclList acl = entry.node().acl;
        return access.isOpen(acl, perms) || access.allows(acl, perms, caller.identities());
    }

    private int create(WriteRequest request, JuteWriter out) {
        int err = checkFlags(request);
        if (err != ErrorCode.OK) {
            return err;
        }
        if (request.path == null) {
            return ErrorCode.MARSHALLING_ERROR;
        }
        if (request.parentPath == null || request.path.indexOf('\0') >= 0) {
            return ErrorCode.BAD_ARGUMENTS;
        }
        if (request.acl == null) {
            return ErrorCode.INVALID_ACL;
        }
        Entry parent = store.find(request.parentPath);
        if (parent == null) {
            return ErrorCode.NO_NODE;
        }
        if (!may(parent, Perms.CREATE)) {
            return ErrorCode.NO_AUTH;
        }
        boolean sequential = CreateFlags.isSequential(request.flags);
        String path = sequential ? request.path + suffix(parent.node().cversion) : request.path;
        err = checkNewPath(parent, path, request.data);
        if (err == ErrorCode.OK) {
            Node node = tree.create(parent, path, request.data, request.acl, ownerOf(request), zxid, timeMillis);
            out.writeString(path);
            if (request.opcode != OpCode.CREATE) {
                Stats.write(out, node);
            }
        }
        return err;
    }

    private int checkFlags(WriteRequest request) {
        if (!CreateFlags.isKnown(request.flags)) {
            return ErrorCode.BAD_ARGUMENTS;
        }
        boolean ttl = CreateFlags.isTtl(request.flags);
        if (ttl && !options.extendedTypes()) {
            return ErrorCode.UNIMPLEMENTED;
        }
        // A createTTL whose flags ask for no TTL would stop ZooKeeper when it is applied; here it is refused.
        boolean fits = ttl
                ? request.ttlMillis > 0 && request.ttlMillis <= Owner.TTL_MILLIS_MAX
                : request.ttlMillis < 0 && request.opcode != OpCode.CREATE_TTL;
        return fits ? ErrorCode.OK : ErrorCode.BAD_ARGUMENTS;
    }

    private int checkNewPath(Entry parent, String path, byte[] data) {
        if (!Paths.isValid(path)) {
            return ErrorCode.BAD_ARGUMENTS;
        }
        if (exists(parent, path)) {
            return ErrorCode.NODE_EXISTS;
        }
        if (Owner.isSession(parent.node().owner)) {
            return ErrorCode.NO_CHILDREN_FOR_EPHEMERALS;
        }
        return tree.quotas.check(path, 1, data == null ? 0 : data.length);
    }

    private boolean exists(Entry parent, String path) {
        if (path.length() == 1) {
            return true;
        }
        Boolean known = store.overlay.knowsChild(parent, path);
        return known != null ? known : store.find(path) != null;
    }

    private long ownerOf(WriteRequest request) {
        return switch (request.opcode) {
            case OpCode.CREATE_CONTAINER -> Node.CONTAINER_OWNER;
            case OpCode.CREATE_TTL -> Owner.ofTtl(request.ttlMillis);
            default -> CreateFlags.isEphemeral(request.flags) ? sessionId : Owner.PERSISTENT;
        };
    }

    /** Ten digits at least; a counter that has wrapped is negative, as ZooKeeper's. */
    static String suffix(int counter) {
        if (counter < 0) {
            return String.format(Locale.ROOT, "%010d", counter);
        }
        byte[] digits = new byte[10];
        int rest = counter;
        for (int i = 9; i >= 0; i--) {
            digits[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return new String(digits, StandardCharsets.ISO_8859_1);
    }

    /** OK when {@code request} names something that deletes may name at all. */
    private static int checkDeletable(WriteRequest request) {
        if (request.path == null) {
            return ErrorCode.MARSHALLING_ERROR;
        }
        if (request.parentPath == null || request.path.indexOf('\0') >= 0) {
            return ErrorCode.BAD_ARGUMENTS;
        }
        return switch (request.path) {
            case "/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config" -> ErrorCode.BAD_ARGUMENTS;
            default -> ErrorCode.OK;
        };
    }

    private int delete(WriteRequest request) {
        int err = checkDeletable(request);
        if (err != ErrorCode.OK) {
            return err;
        }
        Entry parent = store.find(request.parentPath);
        if (parent == null) {
            return ErrorCode.NO_NODE;
        }
        if (!may(parent, Perms.DELETE)) {
            return ErrorCode.NO_AUTH;
        }
        Entry entry = store.find(request.path);
        if (entry == null) {
            return ErrorCode.NO_NODE;
        }
        if (isStale(request.version, entry.node().version)) {
            return ErrorCode.BAD_VERSION;
        }
        if (entry.node().childCount > 0) {
            return ErrorCode.NOT_EMPTY;
        }
        tree.delete(parent, entry, zxid);
        return ErrorCode.OK;
    }

    /**
     * ZooKeeper lets any client delete any leaf this way; here it needs DELETE on the parent, as with a plain delete. The
     * server's own reaper has a command of its own.
     */
    private int deleteContainer(WriteRequest request) {
        int err = checkDeletable(request);
        if (err != ErrorCode.OK) {
            return err;
        }
        Entry entry = store.find(request.path);
        Entry parent = entry == null ? null : store.find(request.parentPath);
        if (parent == null) {
            return ErrorCode.NO_NODE;
        }
        if (!may(parent, Perms.DELETE)) {
            return ErrorCode.NO_AUTH;
        }
        if (entry.node().childCount > 0) {
            return ErrorCode.NOT_EMPTY;
        }
        if (Owner.isSession(entry.node().owner)) {
            return ErrorCode.BAD_VERSION;
        }
        tree.delete(parent, entry, zxid);
        return ErrorCode.OK;
    }

    private static boolean isStale(int expected, int version) {
        return expected != -1 && expected != version;
    }

    /** The version after {@code version}; never -1, which means "any" in requests. */
    private static int next(int version) {
        return version + 1 == -1 ? 0 : version + 1;
    }

    private int setData(WriteRequest request, JuteWriter out) {
        if (!Paths.isValid(request.path)) {
            return ErrorCode.BAD_ARGUMENTS;
        }
        Entry entry = store.find(request.path);
        if (entry == null) {
            return ErrorCode.NO_NODE;
        }
        if (!may(entry, Perms.WRITE)) {
            return ErrorCode.NO_AUTH;
        }
        Node node = entry.node();
        int length = request.data == null ? 0 : request.data.length;
        int err = tree.quotas.check(request.path, 0, length - node.dataLength());
        if (err != ErrorCode.OK) {
            return err;
        }
        if (isStale(request.version, node.version)) {
            return ErrorCode.BAD_VERSION;
        }
        Stats.write(out, tree.setData(entry, request.data, next(node.version), zxid, timeMillis));
        return ErrorCode.OK;
    }

    private int setAcl(WriteRequest request, JuteWriter out) {
        if (!Paths.isValid(request.path)) {
            return ErrorCode.BAD_ARGUMENTS;
        }
        if (request.acl == null) {
            return ErrorCode.INVALID_ACL;
        }
        Entry entry = store.find(request.path);
        if (entry == null) {
            return ErrorCode.NO_NODE;
        }
        if (!may(entry, Perms.ADMIN)) {
            return ErrorCode.NO_AUTH;
        }
        if (isStale(request.version, entry.node().aversion)) {
            return ErrorCode.BAD_VERSION;
        }
        tree.setAcl(entry, request.acl, next(entry.node().aversion));
        Stats.write(out, entry.node());
        return ErrorCode.OK;
    }

    private int check(WriteRequest request) {
        if (!Paths.isValid(request.path)) {
            return ErrorCode.BAD_ARGUMENTS;
        }
        Entry entry = store.find(request.path);
        if (entry == null) {
            return ErrorCode.NO_NODE;
        }
        if (!may(entry, Perms.READ)) {
            return ErrorCode.NO_AUTH;
        }
        return isStale(request.version, entry.node().version) ? ErrorCode.BAD_VERSION : ErrorCode.OK;
    }
}
