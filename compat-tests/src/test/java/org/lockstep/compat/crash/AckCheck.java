package org.lockstep.compat.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What must hold after a crash that loses nothing, when the fate of the requests in flight is not known: every acknowledged write
 * is there as it was acknowledged, nothing is there by halves, and no zxid was given twice.
 */
final class AckCheck {
    private AckCheck() {}

    /**
     * Checks the tree of a server that was started again.
     *
     * @param highestBefore the highest zxid that this returned before
     * @param roundBegin System.nanoTime() when the server had been started before this last time
     * @return the highest zxid acknowledged so far
     */
    static long check(int port, Workload workload, long highestBefore, long roundBegin) throws IOException {
        List<Write> writes = workload.writes();
        try (RawClient reader = new RawClient(port, 20_000)) {
            Map<String, NodeView> tree = NodeView.readTree(reader);
            Map<String, Write> deletes = new HashMap<>();
            writes.stream().filter(write -> write.kind() == Write.Kind.DELETE).forEach(write -> deletes.put(write.path(), write));
            Map<String, Write> names = new HashMap<>();
            for (Write write : writes) {
                checkWrite(write, tree, deletes);
                if (write.isAcked() && write.kind() == Write.Kind.SEQUENTIAL) {
                    assertEquals(null, names.put(write.name(), write), "a sequence number given twice: " + write);
                }
            }
            workload.clients().forEach(client -> checkCounter(client, tree));
            return checkZxids(writes, highestBefore, roundBegin);
        }
    }

    private static void checkWrite(Write write, Map<String, NodeView> tree, Map<String, Write> deletes) {
        switch (write.kind()) {
            case CREATE, SEQUENTIAL, EPHEMERAL -> {
                Write delete = deletes.get(write.name());
                NodeView node = tree.get(write.name());
                if (write.isAcked() && delete == null) {
                    assertNotNull(node, () -> "lost: " + write);
                    assertEquals(write.zxid(), node.czxid(), () -> "changed: " + write);
                    assertTrue(node.version() > 0 || node.data().equals(write.data()), () -> "changed: " + write);
                    assertEquals(write.kind() == Write.Kind.EPHEMERAL ? write.session() : 0, node.owner());
                }
                if (delete != null && delete.isAcked()) {
                    assertEquals(null, node, () -> "came back: " + delete);
                }
            }
            case MULTI -> {
                NodeView first = tree.get(write.path() + "a");
                NodeView second = tree.get(write.path() + "b");
                assertEquals(first, second, () -> "half a multi: " + write);
                if (write.isAcked()) {
                    assertNotNull(first, () -> "lost: " + write);
                    assertEquals(write.zxid(), first.czxid(), () -> "changed: " + write);
                }
            }
            default -> { }
        }
    }

    /** The counter holds the last acknowledged value, or a later one that was sent, and is as old as it says. */
    private static void checkCounter(WorkloadClient client, Map<String, NodeView> tree) {
        List<Write> sets = client.writes().stream()
                .filter(write -> write.kind() == Write.Kind.SET || write.kind() == Write.Kind.MULTI).toList();
        NodeView counter = tree.get(WorkloadClient.counterPath(client.number()));
        if (sets.isEmpty()) {
            return;
        }
        int found = counter.version() == 0 ? 0 : Integer.parseInt(counter.data());
        int acked = sets.stream().filter(Write::isAcked).mapToInt(write -> Integer.parseInt(write.data())).max().orElse(0);
        int sent = sets.stream().mapToInt(write -> Integer.parseInt(write.data())).max().orElse(0);
        assertTrue(found >= acked && found <= sent, "counter " + found + ", acknowledged " + acked + ", sent " + sent);
        sets.stream().filter(write -> write.isAcked() && write.data().equals(counter.data()))
                .forEach(write -> assertEquals(write.zxid(), counter.mzxid()));
    }

    /** Zxids of one client grow in the order of its requests, over restarts too; no two writes share one. */
    private static long checkZxids(List<Write> writes, long highestBefore, long roundBegin) {
        Map<Integer, Long> lastOf = new HashMap<>();
        Map<Long, Write> owners = new HashMap<>();
        long highest = highestBefore;
        for (Write write : writes) {
            if (write.isOrdered()) {
                assertTrue(write.sentNanos() < roundBegin || write.zxid() > highestBefore,
                        () -> "not above " + highestBefore + ", the last zxid before the restart: " + write);
                assertTrue(write.zxid() > lastOf.getOrDefault(write.client(), 0L), () -> "zxid went back: " + write);
                lastOf.put(write.client(), write.zxid());
                Write other = owners.put(write.zxid(), write);
                assertEquals(null, other, () -> "one zxid for two: " + write);
                highest = Math.max(highest, write.zxid());
            }
        }
        assertTrue(highest > highestBefore, "no write was acknowledged in this round");
        return highest;
    }
}
