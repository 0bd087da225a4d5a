package org.lockstep.compat.clients;

import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Large nodes, long lists, requests above the limit, and nodes that the server itself removes. */
class JavaClientLimitsTest {
    private static final int MAX_BUFFER_BYTES = 0xfffff;
    private static final int MANY_CHILDREN = 20_000;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension(options -> options
            .jvmFlag("-Dznode.container.checkIntervalMs=100"));

    private String root;
    private ZooKeeper zk;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("limits");
        zk = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
    }

    @Test
    void aNodeOfAlmostOneMebibyteComesBackWhole() throws Exception {
        byte[] data = new byte[MAX_BUFFER_BYTES - 300];
        new Random(1).nextBytes(data);
        zk.create("/big", data, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        assertArrayEquals(data, zk.getData("/big", false, null));
        new Random(2).nextBytes(data);
        assertEquals(data.length, zk.setData("/big", data, 0).getDataLength());
        assertArrayEquals(data, SERVER.client(root, 4_000).getData("/big", false, null));
    }

    @Test
    void aRequestAboveTheLimitCostsItsConnectionAndNothingElse() throws Exception {
        ZooKeeper other = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
        other.create("/e", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        long id = zk.getSessionId();
        for (int round = 0; round < 2; round++) {
            assertThrows(KeeperException.ConnectionLossException.class,
                    () -> zk.create("/huge", new byte[MAX_BUFFER_BYTES + 1], OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
            assertNotNull(other.exists("/e", false));
            Await.until("reconnect", () -> zk.getState().isConnected());
        }
        assertEquals(id, zk.getSessionId());
        assertNull(zk.exists("/huge", false));
        assertEquals(1, other.getChildren("/", false).size());
    }

    @Test
    void aLongListOfChildrenIsComplete() throws Exception {
        CountDownLatch left = new CountDownLatch(MANY_CHILDREN);
        AtomicInteger failed = new AtomicInteger();
        Set<String> expected = new HashSet<>();
        for (int i = 0; i < MANY_CHILDREN; i++) {
            String name = "child-with-a-rather-long-name-" + i;
            expected.add(name);
            zk.create("/" + name, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, (rc, path, context, created) -> {
                if (rc != 0) {
                    failed.incrementAndGet();
                }
                left.countDown();
            }, null);
        }
        Await.open("all creates", left);
        assertEquals(0, failed.get());
        Stat stat = new Stat();
        assertEquals(expected, new HashSet<>(zk.getChildren("/", false, stat)));
        assertEquals(MANY_CHILDREN, stat.getNumChildren());
        assertEquals(MANY_CHILDREN, zk.getAllChildrenNumber("/"));
    }

    @Test
    void aContainerGoesAfterItsLastChild() throws Exception {
        zk.create("/container", null, OPEN_ACL_UNSAFE, CreateMode.CONTAINER);
        zk.create("/container/child", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.create("/plain", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.create("/plain/child", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.delete("/plain/child", -1);
        zk.delete("/container/child", -1);
        Await.until("the container's end", () -> zk.exists("/container", false) == null);
        assertNotNull(zk.exists("/plain", false));
    }

    @Test
    void aNodeWithALifetimeGoesWhenItHasNoChildren() throws Exception {
        zk.create("/ttl", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL, new Stat(), 200);
        zk.create("/parent", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL, new Stat(), 200);
        zk.create("/parent/child", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.create("/long", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL, new Stat(), 3_600_000);
        Await.until("the end of /ttl", () -> zk.exists("/ttl", false) == null);
        assertNotNull(zk.exists("/parent", false));
        zk.delete("/parent/child", -1);
        Await.until("the end of /parent", () -> zk.exists("/parent", false) == null);
        assertNotNull(zk.exists("/long", false));
    }
}
