package org.lockstep.state;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Finds container and TTL nodes whose time has come. Looking changes nothing that is replicated. */
final class Reaper {
    /** Nodes looked at per call, whatever the limit, so that a call stays short. */
    private static final int SCAN_MAX = 20_000;

    private final NodeStore store;

    Reaper(NodeStore store) {
        this.store = store;
    }

    void candidates(long nowMillis, long maxNeverUsedMillis, int limit, StateMachine.ReapVisitor visitor) {
        List<String> seen = new ArrayList<>();
        int found = 0;
        for (Iterator<String> it = store.reapables.iterator(); it.hasNext() && found < limit && seen.size() < SCAN_MAX;) {
            String path = it.next();
            seen.add(path);
            Node node = store.overlay.peek(path);
            if (node == null) {
                throw new IllegalStateException("damaged state: container or TTL node " + path + " is listed but missing");
            }
            if (isDue(node, nowMillis, maxNeverUsedMillis)) {
                visitor.due(path, node.pzxid);
                found++;
            }
        }
        // To the end of the queue, so that the next call looks at the others.
        for (String path : seen) {
            store.reapables.remove(path);
            store.reapables.add(path);
        }
    }

    private static boolean isDue(Node node, long nowMillis, long maxNeverUsedMillis) {
        if (node.childCount > 0) {
            return false;
        }
        long idleMillis = nowMillis - node.mtimeMillis;
        if (Owner.isTtl(node.owner)) {
            return idleMillis > Owner.ttlMillis(node.owner);
        }
        return node.cversion > 0 || (maxNeverUsedMillis != 0 && idleMillis > maxNeverUsedMillis);
    }
}
