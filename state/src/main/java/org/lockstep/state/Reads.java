package org.lockstep.state;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.lockstep.wire.Acl;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** The reads of single nodes and their watches, checked in ZooKeeper's order. Not thread-safe. */
final class Reads {
    private static final Pattern DIGEST_SECRET = Pattern.compile(":.*");

    private final NodeStore store;
    private final AccessControl access;
    private final Watches watches;
    private final PathDecoder paths;
    private byte[] membership;
    private long membershipVersion;

    Reads(NodeStore store, AccessControl access, Watches watches, PathDecoder paths) {
        this.store = store;
        this.access = access;
        this.watches = watches;
        this.paths = paths;
    }

    /** As {@link StateMachine#showMembership}. */
    void showMembership(byte[] text, long version) {
        membership = text;
        membershipVersion = version;
    }

    /** What a client is shown of a node: itself, but for {@code /zookeeper/config} as long as no request gave it data. */
    private Node shown(Entry entry) {
        Node node = entry.node();
        if (membership == null || node.dataLength() > 0 || !entry.path.equals(Opening.CONFIG_PATH)) {
            return node;
        }
        return node.withData(membership, -1, membershipVersion, 0);
    }

    /** As {@link StateMachine#read}, but what it leaves in {@code out} after an error is the caller's to take back. */
    int execute(int opcode, Identities identities, JuteReader in, Watcher watcher, JuteWriter out)
            throws MalformedRecordException {
        String path = readPath(in);
        return switch (opcode) {
            case OpCode.GET_DATA -> getData(path, identities, in.readBoolean() ? watcher : null, out);
            case OpCode.EXISTS -> exists(path, identities, in.readBoolean() ? watcher : null, out);
            case OpCode.GET_CHILDREN -> getChildren(path, identities, in.readBoolean() ? watcher : null, false, out);
            case OpCode.GET_CHILDREN2 -> getChildren(path, identities, in.readBoolean() ? watcher : null, true, out);
            case OpCode.GET_ACL -> getAcl(path, identities, out);
            case OpCode.GET_ALL_CHILDREN_NUMBER -> getAllChildrenNumber(path, identities, out);
            default -> ErrorCode.UNIMPLEMENTED;
        };
    }

    /** A path that must not be null: ZooKeeper fails over one as over a broken record. */
    String readPath(JuteReader in) throws MalformedRecordException {
        String path = paths.read(in);
        if (path == null) {
            throw new MalformedRecordException("null path");
        }
        return path;
    }

    private boolean may(Entry entry, int perms, Identities identities) {
        return access.allows(entry.node().acl, perms, identities);
    }

    int getData(String path, Identities identities, Watcher watcher, JuteWriter out) {
        Entry entry = store.find(path);
        if (entry == null) {
            return ErrorCode.NO_NODE;
        }
        if (!may(entry, Perms.READ, identities)) {
            return ErrorCode.NO_AUTH;
        }
        if (watcher != null) {
            watches.addData(path, watcher);
        }
        Node node = shown(entry);
        out.writeBuffer(node.data);
        Stats.write(out, node);
        return ErrorCode.OK;
    }

    private int exists(String path, Identities identities, Watcher watcher, JuteWriter out) {
        if (path.indexOf('\0') >= 0) {
            return ErrorCode.BAD_ARGUMENTS;
        }
        Entry entry = store.find(path);
        if (entry != null && !may(entry, Perms.READ, identities)) {
            return ErrorCode.NO_AUTH;
        }
        if (watcher != null) {
            watches.addData(path, watcher);
        }
        if (entry == null) {
            return ErrorCode.NO_NODE;
        }
        Stats.write(out, shown(entry));
        return ErrorCode.OK;
    }

    int getChildren(String path, Identities identities, Watcher watcher, boolean withStat, JuteWriter out) {
        Entry entry = store.find(path);
        if (entry == null) {
            return ErrorCode.NO_NODE;
        }
        if (!may(entry, Perms.READ, identities)) {
            return ErrorCode.NO_AUTH;
        }
        if (watcher != null) {
            watches.addChild(path, watcher);
        }
        writeChildren(entry, out);
        if (withStat) {
            Stats.write(out, shown(entry));
        }
        return ErrorCode.OK;
    }

    private void writeChildren(Entry entry, JuteWriter out) {
        if (entry.node().childCount == 0) {
            out.writeInt(0);
            return;
        }
        ChildNames names = store.overlay.names(entry);
        if (names != null) {
            names.writeTo(out);
            return;
        }
        out.writeInt(entry.node().childCount);
        int[] written = new int[1];
        store.overlay.forEachChild(entry, name -> {
            out.writeString(name);
            written[0]++;
        });
        if (written[0] != entry.node().childCount) {
            throw new IllegalStateException("damaged state: node " + entry.path + " counts " + entry.node().childCount
                    + " children, but " + written[0] + " are there");
        }
    }

    private int getAcl(String path, Identities identities, JuteWriter out) {
        Entry entry = store.find(path);
        if (entry == null) {
            return ErrorCode.NO_NODE;
        }
        if (!may(entry, Perms.READ | Perms.ADMIN, identities)) {
            return ErrorCode.NO_AUTH;
        }
        AclList acl = entry.node().acl;
        if (may(entry, Perms.ADMIN, identities)) {
            out.writeRaw(acl.encoded(), 0, acl.encoded().length);
        } else {
            out.writeAcls(masked(acl.entries()));
        }
        Stats.write(out, shown(entry));
        return ErrorCode.OK;
    }

    /** The list with the secret part of digest ids hidden, for readers who may not administer. */
    private static List<Acl> masked(List<Acl> acls) {
        List<Acl> masked = new ArrayList<>(acls.size());
        for (Acl acl : acls) {
            Id id = acl.id();
            masked.add(DigestAuth.SCHEME.equals(id.scheme())
                    ? new Acl(acl.perms(), new Id(id.scheme(), DIGEST_SECRET.matcher(id.id()).replaceAll(":x")))
                    : acl);
        }
        return masked;
    }

    private int getAllChildrenNumber(String path, Identities identities, JuteWriter out) {
        Entry entry = store.find(path);
        if (entry == null) {
            return ErrorCode.NO_NODE;
        }
        if (!may(entry, Perms.READ, identities)) {
            return ErrorCode.NO_AUTH;
        }
        if (path.isEmpty()) {
            // ZooKeeper keeps the root under two names, and under this one counts the other.
            out.writeInt((int) store.nodeCount);
        } else if (path.equals("/")) {
            out.writeInt((int) store.nodeCount - 1);
        } else {
            out.writeInt(countBelow(entry));
        }
        return ErrorCode.OK;
    }

    private int countBelow(Entry top) {
        int count = 0;
        ArrayList<String> open = new ArrayList<>();
        store.overlay.forEachChild(top, name -> open.add(top.path + '/' + name));
        while (!open.isEmpty()) {
            String path = open.remove(open.size() - 1);
            Node node = store.overlay.peek(path);
            count++;
            if (node.childCount > 0) {
                store.overlay.forEachChild(path, node, name -> open.add(path + '/' + name));
            }
        }
        return count;
    }
}
