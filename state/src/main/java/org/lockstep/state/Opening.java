package org.lockstep.state;

import java.util.ArrayList;
import java.util.List;
import org.lockstep.wire.Acl;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.Perms;

/** Fills a store from its base, or plants a fresh tree when the base is empty. */
final class Opening {
    /** The node in which clients find the membership. */
    static final String CONFIG_PATH = "/zookeeper/config";

    private final StateBase base;
    private final NodeStore store;
    private Meta meta;
    private byte[] mark;

    Opening(StateBase base, NodeStore store) {
        this.base = base;
        this.store = store;
    }

    /** @throws IllegalStateException naming the damage when the base contradicts itself */
    void run() {
        base.forEach(StateBase.Table.META, this::readMeta);
        if (meta == null) {
            plant();
            return;
        }
        base.forEach(StateBase.Table.SESSIONS, this::readSession);
        base.forEach(StateBase.Table.EPHEMERALS, this::readEphemeral);
        base.forEach(StateBase.Table.REAPABLES, (key, value) -> store.reapables.add(readPath("container or TTL node", value)));
        base.forEach(StateBase.Table.QUOTAS, (key, value) -> store.quotaPaths.add(readPath("quota", value)));
        store.nodeCount = meta.nodeCount();
        store.dataBytes = meta.dataBytes();
        store.digest.reset(meta.digest());
        if (store.overlay.find("/") == null) {
            throw damage("the root node is missing", null);
        }
    }

    /** The zxid of the last request in the base. */
    long lastZxid() {
        return meta == null ? 0 : meta.lastZxid();
    }

    byte[] mark() {
        return mark;
    }

    private void plant() {
        List<Acl> readOnly = new ArrayList<>();
        readOnly.add(new Acl(Perms.READ, new Id("world", "anyone")));
        store.plant("/", AclList.OPEN, 0, 1);
        store.plant("/zookeeper", AclList.OPEN, 0, 2);
        store.plant("/zookeeper/quota", AclList.OPEN, 0, 0);
        store.plant(CONFIG_PATH, new AclList(readOnly), -1, 0);
    }

    private void readMeta(byte[] key, byte[] value) {
        try {
            if (Meta.isCounters(key)) {
                meta = Meta.read(value);
            } else if (Meta.isMark(key)) {
                mark = value;
            }
        } catch (MalformedRecordException e) {
            throw damage("the counters cannot be read", e);
        }
    }

    private void readSession(byte[] key, byte[] value) {
        try {
            Session session = TableChanges.readSession(key, value);
            store.sessions.put(session.id, session);
        } catch (MalformedRecordException e) {
            throw damage("a session record cannot be read", e);
        }
    }

    private void readEphemeral(byte[] key, byte[] value) {
        long owner;
        String path;
        try {
            JuteReader in = new JuteReader(value);
            owner = in.readLong();
            path = in.readString();
        } catch (MalformedRecordException e) {
            throw damage("the record of an ephemeral node cannot be read", e);
        }
        Session session = store.sessions.get(owner);
        if (session == null) {
            throw damage("ephemeral node " + path + " belongs to session 0x" + Long.toHexString(owner)
                    + ", which does not exist", null);
        }
        session.addEphemeral(path);
        store.ephemeralCount++;
    }

    private static String readPath(String what, byte[] value) {
        try {
            return TableChanges.readPath(value);
        } catch (MalformedRecordException e) {
            throw damage("the path of a " + what + " cannot be read", e);
        }
    }

    private static IllegalStateException damage(String what, Exception cause) {
        return new IllegalStateException("damaged state: " + what, cause);
    }
}
