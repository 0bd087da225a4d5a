package org.lockstep.state;

/**
 * One authentication scheme, as ACLs see it: what its ids look like, and which connection ids an ACL id covers. Stateless, and a
 * pure function of its arguments: it is consulted while ordered requests are applied.
 */
public interface AuthScheme {
    /** The name that {@link org.lockstep.wire.Id#scheme()} carries. */
    String name();

    /** Whether {@code id} may stand in an ACL. */
    boolean isValid(String id);

    /** Whether a connection that holds {@code connectionId} is meant by {@code aclId}; both of this scheme. */
    boolean matches(String connectionId, String aclId);

    /** Whether an id of this scheme proves who the user is, so that the ACL scheme {@code auth} stands for it. */
    boolean isAuthenticated();

    /** The user's name as whoAmI reports it. */
    String userName(String id);
}
