package org.lockstep.compat.clients;

import static org.apache.zookeeper.Watcher.Event.EventType.NodeDataChanged;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.proto.GetDataRequest;
import org.apache.zookeeper.proto.ReplyHeader;
import org.apache.zookeeper.proto.SetDataRequest;
import org.apache.zookeeper.proto.SyncRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Under write-barrier the answer to a sync waits for the medium: order, events and limits of memory must hold all the same. */
class JavaClientPolicyTest {
    private static final int ROUNDS = 200;
    private static final int LARGE_BYTES = 50_000;
    private static final int LARGE_READS = 2_000;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension(options -> options.set("fsyncPolicy", "write-barrier"));

    @Test
    void answersBehindASyncKeepTheirOrder() throws Exception {
        ZooKeeper zk = SERVER.client(SERVER.newRoot("barrier"), ServerExtension.SESSION_TIMEOUT_MILLIS);
        zk.create("/a", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        List<String> answers = Collections.synchronizedList(new ArrayList<>());
        List<String> expected = new ArrayList<>();
        CountDownLatch left = new CountDownLatch(3 * ROUNDS);
        for (int round = 1; round <= ROUNDS; round++) {
            zk.setData("/a", null, -1, (rc, path, context, stat) -> note(answers, left, "set " + stat.getVersion()), null);
            zk.sync("/a", (rc, path, context) -> note(answers, left, "sync " + Code.get(rc)), null);
            zk.exists("/a", false, (rc, path, context, stat) -> note(answers, left, "exists " + stat.getVersion()), null);
            expected.addAll(List.of("set " + round, "sync OK", "exists " + round));
        }
        Await.open("all answers", left);
        assertEquals(expected, answers);
    }

    @Test
    void eventsAndTheEndOfASessionComeBehindAHeldAnswer() throws Exception {
        String root = SERVER.newRoot("held");
        ZooKeeper other = SERVER.client();
        for (int round = 0; round < 15; round++) {
            ZooKeeper zk = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
            zk.create("/e" + round, null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
            StringBuffer order = new StringBuffer();
            zk.getData("/e" + round, event -> order.append("event "), null);
            zk.sync("/", (rc, path, context) -> order.append("sync "), null);
            zk.setData("/e" + round, null, -1, (rc, path, context, stat) -> order.append("set"), null);
            Events.fence(zk);
            assertEquals("sync event set", order.toString());
            zk.sync("/", (rc, path, context) -> {}, null);
            zk.close();
            assertNull(other.exists(root + "/e" + round, false), "closing is ordered before its answer");
        }
    }

    @Test
    void aWatcherHearsOfChangesWhileItsOwnAnswersAreHeld() throws Exception {
        String root = SERVER.newRoot("watcher");
        ZooKeeper watching = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
        ZooKeeper writing = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
        writing.create("/a", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        for (int round = 0; round < 50; round++) {
            Events events = new Events();
            assertNotNull(watching.exists("/a", events));
            watching.sync("/", (rc, path, context) -> {}, null);
            writing.setData("/a", null, -1);
            events.expect(NodeDataChanged, "/a");
        }
    }

    @Test
    void largeAnswersBehindASyncDoNotPileUp() throws Exception {
        String root = SERVER.newRoot("pile");
        SERVER.client().create(root + "/large", new byte[LARGE_BYTES], OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        long before = ServerHealth.residentBytes(SERVER);
        try (Bystander bystander = new Bystander(SERVER);
                RawClient client = new RawClient(SERVER.server().host(), SERVER.server().port())) {
            client.handshake(20_000);
            client.send(1, OpCode.setData, new SetDataRequest(root, null, -1));
            client.send(2, OpCode.sync, new SyncRequest("/"));
            for (int xid = 3; xid <= LARGE_READS; xid++) {
                client.send(xid, OpCode.getData, new GetDataRequest(root + "/large", false));
            }
            bystander.assertServed();
            long growth = ServerHealth.residentBytes(SERVER) - before;
            assertTrue(growth < 200L << 20 || !ServerExtension.isLockstep(), "the server grew by " + (growth >> 20) + " MiB");
            for (int xid = 1; xid <= LARGE_READS; xid++) {
                ReplyHeader reply = client.readReply();
                assertEquals(xid, reply.getXid());
                assertEquals(0, reply.getErr());
            }
        }
        ServerHealth.collectGarbage(SERVER);
    }

    private static void note(List<String> answers, CountDownLatch left, String answer) {
        answers.add(answer);
        left.countDown();
    }
}
