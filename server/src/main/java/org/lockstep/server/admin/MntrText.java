package org.lockstep.server.admin;

import com.codahale.metrics.Counting;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.Metric;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.Timer;
import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.metrics.SummarySnapshot;

/**
 * {@code mntr}: ZooKeeper's names for what ZooKeeper has too, then every metric of the server under its own. A dot or hyphen in
 * a metric's name becomes an underscore. A timer becomes, in microseconds, count and sum since the start, and average, extremes
 * and percentiles of the recent past. Timers of what ZooKeeper times as well appear a second time under its name, as it shows
 * them: in milliseconds, with average and extremes since the start.
 */
final class MntrText {
    /** Which timers stand for a summary of ZooKeeper's: what is timed is the same for a request, whatever the stage is called. */
    private static final List<Alias> ALIASES = List.of(
            new Alias("log.flush", "fsynctime", false),
            new Alias("state.checkpoint", "snapshottime", false),
            new Alias("write.queue", "prep_processor_queue_time_ms", true),
            new Alias("write.secure", "sync_processor_queue_and_flush_time_ms", true),
            new Alias("write.stable", "write_commitproc_time_ms", true));

    private static final double NANOS_PER_MICRO = 1e3;
    private static final double NANOS_PER_MILLI = 1e6;

    private final StringBuilder text = new StringBuilder(8192);

    /** A timer and what ZooKeeper calls it; it shows percentiles of some. */
    private record Alias(String timer, String name, boolean percentiles) {}

    private MntrText() {}

    static String mntr(ServerView view) {
        MntrText mntr = new MntrText();
        mntr.server(view);
        if (view.ensemble() != null) {
            mntr.ensemble(view.ensemble(), view.config().ensemble().voterIds().size());
        }
        mntr.process();
        mntr.policy(view);
        mntr.zooKeepersSummary("readlatency", view.stats().reads(), 1, true);
        mntr.zooKeepersSummary("updatelatency", view.stats().updates(), 1, true);
        mntr.aliases(view.metrics().getMetrics());
        new TreeMap<>(view.metrics().getMetrics()).forEach(mntr::metric);
        return mntr.text.toString();
    }

    private void server(ServerView view) {
        ServerStats stats = view.stats();
        line("version", Version.full());
        line("server_state", view.mode());
        if (view.ensemble() != null) {
            line("peer_state", peerState(view.ensemble()));
        }
        line("avg_latency", stats.averageLatencyMillis());
        line("min_latency", stats.minLatencyMillis());
        line("max_latency", stats.maxLatencyMillis());
        line("packets_received", stats.receivedCount());
        line("packets_sent", stats.sentCount());
        line("num_alive_connections", view.connectionCount());
        line("outstanding_requests", view.outstandingRequests());
        line("znode_count", view.nodeCount());
        line("watch_count", view.watchCount());
        line("ephemerals_count", view.ephemeralCount());
        line("approximate_data_size", view.approximateDataBytes());
        line("global_sessions", view.sessionCount());
        line("local_sessions", 0);
        line("uptime", view.uptimeMillis());
    }

    /** In ZooKeeper's words; who is in a view always broadcasts. */
    private static String peerState(EnsembleStatus status) {
        return switch (status.mode()) {
            case "leader" -> "leading - broadcast";
            case "follower" -> "following - broadcast";
            case "observer" -> "observing - broadcast";
            default -> "looking";
        };
    }

    private void ensemble(EnsembleStatus status, int voterCount) {
        line("quorum_size", voterCount);
        int followers = status.members().size() - 1;
        if (status.rank() == 0) {
            line("learners", followers + status.learners().size() + status.observers().size());
            line("followers", followers);
            line("synced_followers", followers);
            line("synced_observers", status.observers().size());
            line("pending_syncs", status.learners().size());
        }
        if (status.role() == EnsembleStatus.Role.OBSERVER) {
            line("observer_master_id", status.followsId());
        }
        line("lockstep_view_id", status.viewId());
        line("lockstep_view_members", status.members().size());
        line("lockstep_view_rank", status.rank());
        line("lockstep_suspected_members", status.suspected().size());
    }

    private void process() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            line("open_file_descriptor_count", unix.getOpenFileDescriptorCount());
            line("max_file_descriptor_count", unix.getMaxFileDescriptorCount());
        }
    }

    private void policy(ServerView view) {
        FsyncPolicy policy = view.config().fsyncPolicy();
        line("fsync_policy", policy.key());
        line("unsafe_fsync_policy", policy.isLazy() ? 1 : 0);
    }

    private void aliases(Map<String, Metric> metrics) {
        for (Alias alias : ALIASES) {
            if (metrics.get(alias.timer) instanceof Timer timer && timer.getSnapshot() instanceof SummarySnapshot summary) {
                zooKeepersSummary(alias.name, summary, NANOS_PER_MILLI, alias.percentiles);
            }
        }
    }

    private void zooKeepersSummary(String key, SummarySnapshot summary, double unit, boolean percentiles) {
        line("avg_" + key, Math.round(summary.average() / unit * 10_000) / 10_000.0);
        line("min_" + key, Math.round(summary.lowest() / unit));
        line("max_" + key, Math.round(summary.highest() / unit));
        line("cnt_" + key, summary.count());
        line("sum_" + key, Math.round(summary.sum() / unit));
        if (percentiles) {
            percentiles(key, summary, unit);
        }
    }

    private void metric(String name, Metric metric) {
        String key = key(name);
        if (metric instanceof Timer timer) {
            summary(key + "_us", timer.getCount(), timer.getSnapshot(), NANOS_PER_MICRO);
        } else if (metric instanceof Histogram histogram) {
            summary(key, histogram.getCount(), histogram.getSnapshot(), 1);
        } else if (metric instanceof Counting counting) {
            line(key, counting.getCount());
        } else if (metric instanceof Gauge<?> gauge && gauge.getValue() != null) {
            line(key, gauge.getValue());
        }
    }

    private void summary(String key, long count, Snapshot snapshot, double unit) {
        line("avg_" + key, decimal(snapshot.getMean() / unit));
        line("min_" + key, Math.round(snapshot.getMin() / unit));
        line("max_" + key, Math.round(snapshot.getMax() / unit));
        line("cnt_" + key, count);
        if (snapshot instanceof SummarySnapshot totals) {
            line("sum_" + key, Math.round(totals.sum() / unit));
        }
        percentiles(key, snapshot, unit);
    }

    private void percentiles(String key, Snapshot snapshot, double unit) {
        line("p50_" + key, Math.round(snapshot.getMedian() / unit));
        line("p95_" + key, Math.round(snapshot.get95thPercentile() / unit));
        line("p99_" + key, Math.round(snapshot.get99thPercentile() / unit));
        line("p999_" + key, Math.round(snapshot.get999thPercentile() / unit));
    }

    private void line(String key, Object value) {
        text.append("zk_").append(key).append('\t').append(value).append('\n');
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }

    private static String key(String name) {
        StringBuilder key = new StringBuilder(name.length());
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            key.append(Character.isLetterOrDigit(c) ? c : '_');
        }
        return key.toString();
    }
}
