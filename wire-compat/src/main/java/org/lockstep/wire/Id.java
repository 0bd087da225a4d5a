package org.lockstep.wire;

/**
 * An identity: a scheme and a name in it. Either may be null on the wire; who uses it checks.
 *
 * @param scheme authentication scheme, such as {@code world}, {@code ip}, {@code digest}
 * @param id the name within the scheme
 */
public record Id(String scheme, String id) {}
