package org.lockstep.state;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.lockstep.wire.Acl;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.MalformedRecordException;

/** Evaluates ACLs, and turns the ACLs that clients send into those that nodes keep. Not thread-safe. */
final class AccessControl {
    private static final int SHARED_MAX = 4096;
    private static final int CACHED_BYTES_MAX = 1024;

    private final boolean skipAcl;
    private final Map<String, AuthScheme> schemes = new HashMap<>();
    private final Map<List<Acl>, AclList> shared = new HashMap<>();
    /** From an ACL as sent to the fixed-up list, for those that do not depend on who sends them. */
    private final BytesCache<AclList> bySentBytes = new BytesCache<>(256, CACHED_BYTES_MAX);

    AccessControl(boolean skipAcl, List<AuthScheme> schemes) {
        this.skipAcl = skipAcl;
        for (AuthScheme scheme : schemes) {
            this.schemes.put(scheme.name(), scheme);
        }
        shared.put(AclList.OPEN.entries(), AclList.OPEN);
    }

    /** Whether everybody has one of {@code perms}: then nobody's identities need to be known. */
    boolean isOpen(AclList acl, int perms) {
        return skipAcl || (acl.worldPerms() & perms) != 0 || acl.entries().isEmpty();
    }

    /** Whether a holder of {@code identities} has one of {@code perms}. */
    boolean allows(AclList acl, int perms, Identities identities) {
        if (isOpen(acl, perms)) {
            return true;
        }
        List<Id> held = identities.ids();
        for (int i = 0; i < held.size(); i++) {
            if ("super".equals(held.get(i).scheme())) {
                return true;
            }
        }
        for (Acl entry : acl.entries()) {
            if ((entry.perms() & perms) != 0 && isMeant(entry.id(), held)) {
                return true;
            }
        }
        return false;
    }

    private boolean isMeant(Id wanted, List<Id> held) {
        AuthScheme scheme = schemes.get(wanted.scheme());
        if (scheme == null) {
            return false;
        }
        for (int i = 0; i < held.size(); i++) {
            Id id = held.get(i);
            if (wanted.scheme().equals(id.scheme()) && scheme.matches(id.id(), wanted.id())) {
                return true;
            }
        }
        return false;
    }

    /**
     * Reads a vector of ACL entries and makes of it the list a node keeps: duplicates dropped, {@code auth} replaced by who the
     * sender is.
     *
     * @return null when the list is not acceptable (INVALIDACL)
     */
    AclList read(JuteReader in, Caller caller) throws MalformedRecordException {
        byte[] bytes = in.buffer();
        int start = in.position();
        if (skip(in) <= 0) {
            return null;
        }
        int length = in.position() - start;
        int hash = BytesCache.hash(bytes, start, length);
        AclList known = bySentBytes.get(hash, bytes, start, length);
        if (known != null) {
            return known;
        }
        List<Acl> sent = new JuteReader().wrap(bytes, start, length).readAcls();
        List<Acl> fixed = fixUp(sent, caller);
        if (fixed == null) {
            return null;
        }
        AclList list = share(fixed);
        if (sent.stream().noneMatch(acl -> "auth".equals(acl.id().scheme()))) {
            bySentBytes.put(hash, bytes, start, length, list);
        }
        return list;
    }

    /** Steps over a vector of ACL entries; returns its count, -1 for a null vector. Other negative counts mean an empty one. */
    static int skip(JuteReader in) throws MalformedRecordException {
        int count = in.readInt();
        if (count < 0) {
            return count == -1 ? -1 : 0;
        }
        for (int i = 0; i < count; i++) {
            in.readInt();
            in.skipBuffer();
            in.skipBuffer();
        }
        return count;
    }

    private List<Acl> fixUp(List<Acl> sent, Caller caller) {
        List<Acl> fixed = new ArrayList<>();
        for (Acl acl : new LinkedHashSet<>(sent)) {
            String scheme = acl.id().scheme();
            String id = acl.id().id();
            if (scheme == null) {
                return null;
            } else if (scheme.equals("auth")) {
                if (!addAuthenticated(acl.perms(), caller.identities(), fixed)) {
                    return null;
                }
            } else if (id == null || !isValid(scheme, id)) {
                return null;
            } else {
                fixed.add(acl);
            }
        }
        return fixed;
    }

    private boolean isValid(String scheme, String id) {
        if (scheme.equals("world")) {
            return id.equals("anyone");
        }
        AuthScheme known = schemes.get(scheme);
        return known != null && known.isValid(id);
    }

    private boolean addAuthenticated(int perms, Identities identities, List<Acl> fixed) {
        boolean any = false;
        for (Id id : identities.ids()) {
            AuthScheme scheme = schemes.get(id.scheme());
            if (scheme != null && scheme.isAuthenticated()) {
                fixed.add(new Acl(perms, id));
                any = true;
            }
        }
        return any;
    }

    private AclList share(List<Acl> acls) {
        AclList known = shared.get(acls);
        if (known == null) {
            known = new AclList(acls);
            if (shared.size() < SHARED_MAX) {
                shared.put(acls, known);
            }
        }
        return known;
    }

    /** The name to report for a connection's id; empty when its scheme has no users. */
    String userName(Id id) {
        AuthScheme scheme = schemes.get(id.scheme());
        return scheme == null ? "" : scheme.userName(id.id());
    }
}
