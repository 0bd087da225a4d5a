package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.atomic.AtomicValue;
import org.apache.curator.framework.recipes.atomic.CachedAtomicLong;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicInteger;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.atomic.PromotedToLock;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.recipes.shared.SharedCountListener;
import org.apache.curator.framework.recipes.shared.SharedCountReader;
import org.apache.curator.framework.recipes.shared.SharedValue;
import org.apache.curator.framework.recipes.shared.VersionedValue;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryNTimes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Curator's barriers, shared values and distributed counters, used by several clients at once. */
class CuratorBarriersAndCountersTest {
    private static final int CLIENTS = 3;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private String path;
    private List<CuratorFramework> clients;

    @BeforeEach
    void connect() throws Exception {
        path = SERVER.newRoot("shared") + "/it";
        clients = Curators.many(SERVER, CLIENTS);
    }

    @Test
    void barrierHoldsAllUntilItIsRemoved() throws Exception {
        DistributedBarrier gate = new DistributedBarrier(clients.get(0), path);
        gate.setBarrier();
        assertFalse(new DistributedBarrier(clients.get(1), path).waitOnBarrier(50, TimeUnit.MILLISECONDS));
        AtomicInteger passed = new AtomicInteger();
        CountDownLatch waiting = new CountDownLatch(CLIENTS);
        List<Callable<Void>> all = new ArrayList<>();
        for (CuratorFramework client : clients) {
            all.add(Concurrently.task(() -> {
                waiting.countDown();
                new DistributedBarrier(client, path).waitOnBarrier();
                passed.incrementAndGet();
            }));
        }
        all.add(Concurrently.task(() -> {
            Await.open("all at the gate", waiting);
            assertEquals(0, passed.get());
            gate.removeBarrier();
        }));
        Concurrently.run(all);
        assertEquals(CLIENTS, passed.get());
    }

    /**
     * A barrier of its own for each round: the recipe's "ready" outlives a round now and then, whatever the server, when somebody who
     * saw all the others makes it once more. And it lets the others leave while one is still there.
     */
    @Test
    void doubleBarrierLetsAllInTogetherAndOutTogether() throws Exception {
        AtomicInteger entering = new AtomicInteger();
        AtomicInteger leaving = new AtomicInteger();
        List<Callable<Void>> all = new ArrayList<>();
        for (CuratorFramework client : clients) {
            all.add(Concurrently.task(() -> {
                for (int round = 1; round <= 3; round++) {
                    DistributedDoubleBarrier barrier = new DistributedDoubleBarrier(client, path + round, CLIENTS);
                    entering.incrementAndGet();
                    assertTrue(barrier.enter(30, TimeUnit.SECONDS));
                    assertTrue(entering.get() >= CLIENTS * round, "entered before all had come");
                    leaving.incrementAndGet();
                    assertTrue(barrier.leave(30, TimeUnit.SECONDS));
                    assertTrue(leaving.get() >= CLIENTS * round - 1, "left before the others wanted to");
                }
            }));
        }
        Concurrently.run(all);
        assertEquals(3 * CLIENTS, leaving.get());
    }

    @Test
    void sharedCountIsSeenByAllAndChangedByOneAtATime() throws Exception {
        SharedCount one = started(new SharedCount(clients.get(0), path, 10));
        SharedCount two = started(new SharedCount(clients.get(1), path, 10));
        CountDownLatch heard = new CountDownLatch(1);
        two.addListener(new SharedCountListener() {
            @Override
            public void countHasChanged(SharedCountReader count, int newCount) {
                if (newCount == 11) {
                    heard.countDown();
                }
            }

            @Override
            public void stateChanged(CuratorFramework client, ConnectionState state) {}
        });
        VersionedValue<Integer> old = two.getVersionedValue();
        assertTrue(one.trySetCount(one.getVersionedValue(), 11));
        Await.open("the new count", heard);
        assertEquals(11, two.getCount());
        assertFalse(two.trySetCount(old, 12), "an old version must not overwrite");
        two.setCount(13);
        Await.until("the count set by the other", () -> one.getCount() == 13);
    }

    @Test
    void sharedCountLosesNoStepUnderContention() throws Exception {
        int steps = 20;
        List<Callable<Void>> all = new ArrayList<>();
        for (CuratorFramework client : clients) {
            SharedCount count = started(new SharedCount(client, path, 0));
            all.add(Concurrently.task(() -> {
                for (int step = 0; step < steps; step++) {
                    VersionedValue<Integer> now = count.getVersionedValue();
                    while (!count.trySetCount(now, now.getValue() + 1)) {
                        now = count.getVersionedValue();
                    }
                }
            }));
        }
        Concurrently.run(all);
        assertEquals(steps * CLIENTS, started(new SharedCount(clients.get(0), path, 0)).getCount());
    }

    @Test
    void sharedValueIsSeenByAll() throws Exception {
        SharedValue one = new SharedValue(clients.get(0), path, "seed".getBytes(UTF_8));
        SharedValue two = new SharedValue(clients.get(1), path, "other".getBytes(UTF_8));
        one.start();
        SERVER.closeLater(one);
        two.start();
        SERVER.closeLater(two);
        assertEquals("seed", new String(two.getValue(), UTF_8));
        one.setValue("new".getBytes(UTF_8));
        Await.until("the new value", () -> new String(two.getValue(), UTF_8).equals("new"));
    }

    @Test
    void atomicIntegerCountsEveryStepOnce() throws Exception {
        int steps = 15;
        Set<Integer> seen = new HashSet<>();
        List<Callable<List<Integer>>> all = new ArrayList<>();
        for (CuratorFramework client : clients) {
            DistributedAtomicInteger counter = new DistributedAtomicInteger(client, path, new RetryNTimes(1_000, 1));
            all.add(() -> {
                List<Integer> values = new ArrayList<>();
                while (values.size() < steps) {
                    AtomicValue<Integer> value = counter.increment();
                    if (value.succeeded()) {
                        values.add(value.postValue());
                    }
                }
                return values;
            });
        }
        for (List<Integer> values : Concurrently.run(all)) {
            values.forEach(value -> assertTrue(seen.add(value), "twice: " + value));
        }
        assertEquals(CLIENTS * steps, seen.size());
        DistributedAtomicInteger counter = new DistributedAtomicInteger(clients.get(0), path, new RetryNTimes(3, 1));
        assertEquals(CLIENTS * steps, counter.get().postValue());
    }

    @Test
    void atomicLongFallsBackToALockAndCaches() throws Exception {
        PromotedToLock lock = PromotedToLock.builder().lockPath(path + "-lock").retryPolicy(new RetryNTimes(1_000, 1)).build();
        List<Callable<Void>> all = new ArrayList<>();
        for (CuratorFramework client : clients) {
            DistributedAtomicLong counter = new DistributedAtomicLong(client, path, new RetryNTimes(1, 1), lock);
            all.add(Concurrently.task(() -> {
                for (int step = 0; step < 10; step++) {
                    assertTrue(counter.add(5L).succeeded());
                    assertTrue(counter.decrement().succeeded());
                }
            }));
        }
        Concurrently.run(all);
        DistributedAtomicLong counter = new DistributedAtomicLong(clients.get(0), path, new RetryNTimes(3, 1));
        assertEquals(40L * CLIENTS, counter.get().postValue());
        assertFalse(counter.compareAndSet(7L, 8L).succeeded());
        assertTrue(counter.compareAndSet(40L * CLIENTS, 1_000L).succeeded());
        CachedAtomicLong cached = new CachedAtomicLong(counter, 10);
        assertEquals(1_001L, cached.next().postValue());
        assertEquals(1_002L, cached.next().postValue());
        assertEquals(1_010L, counter.get().postValue());
    }

    private static SharedCount started(SharedCount count) throws Exception {
        count.start();
        return SERVER.closeLater(count);
    }
}
