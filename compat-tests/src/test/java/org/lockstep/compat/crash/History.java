package org.lockstep.compat.crash;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * All writes of a run of which each one's fate is known, in the order of zxids. It says which prefix a recovered
 * tree is, and whether that prefix is long enough for a crash at a given time.
 */
final class History {
    private final List<Write> all;
    private final List<Write> ordered;

    History(List<Write> all) {
        this.all = all;
        this.ordered = all.stream().filter(Write::isOrdered).sorted(Comparator.comparingLong(Write::zxid)).toList();
        for (int i = 1; i < ordered.size(); i++) {
            if (ordered.get(i).zxid() == ordered.get(i - 1).zxid()) {
                throw new IllegalStateException("two writes have one zxid: " + ordered.get(i - 1) + " and " + ordered.get(i));
            }
        }
    }

    List<Write> all() {
        return all;
    }

    /** The zxid of the last write in a tree; 0 for an empty one. Every write of the workload leaves its zxid in the tree. */
    static long lastZxid(Map<String, NodeView> tree) {
        return tree.values().stream().mapToLong(node -> Math.max(node.mzxid(), node.pzxid())).max().orElse(0);
    }

    /** The tree after every write up to {@code zxid}. */
    ModelTree treeAt(long zxid) {
        ModelTree tree = new ModelTree();
        ordered.stream().filter(write -> write.zxid() <= zxid).forEach(tree::apply);
        return tree;
    }

    /** The highest zxid whose reply a client had at {@code time}. */
    long ackedAt(long time) {
        return ordered.stream().filter(write -> write.isAckedAt(time)).mapToLong(Write::zxid).max().orElse(0);
    }

    /** When the first reply after {@code time} came. */
    long firstAckAfter(long time) {
        return all.stream().filter(Write::isAcked).mapToLong(Write::ackNanos).filter(ack -> ack > time).min()
                .orElse(Long.MAX_VALUE);
    }

    /**
     * The highest zxid that a {@code sync} answered before {@code time} covers: whatever was acknowledged to anyone before the
     * sync was sent, and what the same client had sent before it.
     */
    long barrierAt(long time) {
        long covered = 0;
        for (int i = 0; i < all.size(); i++) {
            Write sync = all.get(i);
            if (sync.kind() == Write.Kind.SYNC && sync.isAckedAt(time)) {
                covered = Math.max(covered, Math.max(ackedAt(sync.sentNanos()), lastOfClientBefore(sync, i)));
            }
        }
        return covered;
    }

    /** True when a write of {@code session} is among those up to {@code zxid}. */
    boolean hasWrites(long session, long zxid) {
        return ordered.stream().anyMatch(write -> write.session() == session && write.zxid() <= zxid);
    }

    /** The writes of one client stand in the list in the order in which they were sent. */
    private long lastOfClientBefore(Write sync, int index) {
        for (int i = index - 1; i >= 0 && all.get(i).client() == sync.client(); i--) {
            if (all.get(i).isOrdered()) {
                return all.get(i).zxid();
            }
        }
        return 0;
    }
}
