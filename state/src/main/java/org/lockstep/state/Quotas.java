package org.lockstep.state;

import java.util.ArrayDeque;
import org.lockstep.wire.ErrorCode;

/** Keeps the statistics of paths that carry a quota, refuses what would exceed a hard one, and notes what exceeds any. Not thread-safe. */
final class Quotas {
    private final NodeStore store;
    private final boolean enforce;
    private QuotaExcess excess;

    Quotas(NodeStore store, boolean enforce) {
        this.store = store;
        this.enforce = enforce;
    }

    /** The longest path with a quota that is {@code path} or above it; null when there is none. */
    private String governing(String path) {
        if (store.quotaPaths.isEmpty()) {
            return null;
        }
        for (int end = path.length(); end > 0; end = path.lastIndexOf('/', end - 1)) {
            String prefix = path.substring(0, end);
            if (store.quotaPaths.contains(prefix)) {
                return prefix;
            }
        }
        return null;
    }

    /**
     * OK, or QUOTAEXCEEDED when a change at {@code path} would break a hard limit that is enforced. What is exceeded without being
     * refused is only noted, see {@link #takeExcess}: also when nothing is enforced, where ZooKeeper 3.9 keeps silent.
     */
    int check(String path, long countDelta, long bytesDelta) {
        String prefix = governing(path);
        if (prefix == null) {
            return ErrorCode.OK;
        }
        Entry limitsEntry = store.find(NodeStore.QUOTA_ROOT + prefix + NodeStore.LIMITS_NAME);
        Entry statsEntry = store.find(NodeStore.QUOTA_ROOT + prefix + NodeStore.STATS_NAME);
        if (limitsEntry == null || statsEntry == null) {
            return ErrorCode.OK;
        }
        QuotaRecord limits = new QuotaRecord(limitsEntry.node().data);
        QuotaRecord stats = new QuotaRecord(statsEntry.node().data);
        boolean refused = countDelta != 0
                && isRefused(prefix, false, stats.count() + countDelta, limits.count(), limits.countHardLimit());
        refused = refused || bytesDelta != 0
                && isRefused(prefix, true, stats.bytes() + bytesDelta, limits.bytes(), limits.byteHardLimit());
        return refused ? ErrorCode.QUOTA_EXCEEDED : ErrorCode.OK;
    }

    private boolean isRefused(String prefix, boolean ofBytes, long wanted, long softLimit, long hardLimit) {
        boolean hard = hardLimit > -1;
        long limit = hard ? hardLimit : softLimit;
        if (limit <= -1 || wanted <= limit) {
            return false;
        }
        excess = new QuotaExcess(prefix, ofBytes, hard, hard && enforce, wanted, limit);
        return hard && enforce;
    }

    /** What the checks since the last call found exceeded, the last of it; null when nothing was. */
    QuotaExcess takeExcess() {
        QuotaExcess taken = excess;
        excess = null;
        return taken;
    }

    /** Accounts for a change at {@code path} that has been made. */
    void account(String path, long countDelta, long bytesDelta) {
        String prefix = governing(path);
        Entry stats = prefix == null ? null : store.find(NodeStore.QUOTA_ROOT + prefix + NodeStore.STATS_NAME);
        if (stats != null) {
            QuotaRecord record = new QuotaRecord(stats.node().data);
            record.add(countDelta, bytesDelta);
            store.replace(stats, stats.node().withSilentData(record.encode()));
        }
    }

    /** When {@code entry} is a new statistics node, fills it with what its subtree holds now. */
    void created(Entry entry) {
        if (!entry.path.endsWith(NodeStore.STATS_NAME)) {
            return;
        }
        String quotaPath = NodeStore.quotaPathOf(entry.path, NodeStore.STATS_NAME);
        if (quotaPath != null) {
            store.replace(entry, entry.node().withSilentData(measure(quotaPath).encode()));
        }
    }

    private QuotaRecord measure(String quotaPath) {
        QuotaRecord sum = new QuotaRecord(0, 0);
        ArrayDeque<String> open = new ArrayDeque<>();
        open.add(quotaPath);
        while (!open.isEmpty()) {
            String path = open.removeLast();
            Node node = store.overlay.peek(path);
            if (node != null) {
                sum.add(1, node.dataLength());
                store.overlay.forEachChild(path, node, name -> open.add(path + '/' + name));
            }
        }
        return sum;
    }
}
