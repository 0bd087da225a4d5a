package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.KeeperException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.EnsembleProcesses.Kind;
import org.lockstep.compat.servers.EnsembleProcesses.Place;
import org.lockstep.compat.servers.ServerOptions;

/**
 * Curator's recipes with their sessions on different servers, while each server in turn is killed and comes back. All recipes run
 * at the same time, through the same kills; each test then looks at what came of one.
 */
class CuratorEnsembleTest {
    private static final Kind KIND = Kind.fromSystemProperty();
    private static final int CLIENTS = 6;
    private static final int SESSION_TIMEOUT_MILLIS = 15_000;
    private static final int CALM_MILLIS = 1500;
    private static final int DOWN_MILLIS = 1000;
    private static final Duration BACK_MAX = Duration.ofSeconds(30);

    private static final List<CuratorFramework> CURATORS = new ArrayList<>();
    private static final Map<String, Future<Void>> RECIPES = new HashMap<>();
    private static final AtomicInteger KILLS = new AtomicInteger();
    private static ExecutorService threads;
    private static EnsembleProcesses ensemble;
    private static volatile boolean storm = true;

    private static void settings(ServerOptions options) {
        options.tickTimeMillis(1000).set("initLimit", "20").set("syncLimit", "4").heapMegabytes(128);
        options.jvmFlag("-XX:+UseSerialGC").jvmFlag("-XX:TieredStopAtLevel=1");
        options.set(KIND == Kind.LOCKSTEP ? "fsyncPolicy" : "forceSync", KIND == Kind.LOCKSTEP ? "no-sync" : "no");
    }

    @BeforeAll
    static void runAllThroughTheKills() throws Exception {
        Path directory = Path.of("target", "clients", CuratorEnsembleTest.class.getSimpleName());
        ServerExtension.deleteTree(directory);
        Files.createDirectories(directory);
        ensemble = new EnsembleProcesses(KIND, 3, Place.LOOPBACK, directory, CuratorEnsembleTest::settings).start();
        for (int i = 0; i < CLIENTS; i++) {
            CURATORS.add(connect(i));
        }
        threads = Executors.newCachedThreadPool();
        Map<String, Callable<Void>> recipes = Map.of("locks", CuratorEnsembleTest::locks, "leader", CuratorEnsembleTest::leader,
                "barrier", CuratorEnsembleTest::barrier, "counter", CuratorEnsembleTest::counter,
                "queue", CuratorEnsembleTest::queue, "cache", CuratorEnsembleTest::cache);
        recipes.forEach((name, recipe) -> RECIPES.put(name, threads.submit(recipe)));
        for (int victim = 0; victim < ensemble.size(); victim++) {
            Thread.sleep(CALM_MILLIS);
            ensemble.server(victim).kill();
            KILLS.incrementAndGet();
            Thread.sleep(DOWN_MILLIS);
            ensemble.server(victim).start(BACK_MAX);
        }
        Thread.sleep(CALM_MILLIS);
        storm = false;
    }

    /** A client whose list of servers begins with another one for each; Curator shuffles none of it. */
    private static CuratorFramework connect(int number) throws Exception {
        int first = number % ensemble.size();
        List<String> servers = new ArrayList<>();
        for (int i = 0; i < ensemble.size(); i++) {
            servers.add(ensemble.server((first + i) % ensemble.size()).connectString());
        }
        CuratorFramework client = Curators.builder(String.join(",", servers), SESSION_TIMEOUT_MILLIS).build();
        client.start();
        assertTrue(client.blockUntilConnected((int) Await.LIMIT.toSeconds(), TimeUnit.SECONDS), "no connection");
        return client;
    }

    @AfterAll
    static void stop() {
        storm = false;
        CURATORS.forEach(CuratorFramework::close);
        if (threads != null) {
            threads.shutdownNow();
        }
        if (ensemble != null) {
            ensemble.close();
        }
    }

    private static void assertWorked(String recipe) throws Exception {
        Await.value(RECIPES.get(recipe));
    }

    @Test
    void aLockHasOneHolderAtATime() throws Exception {
        assertWorked("locks");
    }

    @Test
    void thereIsNeverMoreThanOneLeaderAndOneInTheEnd() throws Exception {
        assertWorked("leader");
    }

    @Test
    void aBarrierHoldsAllAndLetsAllGo() throws Exception {
        assertWorked("barrier");
    }

    @Test
    void aCounterCountsWhatWasAcknowledged() throws Exception {
        assertWorked("counter");
    }

    @Test
    void aQueueHandsOutWhatWasPutIn() throws Exception {
        assertWorked("queue");
    }

    @Test
    void cachesAtEveryServerEndEqual() throws Exception {
        assertWorked("cache");
    }

    /** Under the lock each adds one to a number in a node, with a get and a set that would lose one if two did so at once. */
    private static Void locks() throws Exception {
        CURATORS.get(0).create().forPath("/locked", "0".getBytes(UTF_8));
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger added = new AtomicInteger();
        List<Callable<Void>> contenders = new ArrayList<>();
        for (CuratorFramework client : CURATORS) {
            contenders.add(Concurrently.task(() -> {
                InterProcessMutex mutex = new InterProcessMutex(client, "/lock");
                while (storm) {
                    assertTrue(mutex.acquire(60, TimeUnit.SECONDS), "no lock within a minute");
                    try {
                        assertEquals(1, inside.incrementAndGet(), "holders at once");
                        int number = Integer.parseInt(new String(client.getData().forPath("/locked"), UTF_8));
                        client.setData().forPath("/locked", Integer.toString(number + 1).getBytes(UTF_8));
                        added.incrementAndGet();
                        inside.decrementAndGet();
                    } finally {
                        mutex.release();
                    }
                }
            }));
        }
        Concurrently.run(contenders);
        assertTrue(added.get() > CLIENTS, "the lock was hardly ever had: " + added);
        CuratorFramework any = CURATORS.get(1);
        any.sync().forPath("/locked");
        assertEquals(added.get(), Integer.parseInt(new String(any.getData().forPath("/locked"), UTF_8)));
        return null;
    }

    private static Void leader() throws Exception {
        List<LeaderLatch> latches = new ArrayList<>();
        Set<Integer> leaders = new HashSet<>();
        try {
            for (CuratorFramework client : CURATORS) {
                LeaderLatch latch = new LeaderLatch(client, "/leader", "member-" + latches.size());
                latch.start();
                latches.add(latch);
            }
            while (storm) {
                List<LeaderLatch> leading = latches.stream().filter(LeaderLatch::hasLeadership).toList();
                // Asked one after the other; only who still leads when the second was asked led together with it.
                assertTrue(leading.size() < 2 || !leading.get(0).hasLeadership() || !leading.get(1).hasLeadership(),
                        "two leaders");
                leading.forEach(latch -> leaders.add(latches.indexOf(latch)));
                Thread.sleep(1);
            }
            Await.until("one leader", () -> latches.stream().filter(LeaderLatch::hasLeadership).count() == 1);
            assertTrue(!leaders.isEmpty(), "nobody ever led");
        } finally {
            for (LeaderLatch latch : latches) {
                latch.close();
            }
        }
        return null;
    }

    private static Void barrier() throws Exception {
        int rounds = 0;
        while (storm) {
            String path = "/barrier-" + rounds++;
            DistributedBarrier gate = new DistributedBarrier(CURATORS.get(rounds % CLIENTS), path);
            gate.setBarrier();
            AtomicInteger through = new AtomicInteger();
            List<Future<Boolean>> waiting = new ArrayList<>();
            for (CuratorFramework client : CURATORS) {
                client.sync().forPath(path);
                DistributedBarrier barrier = new DistributedBarrier(client, path);
                waiting.add(threads.submit(() -> {
                    boolean open = barrier.waitOnBarrier(60, TimeUnit.SECONDS);
                    through.incrementAndGet();
                    return open;
                }));
            }
            Thread.sleep(100);
            assertEquals(0, through.get(), "through a closed barrier");
            gate.removeBarrier();
            for (Future<Boolean> each : waiting) {
                assertTrue(Await.value(each), "the barrier stays closed for one");
            }
        }
        assertTrue(rounds > 2, rounds + " rounds");
        return null;
    }

    /** An increment whose answer was lost may have been made and is then made again, at most one for each client and kill. */
    private static Void counter() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        List<Callable<Integer>> counting = new ArrayList<>();
        for (CuratorFramework client : CURATORS) {
            DistributedAtomicLong counter = new DistributedAtomicLong(client, "/counter", new RetryNTimes(1000, 5));
            counting.add(() -> {
                int succeeded = 0;
                while (storm) {
                    attempts.incrementAndGet();
                    succeeded += counter.increment().succeeded() ? 1 : 0;
                    Thread.sleep(5);
                }
                return succeeded;
            });
        }
        int acknowledged = Concurrently.run(counting).stream().mapToInt(Integer::intValue).sum();
        CURATORS.get(0).sync().forPath("/counter");
        long counted = new DistributedAtomicLong(CURATORS.get(0), "/counter", new RetryNTimes(3, 1)).get().postValue();
        assertTrue(acknowledged > CLIENTS, "hardly anything was counted: " + acknowledged);
        assertTrue(counted >= acknowledged && counted <= attempts.get() + (long) CLIENTS * KILLS.get(),
                acknowledged + " acknowledged, " + counted + " counted, " + attempts + " tried");
        return null;
    }

    /**
     * The recipe repeats a request whose answer was lost: an offer may be put in twice, and an element whose delete got no answer
     * goes to nobody. Each kill loses at most one answer for each client.
     */
    private static Void queue() throws Exception {
        Set<String> offered = ConcurrentHashMap.newKeySet();
        Set<String> taken = ConcurrentHashMap.newKeySet();
        AtomicInteger twice = new AtomicInteger();
        CURATORS.get(0).create().forPath("/queue");
        List<Callable<Void>> users = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            SimpleDistributedQueue queue = new SimpleDistributedQueue(CURATORS.get(i), "/queue");
            int number = i;
            users.add(Concurrently.task(i % 2 == 0 ? () -> {
                for (int element = 0; storm; element++) {
                    offered.add(number + "." + element);
                    queue.offer((number + "." + element).getBytes(UTF_8));
                    Thread.sleep(10);
                }
            } : () -> {
                for (byte[] element = queue.poll(2, TimeUnit.SECONDS); element != null || storm;
                        element = queue.poll(2, TimeUnit.SECONDS)) {
                    twice.addAndGet(element == null || taken.add(new String(element, UTF_8)) ? 0 : 1);
                }
            }));
        }
        Concurrently.run(users);
        int answersLost = CLIENTS * KILLS.get();
        assertTrue(offered.containsAll(taken), "somebody took what nobody offered");
        assertTrue(taken.size() > CLIENTS, "hardly anything went through");
        assertTrue(offered.size() - taken.size() <= answersLost && twice.get() <= answersLost,
                offered.size() + " offered, " + taken.size() + " taken, " + twice + " twice");
        return null;
    }

    private static Void cache() throws Exception {
        CuratorFramework writer = CURATORS.get(0);
        writer.create().forPath("/cached");
        List<CuratorCache> caches = new ArrayList<>();
        Map<String, String> expected = new HashMap<>();
        try {
            for (CuratorFramework client : CURATORS) {
                CuratorCache cache = CuratorCache.build(client, "/cached");
                cache.start();
                caches.add(cache);
            }
            Random random = new Random(1);
            for (int write = 0; storm; write++) {
                String path = "/cached/n" + random.nextInt(20);
                if (random.nextInt(4) == 0) {
                    ignoring(KeeperException.NoNodeException.class, () -> writer.delete().forPath(path));
                    expected.remove(path);
                } else {
                    String value = "v" + write;
                    writer.create().orSetData().forPath(path, value.getBytes(UTF_8));
                    expected.put(path, value);
                }
                Thread.sleep(5);
            }
            for (CuratorCache cache : caches) {
                Await.until("a cache that shows " + expected, () -> shown(cache).equals(expected));
            }
        } finally {
            caches.forEach(CuratorCache::close);
        }
        return null;
    }

    private static Map<String, String> shown(CuratorCache cache) {
        Map<String, String> shown = new HashMap<>();
        cache.stream().filter(node -> !node.getPath().equals("/cached"))
                .forEach(node -> shown.put(node.getPath(), new String(node.getData(), UTF_8)));
        return shown;
    }

    private static void ignoring(Class<? extends Exception> expected, Concurrently.Action action) throws Exception {
        try {
            action.run();
        } catch (Exception e) {
            if (!expected.isInstance(e)) {
                throw e;
            }
        }
    }
}
