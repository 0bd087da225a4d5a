package org.lockstep.state;

/**
 * One znode. Immutable: a change makes a new one, so a checkpoint may write the old one while the state goes on.
 *
 * <p>{@code cversion} is the stored one, the number of children ever created; clients are shown
 * {@code 2 * cversion - childCount} (surface: ZooKeeper's {@code DataTree}).
 */
public final class Node {
    /** Stored owner of a container node. */
    public static final long CONTAINER_OWNER = 0x8000000000000000L;

    public final long czxid;
    public final long mzxid;
    public final long pzxid;
    /** Creation and modification time, milliseconds since the epoch, by the clock of the server that sent the request. */
    public final long ctimeMillis;
    public final long mtimeMillis;
    public final int version;
    public final int cversion;
    public final int aversion;
    public final int childCount;
    /** Stored owner: 0 persistent, a session id, {@link #CONTAINER_OWNER}, or a TTL in ZooKeeper's encoding. */
    public final long owner;
    public final AclList acl;
    /** Null stays null; never changed after construction. */
    public final byte[] data;

    public Node(long czxid, long mzxid, long pzxid, long ctimeMillis, long mtimeMillis, int version, int cversion, int aversion,
            int childCount, long owner, AclList acl, byte[] data) {
        this.czxid = czxid;
        this.mzxid = mzxid;
        this.pzxid = pzxid;
        this.ctimeMillis = ctimeMillis;
        this.mtimeMillis = mtimeMillis;
        this.version = version;
        this.cversion = cversion;
        this.aversion = aversion;
        this.childCount = childCount;
        this.owner = owner;
        this.acl = acl;
        this.data = data;
    }

    /** The node after a child came ({@code created} 1, {@code childCount} 1) or went (0, -1). */
    Node withChild(int created, int childDelta, long zxid) {
        return new Node(czxid, mzxid, zxid, ctimeMillis, mtimeMillis, version, cversion + created, aversion,
                childCount + childDelta, owner, acl, data);
    }

    Node withData(byte[] newData, int newVersion, long zxid, long timeMillis) {
        return new Node(czxid, zxid, pzxid, ctimeMillis, timeMillis, newVersion, cversion, aversion, childCount, owner, acl,
                newData);
    }

    /** Other data and nothing else changed: a quota's statistics, which no request wrote. */
    Node withSilentData(byte[] newData) {
        return new Node(czxid, mzxid, pzxid, ctimeMillis, mtimeMillis, version, cversion, aversion, childCount, owner, acl,
                newData);
    }

    Node withAcl(AclList newAcl, int newAversion) {
        return new Node(czxid, mzxid, pzxid, ctimeMillis, mtimeMillis, version, cversion, newAversion, childCount, owner,
                newAcl, data);
    }

    int dataLength() {
        return data == null ? 0 : data.length;
    }
}
