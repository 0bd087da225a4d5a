package org.lockstep.compat.clients;

import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.apache.zookeeper.ZooDefs.Ids.READ_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.compat.clients.Texts.bytes;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every synchronous operation of the Java client, with the results and failures that applications rely on. */
class JavaClientOperationsTest {
    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private ZooKeeper zk;

    @BeforeEach
    void connect() throws Exception {
        zk = SERVER.client(SERVER.newRoot("ops"), ServerExtension.SESSION_TIMEOUT_MILLIS);
    }

    @Test
    void aNodeIsCreatedReadChangedAndDeleted() throws Exception {
        Stat created = new Stat();
        assertEquals("/a", zk.create("/a", bytes("one"), OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, created));
        assertEquals(0, created.getVersion());
        assertEquals(3, created.getDataLength());
        assertEquals(created.getCzxid(), created.getMzxid());

        Stat read = new Stat();
        assertArrayEquals(bytes("one"), zk.getData("/a", false, read));
        assertEquals(created, read);

        Stat changed = zk.setData("/a", bytes("three"), 0);
        assertEquals(1, changed.getVersion());
        assertEquals(5, changed.getDataLength());
        assertTrue(changed.getMzxid() > created.getMzxid());
        assertEquals(created.getCzxid(), changed.getCzxid());
        assertEquals(changed, zk.exists("/a", false));

        zk.delete("/a", 1);
        assertNull(zk.exists("/a", false));
    }

    @Test
    void failuresHaveTheirOwnCodes() throws Exception {
        zk.create("/a", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.create("/a/b", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        assertThrows(KeeperException.NodeExistsException.class,
                () -> zk.create("/a", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        assertThrows(KeeperException.NoNodeException.class,
                () -> zk.create("/none/a", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        assertThrows(KeeperException.NoChildrenForEphemeralsException.class,
                () -> zk.create("/a/b/c", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        assertThrows(KeeperException.InvalidACLException.class,
                () -> zk.create("/x", null, List.of(), CreateMode.PERSISTENT));
        assertThrows(KeeperException.NotEmptyException.class, () -> zk.delete("/a", -1));
        assertThrows(KeeperException.BadVersionException.class, () -> zk.delete("/a/b", 7));
        assertThrows(KeeperException.NoNodeException.class, () -> zk.delete("/none", -1));
        assertThrows(KeeperException.BadVersionException.class, () -> zk.setData("/a", bytes("x"), 7));
        assertThrows(KeeperException.NoNodeException.class, () -> zk.setData("/none", bytes("x"), -1));
        assertThrows(KeeperException.NoNodeException.class, () -> zk.getData("/none", false, null));
        assertThrows(KeeperException.NoNodeException.class, () -> zk.getChildren("/none", false));
        assertThrows(KeeperException.NoNodeException.class, () -> zk.getACL("/none", null));
        assertThrows(KeeperException.BadVersionException.class, () -> zk.setACL("/a", OPEN_ACL_UNSAFE, 7));
        assertThrows(KeeperException.NoNodeException.class, () -> zk.getAllChildrenNumber("/none"));
    }

    @Test
    void nullAndEmptyDataStayApart() throws Exception {
        zk.create("/null", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.create("/empty", new byte[0], OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        assertNull(zk.getData("/null", false, null));
        assertArrayEquals(new byte[0], zk.getData("/empty", false, null));
    }

    @Test
    void sequenceNumbersGrowWithEveryChild() throws Exception {
        assertEquals("/n-0000000000", zk.create("/n-", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL));
        zk.create("/other", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        assertEquals("/n-0000000002", zk.create("/n-", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL_SEQUENTIAL));
        zk.delete("/n-0000000002", -1);
        assertEquals("/n-0000000003", zk.create("/n-", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL));
    }

    @Test
    void childrenAreListedWithTheStatOfTheParent() throws Exception {
        for (String name : List.of("a", "b", "c")) {
            zk.create("/" + name, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        }
        zk.create("/a/deep", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        Stat stat = new Stat();
        assertEquals(Set.of("a", "b", "c"), new HashSet<>(zk.getChildren("/", false, stat)));
        assertEquals(3, stat.getNumChildren());
        assertEquals(3, stat.getCversion());
        zk.delete("/c", -1);
        assertEquals(Set.of("a", "b"), new HashSet<>(zk.getChildren("/", false)));
        assertEquals(4, zk.exists("/", false).getCversion());
        assertEquals(3, zk.getAllChildrenNumber("/"));
        assertEquals(1, zk.getAllChildrenNumber("/a"));
    }

    @Test
    void theAccessListHasAVersionOfItsOwn() throws Exception {
        zk.create("/a", bytes("x"), OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        Stat before = zk.exists("/a", false);
        Stat stat = zk.setACL("/a", READ_ACL_UNSAFE, 0);
        assertEquals(1, stat.getAversion());
        assertEquals(before.getMzxid(), stat.getMzxid());
        assertEquals(before.getVersion(), stat.getVersion());
        Stat read = new Stat();
        assertEquals(READ_ACL_UNSAFE, zk.getACL("/a", read));
        assertEquals(stat, read);
    }

    @Test
    void ephemeralsAreListedByPrefix() throws Exception {
        ZooKeeper whole = SERVER.client();
        String root = SERVER.newRoot("ephemerals");
        List<String> paths = List.of(root + "/x1", root + "/x2", root + "/y");
        for (String path : paths) {
            whole.create(path, null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        }
        zk.create("/of-another-session", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        assertEquals(Set.copyOf(paths), Set.copyOf(whole.getEphemerals()));
        assertEquals(Set.of(root + "/x1", root + "/x2"), Set.copyOf(whole.getEphemerals(root + "/x")));
        assertEquals(whole.getSessionId(), whole.exists(root + "/y", false).getEphemeralOwner());
        whole.delete(root + "/y", -1);
        assertEquals(List.of(), whole.getEphemerals(root + "/y"));
    }

    @Test
    void containersAndNodesWithALifetimeAreMade() throws Exception {
        Stat stat = new Stat();
        zk.create("/container", bytes("c"), OPEN_ACL_UNSAFE, CreateMode.CONTAINER, stat);
        assertEquals(0, stat.getEphemeralOwner());
        zk.create("/container/child", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        assertEquals("/ttl", zk.create("/ttl", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL, stat, 60_000));
        assertEquals(0, stat.getEphemeralOwner());
        String sequential = zk.create("/ttl-", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, stat, 60_000);
        assertEquals("/ttl-0000000002", sequential);
        assertThrows(IllegalArgumentException.class,
                () -> zk.create("/bad", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL, new Stat(), 0));
    }

    @Test
    void aChrootHidesTheRestOfTheTree() throws Exception {
        zk.create("/inner", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.create("/inner/leaf", bytes("leaf"), OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        ZooKeeper whole = SERVER.client();
        String root = whole.getChildren("/", false).stream()
                .filter(name -> name.startsWith("ops-"))
                .filter(name -> exists(whole, "/" + name + "/inner"))
                .findFirst().orElseThrow();
        ZooKeeper inner = SERVER.client("/" + root + "/inner", ServerExtension.SESSION_TIMEOUT_MILLIS);
        Events events = new Events();
        assertEquals(List.of("leaf"), inner.getChildren("/", events));
        assertEquals("/made", inner.create("/made", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        events.expect(org.apache.zookeeper.Watcher.Event.EventType.NodeChildrenChanged, "/");
        assertNotNull(whole.exists("/" + root + "/inner/made", false));
        assertThrows(KeeperException.NoNodeException.class, () -> inner.getChildren("/inner", false));
    }

    @Test
    void syncAnswersAndSeesWhatOthersWrote() throws Exception {
        String root = SERVER.newRoot("sync");
        ZooKeeper writer = SERVER.client();
        ZooKeeper reader = SERVER.client();
        for (int round = 0; round < 50; round++) {
            writer.create(root + "/" + round, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            reader.sync(root);
            assertEquals(round + 1, reader.getChildren(root, false).size());
        }
    }

    @Test
    void theConfigurationNodeIsReadable() throws Exception {
        Stat stat = new Stat();
        assertNotNull(SERVER.client().getConfig(false, stat));
        assertTrue(stat.getVersion() <= 0, "the configuration was never changed");
    }

    @Test
    void whoAmINamesEveryIdentityOfTheConnection() throws Exception {
        zk.addAuthInfo("digest", bytes("ann:secret"));
        Set<String> identities = new HashSet<>();
        zk.whoAmI().forEach(info -> identities.add(info.getAuthScheme() + ":" + info.getUser()));
        assertEquals(Set.of("ip:127.0.0.1", "digest:ann"), identities);
    }

    private static boolean exists(ZooKeeper zk, String path) {
        try {
            return zk.exists(path, false) != null;
        } catch (KeeperException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
