package org.lockstep.state;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lockstep.wire.Acl;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;

/**
 * Turns a {@link Node} into the bytes the state environment keeps, and back. One format byte leads, so that an older server
 * refuses what it does not know. Equal ACLs decode to one shared {@link AclList}. Not thread-safe.
 */
public final class NodeCodec {
    private static final byte FORMAT = 1;
    private static final int FLAG_OPEN_ACL = 1;
    private static final int FLAG_NULL_DATA = 2;
    private static final int SHARED_ACLS_MAX = 1024;

    private final Map<List<Acl>, AclList> shared = new HashMap<>();
    private final JuteReader in = new JuteReader();

    /** Appends the encoding of {@code node} to {@code out}. */
    public void encode(Node node, JuteWriter out) {
        int flags = (node.acl == AclList.OPEN ? FLAG_OPEN_ACL : 0) | (node.data == null ? FLAG_NULL_DATA : 0);
        out.writeByte(FORMAT).writeByte(flags);
        out.writeLong(node.czxid).writeLong(node.mzxid).writeLong(node.pzxid);
        out.writeLong(node.ctimeMillis).writeLong(node.mtimeMillis);
        out.writeInt(node.version).writeInt(node.cversion).writeInt(node.aversion).writeInt(node.childCount);
        out.writeLong(node.owner);
        if (node.acl != AclList.OPEN) {
            out.writeRaw(node.acl.encoded(), 0, node.acl.encoded().length);
        }
        if (node.data != null) {
            out.writeRaw(node.data, 0, node.data.length);
        }
    }

    /** Decodes a node from exactly {@code length} bytes. */
    public Node decode(byte[] bytes, int offset, int length) throws MalformedRecordException {
        in.wrap(bytes, offset, length);
        byte format = in.readByte();
        if (format != FORMAT) {
            throw new MalformedRecordException("node record of format " + format + ", this server knows " + FORMAT);
        }
        int flags = in.readByte();
        long czxid = in.readLong();
        long mzxid = in.readLong();
        long pzxid = in.readLong();
        long ctimeMillis = in.readLong();
        long mtimeMillis = in.readLong();
        int version = in.readInt();
        int cversion = in.readInt();
        int aversion = in.readInt();
        int childCount = in.readInt();
        long owner = in.readLong();
        AclList acl = (flags & FLAG_OPEN_ACL) != 0 ? AclList.OPEN : share(in.readAcls());
        byte[] data = null;
        if ((flags & FLAG_NULL_DATA) == 0) {
            data = new byte[in.remaining()];
            System.arraycopy(bytes, in.position(), data, 0, data.length);
        }
        return new Node(czxid, mzxid, pzxid, ctimeMillis, mtimeMillis, version, cversion, aversion, childCount, owner, acl, data);
    }

    private AclList share(List<Acl> acls) throws MalformedRecordException {
        if (acls == null) {
            throw new MalformedRecordException("node record without its ACL");
        }
        AclList known = shared.get(acls);
        if (known == null) {
            known = new AclList(acls);
            if (shared.size() < SHARED_ACLS_MAX) {
                shared.put(acls, known);
            }
        }
        return known;
    }
}
