package org.lockstep.state;

/** The create flags of the wire ({@code CreateMode.toFlag}). */
final class CreateFlags {
    static final int PERSISTENT = 0;
    static final int EPHEMERAL = 1;
    static final int PERSISTENT_SEQUENTIAL = 2;
    static final int EPHEMERAL_SEQUENTIAL = 3;
    static final int CONTAINER = 4;
    static final int PERSISTENT_TTL = 5;
    static final int PERSISTENT_SEQUENTIAL_TTL = 6;

    private CreateFlags() {}

    static boolean isKnown(int flags) {
        return flags >= PERSISTENT && flags <= PERSISTENT_SEQUENTIAL_TTL;
    }

    static boolean isEphemeral(int flags) {
        return flags == EPHEMERAL || flags == EPHEMERAL_SEQUENTIAL;
    }

    static boolean isSequential(int flags) {
        return flags == PERSISTENT_SEQUENTIAL || flags == EPHEMERAL_SEQUENTIAL || flags == PERSISTENT_SEQUENTIAL_TTL;
    }

    static boolean isTtl(int flags) {
        return flags == PERSISTENT_TTL || flags == PERSISTENT_SEQUENTIAL_TTL;
    }
}
