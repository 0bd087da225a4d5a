package org.lockstep.state;

/** ZooKeeper's encoding of what a node's life depends on ({@link Node#owner}). */
final class Owner {
    static final long PERSISTENT = 0;
    static final long TTL_MILLIS_MAX = 0xff_ffff_ffffL;
    private static final long EXTENDED_MASK = 0xff00_0000_0000_0000L;
    private static final long FEATURE_MASK = 0xffff_ff00_0000_0000L;

    private Owner() {}

    /** The owner of a TTL node; {@code ttlMillis} in 1..{@link #TTL_MILLIS_MAX}. */
    static long ofTtl(long ttlMillis) {
        return EXTENDED_MASK | ttlMillis;
    }

    static boolean isTtl(long owner) {
        return (owner & FEATURE_MASK) == EXTENDED_MASK;
    }

    static long ttlMillis(long owner) {
        return owner & TTL_MILLIS_MAX;
    }

    static boolean isContainer(long owner) {
        return owner == Node.CONTAINER_OWNER;
    }

    /** True for a node that goes with its session. */
    static boolean isSession(long owner) {
        return owner != PERSISTENT && !isContainer(owner) && !isTtl(owner);
    }

    /** True for a node that the reaper looks after. */
    static boolean isReapable(long owner) {
        return isContainer(owner) || isTtl(owner);
    }

    /** The owner that a Stat shows: only sessions are. */
    static long shown(long owner) {
        return isSession(owner) ? owner : 0;
    }
}
