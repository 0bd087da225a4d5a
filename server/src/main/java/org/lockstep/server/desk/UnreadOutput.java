package org.lockstep.server.desk;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds what waits in this server for clients that do not read: for each, and for all together. Answers are held back at their
 * source, by reading no more requests; watch events cannot be, so clients must go, and first the one that most waits for.
 * Belongs to the event loop.
 */
final class UnreadOutput {
    private static final Logger LOG = LoggerFactory.getLogger(UnreadOutput.class);
    private static final long OF_ONE_BYTES_MAX = 64L << 20;
    /** Output is direct memory, of which the JVM allows as much as of heap. */
    private static final int SHARE_OF_MEMORY = 4;

    private final Collection<DeskConnection> connections;
    private final long ofAllBytesMax;
    /** As each connection was when last looked at: clients may have read since. */
    private long totalBytes;

    /** @param connections all that are open; not changed here */
    UnreadOutput(Collection<DeskConnection> connections, long ofAllBytesMax) {
        this.connections = connections;
        this.ofAllBytesMax = ofAllBytesMax;
    }

    /** The bound over all clients that suits this JVM, in bytes. */
    static long bytesMaxOfThisJvm() {
        return Runtime.getRuntime().maxMemory() / SHARE_OF_MEMORY;
    }

    /** Output was gathered for {@code connection}: ends it, or others, if that is too much. */
    void look(DeskConnection connection) {
        note(connection);
        if (connection.unreadBytes > OF_ONE_BYTES_MAX) {
            drop(connection, "more than the " + OF_ONE_BYTES_MAX + " that are kept for one");
        }
        if (totalBytes > ofAllBytesMax) {
            relieve();
        }
    }

    /** The connection is closed: nothing waits for it any more. */
    void gone(DeskConnection connection) {
        totalBytes -= connection.unreadBytes;
        connection.unreadBytes = 0;
    }

    private void note(DeskConnection connection) {
        long bytes = connection.channel.pendingOutputBytes();
        totalBytes += bytes - connection.unreadBytes;
        connection.unreadBytes = bytes;
    }

    private void relieve() {
        connections.forEach(this::note);
        if (totalBytes <= ofAllBytesMax) {
            return;
        }
        List<DeskConnection> largestFirst = connections.stream()
                .sorted(Comparator.comparingLong((DeskConnection connection) -> connection.unreadBytes).reversed()).toList();
        for (DeskConnection connection : largestFirst) {
            if (totalBytes <= ofAllBytesMax) {
                return;
            }
            drop(connection, "the most of all clients, for whom together " + totalBytes + " wait and " + ofAllBytesMax + " are kept");
        }
    }

    private void drop(DeskConnection connection, String why) {
        LOG.warn("Closing {} of session 0x{}: it does not read, and {} bytes wait for it, {}", connection.channel.remoteAddress(),
                Long.toHexString(connection.sessionId()), connection.unreadBytes, why);
        connection.channel.close();
        gone(connection);
    }
}
