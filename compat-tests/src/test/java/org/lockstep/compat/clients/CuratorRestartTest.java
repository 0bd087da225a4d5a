package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.compat.clients.Texts.bytes;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.atomic.AtomicValue;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.CreateMode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Curator's recipes while the server is killed and started again under them. */
class CuratorRestartTest {
    private static final int CLIENTS = 2;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private String root;
    private List<CuratorFramework> clients;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("restart");
        clients = Curators.many(SERVER, CLIENTS);
    }

    /** One kill for all of them: what each recipe holds before it, it must hold after it. */
    @Test
    void recipesHoldWhatTheyHeld() throws Exception {
        CuratorFramework one = clients.get(0);
        CuratorFramework two = clients.get(1);
        InterProcessMutex held = new InterProcessMutex(one, root + "/lock");
        held.acquire();
        CuratorCache cache = SERVER.closeLater(CuratorCache.build(two, root + "/cached"));
        cache.start();
        one.create().forPath(root + "/cached", bytes("root"));
        one.create().forPath(root + "/cached/before", bytes("1"));
        Await.until("the first entry", () -> cache.get(root + "/cached/before").isPresent());
        PersistentNode node = new PersistentNode(one, CreateMode.EPHEMERAL, false, root + "/node", bytes("node"));
        node.start();
        SERVER.closeLater(node);
        assertTrue(node.waitForInitialCreate(30, TimeUnit.SECONDS));
        SimpleDistributedQueue queue = new SimpleDistributedQueue(one, root + "/queue");
        queue.offer(bytes("first"));
        queue.offer(bytes("second"));
        long owner = one.checkExists().forPath(root + "/node").getEphemeralOwner();

        SERVER.server().kill();
        SERVER.server().start();

        InterProcessMutex wanted = new InterProcessMutex(two, root + "/lock");
        assertFalse(wanted.acquire(200, TimeUnit.MILLISECONDS), "the lock outlives the server");
        assertTrue(held.isOwnedByCurrentThread());
        held.release();
        assertTrue(wanted.acquire(30, TimeUnit.SECONDS));
        one.create().forPath(root + "/cached/after", bytes("2"));
        Await.until("the entry made after", () -> cache.get(root + "/cached/after").isPresent());
        assertEquals(owner, two.checkExists().forPath(root + "/node").getEphemeralOwner());
        assertEquals("first", new String(new SimpleDistributedQueue(two, root + "/queue").take(), UTF_8));
        assertEquals("second", new String(new SimpleDistributedQueue(two, root + "/queue").take(), UTF_8));
    }

    @Test
    void aLeaderIsFoundAgain() throws Exception {
        List<LeaderLatch> latches = new ArrayList<>();
        for (CuratorFramework client : clients) {
            LeaderLatch latch = SERVER.closeLater(new LeaderLatch(client, root + "/leader", "member-" + latches.size()));
            latch.start();
            latches.add(latch);
        }
        Await.until("a leader", () -> latches.stream().filter(LeaderLatch::hasLeadership).count() == 1);
        SERVER.server().kill();
        Await.until("nobody leads without a server", () -> latches.stream().noneMatch(LeaderLatch::hasLeadership));
        SERVER.server().start();
        Await.until("a leader again", () -> latches.stream().filter(LeaderLatch::hasLeadership).count() == 1);
    }

    /**
     * An increment whose answer was lost may have been made, and Curator then makes it again: the count may exceed the steps by
     * the one request that each client had on its way when the server died. It never falls short.
     */
    @Test
    void acknowledgedIncrementsSurvive() throws Exception {
        int steps = 150;
        AtomicInteger attempts = new AtomicInteger();
        CountDownLatch halfWay = new CountDownLatch(CLIENTS * steps / 2);
        List<Callable<Integer>> all = new ArrayList<>();
        for (CuratorFramework client : clients) {
            DistributedAtomicLong counter = new DistributedAtomicLong(client, root + "/counter", new RetryNTimes(1_000, 1));
            all.add(() -> count(counter, steps, attempts, halfWay));
        }
        all.add(() -> {
            Await.open("half the steps", halfWay);
            SERVER.server().kill();
            SERVER.server().start();
            return 0;
        });
        int acknowledged = Concurrently.run(all).stream().mapToInt(Integer::intValue).sum();
        long counted = new DistributedAtomicLong(clients.get(0), root + "/counter", new RetryNTimes(3, 1)).get().postValue();
        assertEquals(CLIENTS * steps, acknowledged);
        assertTrue(counted >= acknowledged && counted <= attempts.get() + CLIENTS, acknowledged + " acknowledged, " + counted
                + " counted, " + attempts + " tried");
    }

    private static int count(DistributedAtomicLong counter, int steps, AtomicInteger attempts, CountDownLatch halfWay)
            throws Exception {
        int succeeded = 0;
        while (succeeded < steps) {
            attempts.incrementAndGet();
            AtomicValue<Long> value = counter.increment();
            if (value.succeeded()) {
                succeeded++;
                halfWay.countDown();
            }
        }
        return succeeded;
    }
}
