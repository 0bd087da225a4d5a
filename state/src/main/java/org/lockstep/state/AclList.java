package org.lockstep.state;

import java.util.List;
import org.lockstep.wire.Acl;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.Perms;

/** An immutable access control list with its jute encoding, shared by every node that carries the same one. */
public final class AclList {
    /** world:anyone may do everything; what most nodes carry. */
    public static final AclList OPEN = new AclList(List.of(new Acl(Perms.ALL, new Id("world", "anyone"))));

    private final List<Acl> entries;
    private final byte[] encoded;
    private final int worldPerms;

    public AclList(List<Acl> entries) {
        this.entries = List.copyOf(entries);
        this.encoded = new JuteWriter().writeAcls(this.entries).toByteArray();
        int perms = 0;
        for (Acl acl : this.entries) {
            Id id = acl.id();
            perms |= "world".equals(id.scheme()) && "anyone".equals(id.id()) ? acl.perms() : 0;
        }
        this.worldPerms = perms;
    }

    /** The permissions that everybody has. */
    int worldPerms() {
        return worldPerms;
    }

    public List<Acl> entries() {
        return entries;
    }

    /** The list as a jute vector; not to be changed. */
    public byte[] encoded() {
        return encoded;
    }
}
