package org.lockstep.state;

import java.util.Arrays;

/** What the command under way did, for the watches, which fire when it has succeeded as a whole. Not thread-safe. */
final class Events {
    private static final byte CREATED = 1;
    private static final byte DELETED = 2;
    private static final byte DATA_CHANGED = 3;

    private final Watches watches;
    private byte[] kinds = new byte[16];
    private Entry[] entries = new Entry[16];
    private Entry[] parents = new Entry[16];
    private AclList[] acls = new AclList[16];
    private AclList[] parentAcls = new AclList[16];
    private int count;

    Events(Watches watches) {
        this.watches = watches;
    }

    void created(Entry entry, AclList acl, Entry parent) {
        add(CREATED, entry, acl, parent);
    }

    void deleted(Entry entry, AclList acl, Entry parent) {
        add(DELETED, entry, acl, parent);
    }

    void dataChanged(Entry entry, AclList acl) {
        add(DATA_CHANGED, entry, acl, null);
    }

    private void add(byte kind, Entry entry, AclList acl, Entry parent) {
        if (watches.isEmpty()) {
            return;
        }
        if (count == kinds.length) {
            grow();
        }
        kinds[count] = kind;
        entries[count] = entry;
        acls[count] = acl;
        parents[count] = parent;
        parentAcls[count++] = parent == null ? null : parent.node().acl;
    }

    private void grow() {
        int size = count * 2;
        kinds = Arrays.copyOf(kinds, size);
        entries = Arrays.copyOf(entries, size);
        parents = Arrays.copyOf(parents, size);
        acls = Arrays.copyOf(acls, size);
        parentAcls = Arrays.copyOf(parentAcls, size);
    }

    /** Fires the watches, in the order of the changes. */
    void fire(long zxid) {
        int fired = count;
        count = 0;
        for (int i = 0; i < fired; i++) {
            String path = entries[i].path;
            switch (kinds[i]) {
                case CREATED -> watches.created(path, acls[i], parents[i].path, parentAcls[i], zxid);
                case DELETED -> watches.deleted(path, acls[i], parents[i].path, parentAcls[i], zxid);
                default -> watches.dataChanged(path, acls[i], zxid);
            }
            entries[i] = null;
            parents[i] = null;
        }
    }

    /** Forgets what a failed command did. */
    void clear() {
        Arrays.fill(entries, 0, count, null);
        Arrays.fill(parents, 0, count, null);
        count = 0;
    }
}
