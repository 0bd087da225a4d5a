package org.lockstep.compat.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.servers.ApacheProcess;
import org.lockstep.compat.servers.ServerOptions;

/** The model that recovered trees are compared with is ZooKeeper's: the workload leaves just that tree in Apache ZooKeeper. */
class WorkloadTest {
    private static final int CLIENTS = 4;

    @TempDir Path scratch;

    @Test
    void apacheZooKeeperHoldsWhatTheModelSays() throws Exception {
        try (ApacheProcess server = new ApacheProcess(new ServerOptions(scratch).set("forceSync", "no"))) {
            server.start();
            Workload workload = new Workload(CLIENTS, 1, new WorkloadClient.Options(8, 0, true));
            workload.start(server.port());
            assertEquals(0, workload.run(300));
            Path file = scratch.resolve("history");
            Write.save(workload.writes(), file);
            History history = new History(Write.load(file));
            try (RawClient reader = new RawClient(server.port(), 10_000)) {
                Map<String, NodeView> tree = NodeView.readTree(reader);
                long last = History.lastZxid(tree);
                assertEquals(history.ackedAt(Long.MAX_VALUE), last);
                assertEquals(List.of(), history.treeAt(last).differences(tree));
                assertFalse(history.treeAt(last - 1).differences(tree).isEmpty(), "the comparison tells neighbours apart");
                assertTrue(history.barrierAt(Long.MAX_VALUE) > 0);
            }
        }
    }
}
