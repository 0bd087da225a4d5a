package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeChildrenChanged;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeCreated;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeDataChanged;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeDeleted;
import static org.apache.zookeeper.ZooDefs.Ids.CREATOR_ALL_ACL;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients whose server dies and comes back on the same port: to them it is one long disconnection. */
class JavaClientRestartTest {
    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private final List<KeeperState> states = new CopyOnWriteArrayList<>();
    private String root;
    private ZooKeeper zk;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("restart");
        zk = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS, event -> states.add(event.getState()));
    }

    @Test
    void sessionEphemeralsAndDataSurviveAKilledServer() throws Exception {
        long id = zk.getSessionId();
        zk.create("/e", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        zk.create("/p", "kept".getBytes(UTF_8), OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.addAuthInfo("digest", "ann:secret".getBytes(UTF_8));
        zk.create("/closed", "mine".getBytes(UTF_8), CREATOR_ALL_ACL, CreateMode.PERSISTENT);
        Stat before = zk.exists("/p", false);
        restart();
        assertEquals(id, zk.getSessionId());
        assertEquals(id, zk.exists("/e", false).getEphemeralOwner());
        assertEquals(before, zk.exists("/p", false));
        assertArrayEquals("kept".getBytes(UTF_8), zk.getData("/p", false, null));
        assertArrayEquals("mine".getBytes(UTF_8), zk.getData("/closed", false, null), "the client authenticates again");
        assertTrue(zk.setData("/p", null, -1).getMzxid() > before.getMzxid());
        assertFalse(states.contains(KeeperState.Expired));
        zk.close();
        assertNull(SERVER.client().exists(root + "/e", false));
    }

    @Test
    void watchesAreRegisteredAgainAndFire() throws Exception {
        zk.create("/data", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.create("/parent", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        Events data = new Events();
        Events absent = new Events();
        Events children = new Events();
        Events persistent = new Events();
        Events recursive = new Events();
        zk.getData("/data", data, null);
        zk.exists("/absent", absent);
        zk.getChildren("/parent", children);
        zk.addWatch("/data", persistent, AddWatchMode.PERSISTENT);
        zk.addWatch("/parent", recursive, AddWatchMode.PERSISTENT_RECURSIVE);
        restart();
        for (Events events : List.of(data, absent, children, persistent, recursive)) {
            events.expectNone(zk);
        }
        ZooKeeper writing = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
        writing.setData("/data", new byte[1], -1);
        data.expect(NodeDataChanged, "/data");
        persistent.expect(NodeDataChanged, "/data");
        writing.create("/absent", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        absent.expect(NodeCreated, "/absent");
        writing.create("/parent/x", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        children.expect(NodeChildrenChanged, "/parent");
        recursive.expect(NodeCreated, "/parent/x");
        writing.delete("/data", -1);
        persistent.expect(NodeDeleted, "/data");
    }

    @Test
    void acknowledgedWritesAreThereAfterEachOfSeveralKills() throws Exception {
        zk.create("/counter", "0".getBytes(UTF_8), OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        for (int round = 1; round <= 2; round++) {
            byte[] value = Integer.toString(round).getBytes(UTF_8);
            zk.setData("/counter", value, -1);
            restart();
            Stat stat = new Stat();
            assertArrayEquals(value, zk.getData("/counter", false, stat));
            assertEquals(round, stat.getVersion());
        }
    }

    private void restart() throws Exception {
        states.clear();
        SERVER.server().kill();
        SERVER.server().start();
        Await.until("reconnect", () -> states.contains(KeeperState.SyncConnected) && zk.getState().isConnected());
        Events.fence(zk);
    }
}
