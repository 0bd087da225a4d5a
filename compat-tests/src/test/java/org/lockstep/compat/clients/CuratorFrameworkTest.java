package org.lockstep.compat.clients;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.compat.clients.Texts.bytes;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.framework.api.transaction.OperationType;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Curator's own surface: its builders, its transactions and its ways around lost answers. */
class CuratorFrameworkTest {
    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private String root;
    private CuratorFramework curator;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("framework");
        curator = Curators.one(SERVER);
    }

    @Test
    void nodesAreMadeWithTheirParentsReadAndDeletedWithTheirChildren() throws Exception {
        curator.create().creatingParentsIfNeeded().forPath(root + "/a/b/c", bytes("deep"));
        Stat stat = new Stat();
        assertArrayEquals(bytes("deep"), curator.getData().storingStatIn(stat).forPath(root + "/a/b/c"));
        assertEquals(1, curator.setData().withVersion(stat.getVersion()).forPath(root + "/a/b/c", bytes("two")).getVersion());
        assertThrows(KeeperException.BadVersionException.class,
                () -> curator.setData().withVersion(0).forPath(root + "/a/b/c", bytes("three")));
        assertEquals(List.of("b"), curator.getChildren().forPath(root + "/a"));
        curator.delete().guaranteed().deletingChildrenIfNeeded().forPath(root + "/a");
        assertNull(curator.checkExists().forPath(root + "/a"));
    }

    @Test
    void createOrSetAndTheIdempotentForms() throws Exception {
        String path = root + "/x";
        curator.create().orSetData().forPath(path, bytes("1"));
        curator.create().orSetData().forPath(path, bytes("2"));
        assertArrayEquals(bytes("2"), curator.getData().forPath(path));
        curator.create().idempotent().forPath(root + "/y", bytes("1"));
        curator.create().idempotent().forPath(root + "/y", bytes("1"));
        curator.setData().idempotent().withVersion(0).forPath(root + "/y", bytes("2"));
        curator.setData().idempotent().withVersion(0).forPath(root + "/y", bytes("2"));
        assertEquals(1, curator.checkExists().forPath(root + "/y").getVersion());
        curator.delete().idempotent().forPath(root + "/y");
        curator.delete().idempotent().forPath(root + "/y");
        assertNull(curator.checkExists().forPath(root + "/y"));
    }

    @Test
    void everyModeOfCreation() throws Exception {
        String parent = root + "/parent";
        curator.create().creatingParentContainersIfNeeded().forPath(parent + "/plain");
        String sequential = curator.create().withMode(CreateMode.PERSISTENT_SEQUENTIAL).forPath(parent + "/s-");
        assertEquals(parent + "/s-0000000001", sequential);
        String ephemeral = curator.create().withProtection().withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath(parent + "/e-");
        assertTrue(ephemeral.matches(parent + "/_c_[-0-9a-f]{36}-e-0000000002"), ephemeral);
        assertEquals(curator.getZookeeperClient().getZooKeeper().getSessionId(),
                curator.checkExists().forPath(ephemeral).getEphemeralOwner());
        curator.create().withTtl(60_000).withMode(CreateMode.PERSISTENT_WITH_TTL).forPath(parent + "/ttl");
        curator.create().withMode(CreateMode.CONTAINER).forPath(parent + "/container");
        Stat stat = new Stat();
        curator.create().storingStatIn(stat).forPath(parent + "/stat", bytes("four"));
        assertEquals(4, stat.getDataLength());
        assertEquals(6, curator.getChildren().forPath(parent).size());
    }

    @Test
    void operationsInTheBackgroundCallBack() throws Exception {
        CompletableFuture<String> created = new CompletableFuture<>();
        curator.create().inBackground((client, event) -> created.complete(event.getType() + " " + event.getName()))
                .forPath(root + "/b", bytes("x"));
        assertEquals("CREATE " + root + "/b", Await.value(created));
        CompletableFuture<Integer> missing = new CompletableFuture<>();
        curator.getData().inBackground((client, event) -> missing.complete(event.getResultCode())).forPath(root + "/none");
        assertEquals(KeeperException.Code.NONODE.intValue(), Await.value(missing));
        CompletableFuture<String> synced = new CompletableFuture<>();
        curator.sync().inBackground((client, event) -> synced.complete(event.getType() + " " + event.getPath())).forPath(root);
        assertEquals("SYNC " + root, Await.value(synced));
    }

    @Test
    void watchersOfBothKinds() throws Exception {
        Events once = new Events();
        curator.getChildren().usingWatcher(once).forPath(root);
        Events always = new Events();
        curator.watchers().add().withMode(AddWatchMode.PERSISTENT_RECURSIVE).usingWatcher(always).forPath(root);
        curator.create().forPath(root + "/a");
        once.expect(EventType.NodeChildrenChanged, root);
        always.expect(EventType.NodeCreated, root + "/a");
        curator.setData().forPath(root + "/a", bytes("x"));
        always.expect(EventType.NodeDataChanged, root + "/a");
        curator.watchers().remove(always).forPath(root);
        always.expect(EventType.PersistentWatchRemoved, root);
        curator.setData().forPath(root + "/a", bytes("y"));
        always.expectNone(curator.getZookeeperClient().getZooKeeper());
    }

    @Test
    void aTransactionIsAllOrNothing() throws Exception {
        CuratorOp create = curator.transactionOp().create().forPath(root + "/t", bytes("1"));
        CuratorOp check = curator.transactionOp().check().withVersion(0).forPath(root + "/t");
        CuratorOp set = curator.transactionOp().setData().withVersion(0).forPath(root + "/t", bytes("2"));
        CuratorOp sequential = curator.transactionOp().create().withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath(root + "/s-");
        List<CuratorTransactionResult> results = curator.transaction().forOperations(create, check, set, sequential);
        assertEquals(List.of(OperationType.CREATE, OperationType.CHECK, OperationType.SET_DATA, OperationType.CREATE),
                results.stream().map(CuratorTransactionResult::getType).toList());
        assertEquals(root + "/s-0000000001", results.get(3).getResultPath());
        assertEquals(1, results.get(2).getResultStat().getVersion());
        CuratorOp delete = curator.transactionOp().delete().forPath(root + "/t");
        CuratorOp wrong = curator.transactionOp().check().withVersion(9).forPath(root);
        assertThrows(KeeperException.BadVersionException.class, () -> curator.transaction().forOperations(delete, wrong));
        assertArrayEquals(bytes("2"), curator.getData().forPath(root + "/t"));
    }

    @Test
    void namespacesAccessListsAndCompression() throws Exception {
        CuratorFramework named = Curators.started(SERVER, Curators
                .builder(SERVER.connectString(), ServerExtension.SESSION_TIMEOUT_MILLIS)
                .namespace(root.substring(1) + "/space")
                .authorization("digest", bytes("ann:secret")));
        named.create().withACL(ZooDefs.Ids.CREATOR_ALL_ACL).forPath("/closed", bytes("mine"));
        assertNotNull(curator.checkExists().forPath(root + "/space"));
        assertThrows(KeeperException.NoAuthException.class, () -> curator.getData().forPath(root + "/space/closed"));
        assertArrayEquals(bytes("mine"), named.getData().forPath("/closed"));
        named.setACL().withVersion(0).withACL(ZooDefs.Ids.OPEN_ACL_UNSAFE).forPath("/closed");
        assertEquals(Set.copyOf(ZooDefs.Ids.OPEN_ACL_UNSAFE), Set.copyOf(curator.getACL().forPath(root + "/space/closed")));
        byte[] zeros = new byte[100_000];
        named.create().compressed().forPath("/zeros", zeros);
        assertTrue(curator.checkExists().forPath(root + "/space/zeros").getDataLength() < 1_000);
        assertArrayEquals(zeros, named.getData().decompressed().forPath("/zeros"));
    }
}
