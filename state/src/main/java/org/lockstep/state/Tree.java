package org.lockstep.state;

import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.Paths;

/**
 * Changes of the tree as requests make them: each keeps parent, quota statistics and watch events in step. The caller has made
 * all checks. Not thread-safe.
 */
final class Tree {
    final NodeStore store;
    final Quotas quotas;
    final Events events;

    Tree(NodeStore store, Quotas quotas, Events events) {
        this.store = store;
        this.quotas = quotas;
        this.events = events;
    }

    /** Returns the node as the request made it, which is what its answer shows. */
    Node create(Entry parent, String path, byte[] data, AclList acl, long owner, long zxid, long timeMillis) {
        Entry entry = store.overlay.vacant(path);
        store.replace(parent, parent.node().withChild(1, 1, zxid));
        Node node = new Node(zxid, zxid, zxid, timeMillis, timeMillis, 0, 0, 0, 0, owner, acl, data);
        store.replace(entry, node, parent);
        quotas.created(entry);
        quotas.account(path, 1, data == null ? 0 : data.length);
        events.created(entry, acl, parent);
        return node;
    }

    void delete(Entry parent, Entry entry, long zxid) {
        Node node = entry.node();
        store.replace(parent, parent.node().withChild(0, -1, zxid));
        store.replace(entry, null, parent);
        quotas.account(entry.path, -1, -node.dataLength());
        events.deleted(entry, node.acl, parent);
    }

    /** Returns the node as the request left it. */
    Node setData(Entry entry, byte[] data, int version, long zxid, long timeMillis) {
        Node before = entry.node();
        Node after = before.withData(data, version, zxid, timeMillis);
        store.replace(entry, after);
        quotas.account(entry.path, 0, after.dataLength() - before.dataLength());
        events.dataChanged(entry, before.acl);
        return after;
    }

    void setAcl(Entry entry, AclList acl, int aversion) {
        store.replace(entry, entry.node().withAcl(acl, aversion));
    }

    /** Deletes a container or TTL node that is still as the reaper found it. */
    int reap(String path, long pzxidSeen, long zxid, long timeMillis) {
        Entry entry = path == null ? null : store.find(path);
        if (entry == null) {
            return ErrorCode.NO_NODE;
        }
        Node node = entry.node();
        if (node.childCount > 0) {
            return ErrorCode.NOT_EMPTY;
        }
        boolean due = Owner.isContainer(node.owner)
                || (Owner.isTtl(node.owner) && timeMillis - node.mtimeMillis > Owner.ttlMillis(node.owner));
        if (!due || node.pzxid != pzxidSeen) {
            return ErrorCode.BAD_VERSION;
        }
        delete(store.find(Paths.parentOf(path)), entry, zxid);
        return ErrorCode.OK;
    }

    /** Deletes a session's ephemerals and then the session. */
    void closeSession(Session session, long zxid) {
        for (String path : session.sortedEphemerals()) {
            delete(store.find(Paths.parentOf(path)), store.find(path), zxid);
        }
        store.removeSession(session.id);
    }
}
