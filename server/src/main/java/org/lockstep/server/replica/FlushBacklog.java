package org.lockstep.server.replica;

import java.util.ArrayDeque;
import org.lockstep.ensemble.core.Position;

/** Under the lazy policies: how many payload bytes are secured but not on the medium, and for how many a flush is due. */
final class FlushBacklog {
    private record Request(Position upTo, long securedBytes) {}

    private final ArrayDeque<Request> requests = new ArrayDeque<>();
    private long securedBytes;
    private long requestedBytes;
    private long flushedBytes;

    void secured(long bytes) {
        securedBytes += bytes;
    }

    /** A flush up to {@code upTo}, which covers all that is secured now, has been asked for. */
    void requested(Position upTo) {
        requestedBytes = securedBytes;
        requests.add(new Request(upTo, securedBytes));
    }

    /** Everything up to {@code position} is on the medium. */
    void flushed(Position position) {
        while (!requests.isEmpty() && requests.peek().upTo().compareTo(position) <= 0) {
            flushedBytes = requests.poll().securedBytes();
        }
    }

    /** Bytes for which nobody has asked for a flush yet. */
    long unrequestedBytes() {
        return securedBytes - requestedBytes;
    }

    /** Bytes that a power loss would take now. */
    long unflushedBytes() {
        return securedBytes - flushedBytes;
    }
}
