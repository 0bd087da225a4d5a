package org.lockstep.ensemble.tcp;

/** Why a connection is refused. The code goes over the wire and keeps its meaning in all versions. */
enum Refusal {
    OTHER_ENSEMBLE(1, false),
    UNKNOWN_SERVER(2, false),
    WRONG_SERVER(3, false),
    DUPLICATE_ID(4, false),
    OTHER_VERSION(5, false),
    /** There is a connection between the two already, or a better one is about to be made: nobody need be told. */
    NOT_NEEDED(6, true),
    /** A bulk stream of a process that is not connected here, or one too many. */
    NO_STREAM(7, true),
    MALFORMED(8, false);

    private final int code;
    private final boolean quiet;

    Refusal(int code, boolean quiet) {
        this.code = code;
        this.quiet = quiet;
    }

    int code() {
        return code;
    }

    /** Whether it is part of normal life, and not logged as a refusal. */
    boolean isQuiet() {
        return quiet;
    }

    /** The refusal of that code; an unknown one of a later version is taken for a loud one. */
    static Refusal ofCode(int code) {
        for (Refusal refusal : values()) {
            if (refusal.code == code) {
                return refusal;
            }
        }
        return MALFORMED;
    }
}
