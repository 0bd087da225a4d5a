package org.lockstep.server.admin;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.lockstep.server.config.ServerConfig;

/**
 * What the four-letter words need to know of a server. The words are answered on whatever thread asks; the implementation sees to
 * it that a call may be made there, or that it is made elsewhere. Nothing is kept after a call.
 */
public interface ServerView {
    ServerConfig config();

    /**
     * False until the server has recovered and is in a view (or follows one, or is read-only), and again when it is not any more.
     * Nothing below is asked for while it is false.
     */
    boolean isServing();

    /** The port that clients connect to: the bound one, also when the configuration leaves the choice to the system. */
    int clientPort();

    /** Where this server stands among the others; null for one that runs standalone. */
    EnsembleStatus ensemble();

    /** {@code standalone}, or as {@link EnsembleStatus#mode()}. */
    default String mode() {
        EnsembleStatus status = ensemble();
        return status == null ? "standalone" : status.mode();
    }

    /** The last zxid applied. */
    long lastZxid();

    /** Milliseconds since the server began to serve. */
    long uptimeMillis();

    /** Znodes, counted as ZooKeeper does: the root twice. */
    long nodeCount();

    long ephemeralCount();

    /** Bytes of paths and data of all znodes. */
    long approximateDataBytes();

    long sessionCount();

    /** Every live session, with the wall clock of its expiry. */
    void forEachSession(SessionConsumer consumer);

    /** Paths of the ephemerals of a session, in any order; empty when it has none. */
    List<String> ephemeralsOf(long sessionId);

    /** Every watch of the data table: ZooKeeper's {@code wch*} words show no others. */
    void forEachDataWatch(WatchConsumer consumer);

    /** Registered watches of both tables. */
    long watchCount();

    int connectionCount();

    void forEachConnection(Consumer<ConnectionView> consumer);

    /** Requests taken in and not yet answered. */
    long outstandingRequests();

    /** Latency of answered requests and numbers of packets, since the start or the last {@code srst}. */
    ServerStats stats();

    /** Zeroes the counters of every connection. */
    void resetConnectionStats();

    /** Directory that holds the state, and the one that holds the log; may be the same. */
    Path stateDirectory();

    Path logDirectory();

    /** The metrics that {@code mntr} shows besides. */
    MetricRegistry metrics();

    /** Receives sessions. */
    interface SessionConsumer {
        void accept(long sessionId, long expireAtMillis);
    }

    /** Receives watches. */
    interface WatchConsumer {
        void accept(String path, long sessionId);
    }
}
