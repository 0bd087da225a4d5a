package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMultiLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreMutex;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.locks.Revoker;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Curator's locks under contention of several clients. */
class CuratorLocksTest {
    private static final int CLIENTS = 3;
    private static final int ROUNDS = 15;
    private static final long WAIT_SECONDS = 30;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private String root;
    private String path;
    private List<CuratorFramework> clients;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("locks");
        path = root + "/lock";
        clients = Curators.many(SERVER, CLIENTS);
    }

    /** Makes a lock for one client. */
    private interface LockMaker {
        InterProcessLock make(CuratorFramework client);
    }

    @Test
    void mutexLetsOneInAtATime() throws Exception {
        assertExcludes(client -> new InterProcessMutex(client, path));
    }

    @Test
    void semaphoreMutexLetsOneInAtATime() throws Exception {
        assertExcludes(client -> new InterProcessSemaphoreMutex(client, path));
    }

    @Test
    void writeLockLetsOneInAtATime() throws Exception {
        assertExcludes(client -> new InterProcessReadWriteLock(client, path).writeLock());
    }

    @Test
    void multiLockLetsOneInAtATime() throws Exception {
        assertExcludes(client -> new InterProcessMultiLock(client, List.of(root + "/m1", root + "/m2")));
    }

    /** A counter that is read and then written back loses steps unless the lock excludes. */
    private void assertExcludes(LockMaker maker) throws Exception {
        String counter = root + "/counter";
        clients.get(0).create().forPath(counter, "0".getBytes(UTF_8));
        AtomicInteger inside = new AtomicInteger();
        List<Callable<Void>> contenders = new ArrayList<>();
        for (CuratorFramework client : clients) {
            InterProcessLock lock = maker.make(client);
            contenders.add(Concurrently.task(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    assertTrue(lock.acquire(WAIT_SECONDS, TimeUnit.SECONDS), "never acquired");
                    assertEquals(1, inside.incrementAndGet());
                    int value = Integer.parseInt(new String(client.getData().forPath(counter), UTF_8));
                    client.setData().forPath(counter, Integer.toString(value + 1).getBytes(UTF_8));
                    inside.decrementAndGet();
                    lock.release();
                }
            }));
        }
        Concurrently.run(contenders);
        assertEquals(Integer.toString(CLIENTS * ROUNDS), new String(clients.get(0).getData().forPath(counter), UTF_8));
    }

    @Test
    void mutexIsReentrantAndKnowsItsParticipants() throws Exception {
        InterProcessMutex mine = new InterProcessMutex(clients.get(0), path);
        InterProcessMutex other = new InterProcessMutex(clients.get(1), path);
        mine.acquire();
        assertTrue(mine.acquire(1, TimeUnit.SECONDS));
        assertFalse(other.acquire(50, TimeUnit.MILLISECONDS));
        assertEquals(1, mine.getParticipantNodes().size(), "a contender that gave up leaves nothing behind");
        mine.release();
        assertFalse(other.acquire(50, TimeUnit.MILLISECONDS));
        mine.release();
        assertTrue(other.acquire(WAIT_SECONDS, TimeUnit.SECONDS));
        other.release();
    }

    @Test
    void aHolderMayBeAskedToGiveUp() throws Exception {
        InterProcessMutex held = new InterProcessMutex(clients.get(0), path);
        CountDownLatch asked = new CountDownLatch(1);
        held.makeRevocable(lock -> asked.countDown());
        held.acquire();
        Revoker.attemptRevoke(clients.get(1), held.getParticipantNodes().iterator().next());
        Await.open("the request to give up", asked);
        held.release();
        assertTrue(new InterProcessMutex(clients.get(1), path).acquire(WAIT_SECONDS, TimeUnit.SECONDS));
    }

    @Test
    void aLockIsFreedWhenItsHolderGoesAway() throws Exception {
        new InterProcessMutex(clients.get(0), path).acquire();
        InterProcessMutex waiting = new InterProcessMutex(clients.get(1), path);
        assertFalse(waiting.acquire(50, TimeUnit.MILLISECONDS));
        clients.get(0).close();
        assertTrue(waiting.acquire(WAIT_SECONDS, TimeUnit.SECONDS));
        waiting.release();
    }

    @Test
    void readersShareAndWritersExclude() throws Exception {
        List<InterProcessReadWriteLock> locks = clients.stream()
                .map(client -> new InterProcessReadWriteLock(client, path)).toList();
        assertTrue(locks.get(0).readLock().acquire(WAIT_SECONDS, TimeUnit.SECONDS));
        assertTrue(locks.get(1).readLock().acquire(WAIT_SECONDS, TimeUnit.SECONDS));
        assertFalse(locks.get(2).writeLock().acquire(50, TimeUnit.MILLISECONDS));
        locks.get(0).readLock().release();
        locks.get(1).readLock().release();
        assertTrue(locks.get(2).writeLock().acquire(WAIT_SECONDS, TimeUnit.SECONDS));
        assertFalse(locks.get(0).readLock().acquire(50, TimeUnit.MILLISECONDS));
        assertTrue(locks.get(2).readLock().acquire(WAIT_SECONDS, TimeUnit.SECONDS), "a writer may step down to reading");
        locks.get(2).writeLock().release();
        assertTrue(locks.get(0).readLock().acquire(WAIT_SECONDS, TimeUnit.SECONDS));
    }

    @Test
    void semaphoreNeverLendsMoreThanItHas() throws Exception {
        int leasesMax = 2;
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Callable<Void>> contenders = new ArrayList<>();
        for (int i = 0; i < 2 * CLIENTS; i++) {
            InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(clients.get(i % CLIENTS), path, leasesMax);
            contenders.add(Concurrently.task(() -> {
                for (int round = 0; round < 8; round++) {
                    Lease lease = semaphore.acquire(WAIT_SECONDS, TimeUnit.SECONDS);
                    assertNotNull(lease, "never lent");
                    int now = inside.incrementAndGet();
                    most.accumulateAndGet(now, Math::max);
                    clients.get(0).checkExists().forPath(root);
                    inside.decrementAndGet();
                    semaphore.returnLease(lease);
                }
            }));
        }
        Concurrently.run(contenders);
        assertTrue(most.get() <= leasesMax, "lent " + most.get() + " of " + leasesMax);
        InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(clients.get(0), path, leasesMax);
        assertEquals(leasesMax, semaphore.acquire(leasesMax, WAIT_SECONDS, TimeUnit.SECONDS).size(), "all came back");
        assertNull(new InterProcessSemaphoreV2(clients.get(1), path, leasesMax).acquire(50, TimeUnit.MILLISECONDS));
    }

    @Test
    void multiLockTakesAllOrNone() throws Exception {
        InterProcessMutex second = new InterProcessMutex(clients.get(0), root + "/m2");
        second.acquire();
        InterProcessMultiLock both = new InterProcessMultiLock(clients.get(1), List.of(root + "/m1", root + "/m2"));
        assertFalse(both.acquire(100, TimeUnit.MILLISECONDS));
        InterProcessMutex first = new InterProcessMutex(clients.get(2), root + "/m1");
        assertTrue(first.acquire(WAIT_SECONDS, TimeUnit.SECONDS), "what was taken is given back");
        first.release();
        second.release();
        assertTrue(both.acquire(WAIT_SECONDS, TimeUnit.SECONDS));
        both.release();
    }
}
