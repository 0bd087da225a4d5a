package org.lockstep.wire;

/**
 * One entry of an access control list.
 *
 * @param perms union of {@link Perms} bits
 * @param id who is granted them; null only when a client sent none
 */
public record Acl(int perms, Id id) {}
