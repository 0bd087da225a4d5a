package org.lockstep.compat.clients;

import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.CreateOptions;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Transactions: all or nothing, one zxid, and an answer for each part. */
class JavaClientMultiTest {
    private static final byte[] DATA = {1, 2, 3};

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private String root;
    private ZooKeeper zk;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("multi");
        zk = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
    }

    @Test
    void everyKindOfPartIsAnswered() throws Exception {
        zk.create("/old", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        List<OpResult> results = zk.multi(List.of(
                Op.check("/old", 0),
                Op.create("/new", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT),
                Op.create("/seq-", DATA, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL_SEQUENTIAL),
                Op.create("/container", DATA, OPEN_ACL_UNSAFE, CreateMode.CONTAINER),
                Op.create("/ttl", DATA, CreateOptions.newBuilder(OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL)
                        .withTtl(60_000).build()),
                Op.setData("/new", new byte[0], 0),
                Op.delete("/old", 0)));
        assertEquals(7, results.size());
        assertInstanceOf(OpResult.CheckResult.class, results.get(0));
        // The client library strips the chroot from no result of a transaction.
        assertEquals(root + "/new", ((OpResult.CreateResult) results.get(1)).getPath());
        assertEquals(root + "/seq-0000000002", ((OpResult.CreateResult) results.get(2)).getPath());
        assertEquals(root + "/container", ((OpResult.CreateResult) results.get(3)).getPath());
        assertEquals(root + "/ttl", ((OpResult.CreateResult) results.get(4)).getPath());
        Stat changed = ((OpResult.SetDataResult) results.get(5)).getStat();
        assertEquals(1, changed.getVersion());
        assertEquals(0, changed.getDataLength());
        assertInstanceOf(OpResult.DeleteResult.class, results.get(6));
        assertEquals(Set.of("new", "seq-0000000002", "container", "ttl"), Set.copyOf(zk.getChildren("/", false)));
        assertEquals(zk.exists("/new", false).getCzxid(), zk.exists("/ttl", false).getCzxid());
    }

    @Test
    void oneFailureUndoesAllAndIsNamed() throws Exception {
        zk.create("/a", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        KeeperException failure = assertThrows(KeeperException.BadVersionException.class, () -> zk.multi(List.of(
                Op.setData("/a", new byte[0], 0),
                Op.create("/b", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT),
                Op.check("/a", 7),
                Op.delete("/b", -1))));
        List<Integer> codes = new ArrayList<>();
        failure.getResults().forEach(result -> codes.add(((OpResult.ErrorResult) result).getErr()));
        assertEquals(List.of(Code.OK.intValue(), Code.OK.intValue(), Code.BADVERSION.intValue(),
                Code.RUNTIMEINCONSISTENCY.intValue()), codes);
        assertNull(zk.exists("/b", false));
        assertArrayEquals(DATA, zk.getData("/a", false, null));
        assertEquals("/s-0000000001", zk.create("/s-", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL),
                "a sequence number taken by a failed transaction is given back");
    }

    @Test
    void laterPartsSeeEarlierOnes() throws Exception {
        zk.multi(List.of(
                Op.create("/a", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT),
                Op.create("/a/b", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT),
                Op.setData("/a/b", new byte[0], 0),
                Op.setData("/a/b", DATA, 1),
                Op.delete("/a/b", 2),
                Op.delete("/a", 0)));
        assertNull(zk.exists("/a", false));
    }

    @Test
    void theTransactionBuilderCommits() throws Exception {
        List<OpResult> results = zk.transaction()
                .create("/a", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT)
                .check("/a", 0)
                .setData("/a", new byte[0], 0)
                .commit();
        assertEquals(3, results.size());
        assertEquals(1, zk.exists("/a", false).getVersion());
    }

    @Test
    void anEmptyTransactionIsLegal() throws Exception {
        assertEquals(List.of(), zk.multi(List.of()));
    }

    @Test
    void manyReadsInOneRequest() throws Exception {
        zk.create("/a", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.create("/a/b", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        List<OpResult> results = zk.multi(List.of(
                Op.getData("/a"), Op.getChildren("/a"), Op.getData("/none"), Op.getData("/a/b")));
        assertArrayEquals(DATA, ((OpResult.GetDataResult) results.get(0)).getData());
        assertEquals(1, ((OpResult.GetDataResult) results.get(0)).getStat().getNumChildren());
        assertEquals(List.of("b"), ((OpResult.GetChildrenResult) results.get(1)).getChildren());
        assertEquals(Code.NONODE.intValue(), ((OpResult.ErrorResult) results.get(2)).getErr());
        assertNull(((OpResult.GetDataResult) results.get(3)).getData());
    }

    @Test
    void aLargeTransactionIsStillOne() throws Exception {
        List<Op> ops = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            ops.add(Op.create("/n" + i, DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        }
        assertEquals(5_000, zk.multi(ops).size());
        assertEquals(5_000, zk.exists("/", false).getNumChildren());
        assertEquals(zk.exists("/n0", false).getCzxid(), zk.exists("/n4999", false).getCzxid());
        ops.add(Op.delete("/none", -1));
        ops.subList(0, 5_000).replaceAll(op -> Op.delete(op.getPath(), -1));
        assertThrows(KeeperException.NoNodeException.class, () -> zk.multi(ops));
        assertEquals(5_000, zk.exists("/", false).getNumChildren());
    }
}
