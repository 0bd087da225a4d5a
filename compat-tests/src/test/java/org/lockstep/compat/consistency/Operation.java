package org.lockstep.compat.consistency;

import java.util.List;
import org.lockstep.wire.ErrorCode;

/**
 * One request of a client with what came back; more than one part makes it a multi.
 *
 * @param client who asked; a client asks one thing at a time
 * @param session with which it asked
 * @param synced whether a read came right behind a {@code sync}; its invocation is then that of the sync
 * @param invokedNanos before the request was sent
 * @param returnedNanos after the reply had come; {@link #NEVER} when none came
 * @param zxid of the reply's header, or of the write as its stat shows it; 0 when neither is known
 */
record Operation(int client, long session, List<Part> parts, boolean synced, long invokedNanos, long returnedNanos,
        Status status, long zxid) {
    static final long NEVER = Long.MAX_VALUE;

    enum Status {
        /** It took effect. */
        OK,
        /** The server refused it: it has no effect, and the reply says why. */
        REFUSED,
        /** No reply: it may have taken effect, may do so later, or never. */
        UNKNOWN
    }

    Operation {
        parts = List.copyOf(parts);
    }

    boolean isRead() {
        return parts.get(0).kind() == Part.Kind.READ;
    }

    /** This sequential create with the name that it got. */
    Operation named(String path) {
        return new Operation(client, session, List.of(parts.get(0).named(path)), synced, invokedNanos, returnedNanos, status, zxid);
    }

    /** The part that made the server refuse a multi carries the reason; those around it say nothing of their nodes. */
    static boolean saysWhy(Part part) {
        return part.error() != ErrorCode.OK && part.error() != ErrorCode.RUNTIME_INCONSISTENCY;
    }

    @Override
    public String toString() {
        return "client " + client + " session 0x" + Long.toHexString(session) + (synced ? " sync+" : " ") + parts + " " + status
                + " zxid 0x" + Long.toHexString(zxid) + " [" + invokedNanos / 1000 + ", "
                + (returnedNanos == NEVER ? "never" : returnedNanos / 1000) + "] us";
    }
}
