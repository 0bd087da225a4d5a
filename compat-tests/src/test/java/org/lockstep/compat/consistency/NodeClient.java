package org.lockstep.compat.consistency;

import java.util.List;

/**
 * A client of the service that asks one thing at a time. When it has lost its connection it finds another server, and when its
 * session has expired it opens a new one, before the next request. Not thread-safe.
 */
interface NodeClient extends AutoCloseable {
    /** How a node is created. */
    enum Flavour {
        PERSISTENT(0), EPHEMERAL(1), EPHEMERAL_SEQUENTIAL(3), PERSISTENT_SEQUENTIAL(2);

        private final int flags;

        Flavour(int flags) {
            this.flags = flags;
        }

        /** As on the wire. */
        int flags() {
            return flags;
        }
    }

    /**
     * What came back.
     *
     * @param session with which it was asked
     * @param parts with errors, names and stats as answered
     * @param zxid as in {@link Operation}
     */
    record Answer(Operation.Status status, long session, List<Part> parts, long zxid) {}

    /**
     * Asks and waits for the answer, or until the connection is given up; a connection that is missing is made first, for which
     * there is no limit but an interrupt.
     *
     * @param parts one, or several for a multi
     * @param synced sends a {@code sync} before it
     * @param flavour of the nodes that are created; those of a multi are persistent
     */
    Answer ask(List<Part> parts, boolean synced, Flavour flavour) throws InterruptedException;

    /** Closes the session; UNKNOWN when no answer came. The client may be used again, with a new session. */
    Answer closeSession() throws InterruptedException;

    /** Drops everything without a word. */
    @Override
    void close();
}
