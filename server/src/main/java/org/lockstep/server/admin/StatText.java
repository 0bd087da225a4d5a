package org.lockstep.server.admin;

import java.util.List;
import java.util.stream.Collectors;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.server.config.ServerConfig;
import org.lockstep.wire.door.ConnectionStats;

/** {@code srvr}, {@code stat} and {@code cons}. */
final class StatText {
    private StatText() {}

    static String srvr(ServerView view) {
        StringBuilder text = version(view);
        summary(view, text);
        return text.toString();
    }

    static String stat(ServerView view) {
        StringBuilder text = version(view).append("Clients:\n");
        view.forEachConnection(connection -> text.append(head(connection)).append(")\n"));
        summary(view, text.append('\n'));
        return text.toString();
    }

    static String cons(ServerView view) {
        StringBuilder text = new StringBuilder();
        view.forEachConnection(connection -> {
            text.append(head(connection));
            if (connection.sessionId() != 0) {
                session(connection, text);
            }
            text.append(")\n");
        });
        return text.append('\n').toString();
    }

    private static StringBuilder version(ServerView view) {
        StringBuilder text = new StringBuilder(512).append("Zookeeper version: ").append(Version.full()).append('\n');
        if (view.mode().equals("read-only")) {
            text.append("READ-ONLY mode; serving only read-only clients\n");
        }
        return text;
    }

    private static void summary(ServerView view, StringBuilder text) {
        ServerStats stats = view.stats();
        text.append("Latency min/avg/max: ").append(stats.minLatencyMillis()).append('/').append(stats.averageLatencyMillis())
            .append('/').append(stats.maxLatencyMillis()).append('\n');
        text.append("Received: ").append(stats.receivedCount()).append('\n');
        text.append("Sent: ").append(stats.sentCount()).append('\n');
        text.append("Connections: ").append(view.connectionCount()).append('\n');
        text.append("Outstanding: ").append(view.outstandingRequests()).append('\n');
        text.append("Zxid: 0x").append(Long.toHexString(view.lastZxid())).append('\n');
        text.append("Mode: ").append(view.mode()).append('\n');
        text.append("Node count: ").append(view.nodeCount()).append('\n');
        // What ZooKeeper does not have comes last: parsers that go by line number do not meet it.
        if (view.ensemble() != null) {
            ensemble(view.ensemble(), text);
        }
        policy(view.config(), text);
    }

    /** {@code View: 7 (members 1,2,3; rank 0; suspected 3)}. */
    private static void ensemble(EnsembleStatus status, StringBuilder text) {
        if (status.role() == EnsembleStatus.Role.READ_ONLY) {
            text.append("View: none\n");
            return;
        }
        text.append("View: ").append(status.viewId()).append(" (members ").append(ids(status.members()));
        if (status.role() == EnsembleStatus.Role.OBSERVER) {
            text.append("; follows ").append(status.followsId());
        } else {
            text.append("; rank ").append(status.rank());
        }
        listed("suspected", status.suspected(), text);
        listed("catching up", status.learners(), text);
        listed("observers", status.observers(), text);
        text.append(")\n");
    }

    private static void listed(String what, List<Integer> servers, StringBuilder text) {
        if (!servers.isEmpty()) {
            text.append("; ").append(what).append(' ').append(ids(servers));
        }
    }

    private static String ids(List<Integer> servers) {
        return servers.stream().map(id -> Integer.toString(id)).collect(Collectors.joining(","));
    }

    private static void policy(ServerConfig config, StringBuilder text) {
        FsyncPolicy policy = config.fsyncPolicy();
        if (!policy.isLazy()) {
            return;
        }
        text.append("Fsync policy: ").append(policy.key()).append(" (UNSAFE: ").append(lost(config)).append(")\n");
    }

    /** What a power loss of every server can take under a lazy policy, in one clause. */
    static String lost(ServerConfig config) {
        return "a power loss of all servers can lose acknowledged writes of the last " + config.maxUnsyncedMillis() + " ms"
            + (config.fsyncPolicy() == FsyncPolicy.WRITE_BARRIER ? ", never those before a completed sync" : "");
    }

    private static String head(ConnectionView connection) {
        ConnectionStats stats = connection.stats();
        return " " + address(connection) + "[" + (connection.reading() ? 1 : 0) + "](queued=" + stats.queuedCount
            + ",recved=" + stats.receivedCount + ",sent=" + stats.sentCount;
    }

    private static void session(ConnectionView connection, StringBuilder text) {
        ConnectionStats stats = connection.stats();
        text.append(",sid=0x").append(Long.toHexString(connection.sessionId())).append(",lop=").append(stats.lastOperation())
            .append(",est=").append(stats.establishedMillis).append(",to=").append(connection.timeoutMillis());
        if (stats.lastCxid >= 0) {
            text.append(",lcxid=0x").append(Integer.toHexString(stats.lastCxid));
        }
        long min = stats.minLatencyMillis == Long.MAX_VALUE ? 0 : stats.minLatencyMillis;
        text.append(",lzxid=0x").append(Long.toHexString(stats.lastZxid)).append(",lresp=").append(stats.lastResponseMillis)
            .append(",llat=").append(stats.lastLatencyMillis).append(",minlat=").append(min)
            .append(",avglat=").append(stats.averageLatencyMillis()).append(",maxlat=").append(stats.maxLatencyMillis);
    }

    /** {@code /1.2.3.4:5}, as ZooKeeper prints a socket address. */
    static String address(ConnectionView connection) {
        return "/" + connection.remote().getAddress().getHostAddress() + ":" + connection.remote().getPort();
    }
}
