package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeChildrenChanged;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeDataChanged;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.proto.ConnectResponse;
import org.apache.zookeeper.proto.CreateRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.lockstep.compat.servers.EnsembleProcesses.Kind;

/** Three voters and an observer: it serves as any other server, and nobody ever waits for it. */
class EnsembleObserverTest {
    private static final int OBSERVER = 3;
    private static final int FAILURE_TIMEOUT_MILLIS = 3_000;
    private static final int DOWN_MILLIS = 2_000;
    private static final int TIMEOUT_MILLIS = 2_000;
    private static final int STEPS = 400;
    private static final int STEPS_AT_ONCE = 50;

    @RegisterExtension
    static final EnsembleExtension ENSEMBLE = new EnsembleExtension(1,
            options -> options.set("failureTimeout", Integer.toString(FAILURE_TIMEOUT_MILLIS)));

    @Test
    void monitorsSeeWhatItIs() throws Exception {
        assertEquals("observer", ENSEMBLE.processes().mode(OBSERVER));
        assertEquals("observer", ENSEMBLE.monitored(OBSERVER, "server_state"));
        assertEquals("observing - broadcast", ENSEMBLE.monitored(OBSERVER, "peer_state"));
        assertEquals("3", ENSEMBLE.monitored(OBSERVER, "quorum_size"));
        assertEquals("rw", ENSEMBLE.word(OBSERVER, "isro"));
        int leader = ENSEMBLE.processes().leader(Await.LIMIT);
        Await.until("an observer that the leader counts", () -> "1".equals(ENSEMBLE.monitored(leader, "synced_observers")));
        assertEquals("2", ENSEMBLE.monitored(leader, "synced_followers"));
        assertEquals("3", ENSEMBLE.monitored(leader, "learners"));
        if (EnsembleExtension.KIND == Kind.LOCKSTEP) {
            for (int voter = 0; voter < EnsembleExtension.VOTERS; voter++) {
                int server = voter;
                Await.until("a view line that names the observer",
                        () -> ENSEMBLE.viewLine(server)
                                .matches("View: \\d+ \\(members [1-3],[1-3],[1-3]; rank [0-2]; observers 4\\)"));
            }
            assertTrue(ENSEMBLE.viewLine(OBSERVER).matches("View: \\d+ \\(members [1-3],[1-3],[1-3]; follows [1-3]\\)"),
                    ENSEMBLE.viewLine(OBSERVER));
            assertEquals("-1", ENSEMBLE.monitored(OBSERVER, "lockstep_view_rank"));
            assertTrue(ENSEMBLE.monitored(OBSERVER, "observer_master_id").matches("[1-3]"));
        }
    }

    @Test
    void itsClientsReadWriteAndWatchAsThoseOfAnyServer() throws Exception {
        ZooKeeper here = ENSEMBLE.client(OBSERVER);
        ZooKeeper there = ENSEMBLE.client(1);
        here.create("/a", "1".getBytes(UTF_8), OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        Events.fence(there);
        Events remote = new Events();
        Events local = new Events();
        assertEquals("1", new String(there.getData("/a", remote, null), UTF_8));
        here.getChildren("/a", local);
        here.setData("/a", "2".getBytes(UTF_8), 0);
        remote.expect(NodeDataChanged, "/a");
        there.create("/a/e", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL_SEQUENTIAL);
        local.expect(NodeChildrenChanged, "/a");
        here.create("/a/e", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL_SEQUENTIAL);
        assertEquals(List.of("e0000000000", "e0000000001"), here.getChildren("/a", false).stream().sorted().toList());
        for (int i = 0; i < 300; i++) {
            assertEquals(i + 2, (i % 2 == 0 ? here : there).setData("/a", null, i + 1).getVersion());
        }
        Events.fence(here);
        assertEquals(301, here.exists("/a", false).getVersion());
        here.close();
        Events.fence(there);
        assertEquals(List.of("e0000000000"), there.getChildren("/a", false));
    }

    @Test
    void theSessionsOfItsClientsLiveAsLongAsTheyAreHeardOf() throws Exception {
        ZooKeeper witness = ENSEMBLE.client(0);
        RawClient quiet = ENSEMBLE.raw(OBSERVER);
        RawClient talking = ENSEMBLE.raw(OBSERVER);
        ConnectResponse session = quiet.handshake(TIMEOUT_MILLIS);
        assertEquals(TIMEOUT_MILLIS, session.getTimeOut());
        talking.handshake(TIMEOUT_MILLIS);
        assertEquals(0, create(quiet, "/quiet"));
        assertEquals(0, create(talking, "/talking"));
        long silentSince = System.nanoTime();
        Await.until("the end of a session that is not heard of", () -> {
            talking.send(-2, OpCode.ping, null);
            talking.readReply();
            return witness.exists("/quiet", false) == null;
        });
        long livedMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - silentSince);
        assertTrue(livedMillis >= TIMEOUT_MILLIS, "it ended after " + livedMillis + " ms");
        assertTrue(quiet.isClosedByServer());
        assertNotNull(witness.exists("/talking", false));
    }

    /** It stands still, it is killed, it comes back: for the voters' clients nothing happens, and no view changes. */
    @Test
    void nobodyWaitsForIt() throws Exception {
        ZooKeeper writer = ENSEMBLE.client(0);
        writer.create("/count", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        String view = viewNumber();
        Slowest whileFrozen = new Slowest(writer);
        ENSEMBLE.server(OBSERVER).freeze();
        Thread.sleep(DOWN_MILLIS);
        ENSEMBLE.server(OBSERVER).thaw();
        whileFrozen.assertUndisturbed();

        List<KeeperState> states = new CopyOnWriteArrayList<>();
        ZooKeeper moving = ENSEMBLE.clientFrom(OBSERVER, event -> states.add(event.getState()));
        moving.create("/kept", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        Slowest whileDown = new Slowest(writer);
        states.clear();
        ENSEMBLE.server(OBSERVER).kill();
        Await.until("the move to a voter", () -> states.contains(KeeperState.SyncConnected) && moving.getState().isConnected());
        assertEquals(moving.getSessionId(), moving.exists("/kept", false).getEphemeralOwner());
        Thread.sleep(DOWN_MILLIS);
        int version = whileDown.assertUndisturbed();
        assertFalse(states.contains(KeeperState.Expired), states.toString());

        ENSEMBLE.server(OBSERVER).start();
        assertEquals(view, viewNumber());
        ZooKeeper back = ENSEMBLE.client(OBSERVER);
        Events.fence(back);
        assertEquals(version, back.exists("/count", false).getVersion());
        assertNull(back.exists("/none", false));
        back.setData("/count", null, version);
        assertEquals(version + 2, writer.setData("/count", null, version + 1).getVersion());
    }

    /** Whoever it gets the order from, and sends its requests through, may die: each is done once, in order, and none is lost. */
    @Test
    void itsClientsWriteOnWhileEachOfTheVotersIsKilled() throws Exception {
        assumeTrue(EnsembleExtension.KIND == Kind.LOCKSTEP, "an observer of Apache ZooKeeper drops its clients with the leader");
        List<KeeperState> states = new CopyOnWriteArrayList<>();
        ZooKeeper zk = ENSEMBLE.client(OBSERVER, event -> states.add(event.getState()));
        zk.create("/steps", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        AtomicInteger version = new AtomicInteger();
        AtomicReference<String> wrong = new AtomicReference<>();
        for (int victim = 0; victim < EnsembleExtension.VOTERS; victim++) {
            Semaphore room = new Semaphore(STEPS_AT_ONCE);
            for (int step = 0; step < STEPS; step++) {
                if (step == STEPS / 2) {
                    ENSEMBLE.server(victim).kill();
                }
                assertTrue(room.tryAcquire(Await.LIMIT.toSeconds(), TimeUnit.SECONDS), "no room for a step");
                int expected = version.getAndIncrement();
                zk.setData("/steps", null, expected, (code, path, context, stat) -> {
                    if (code != 0 || stat.getVersion() != expected + 1) {
                        wrong.compareAndSet(null, "step " + expected + ": error " + code);
                    }
                    room.release();
                }, null);
            }
            assertTrue(room.tryAcquire(STEPS_AT_ONCE, Await.LIMIT.toSeconds(), TimeUnit.SECONDS), "a step has no answer");
            assertNull(wrong.get());
            ENSEMBLE.restartAll();
            ENSEMBLE.awaitViewOfAll();
        }
        assertEquals(List.of(KeeperState.SyncConnected), states);
        assertEquals(EnsembleExtension.VOTERS * STEPS, zk.exists("/steps", false).getVersion());
    }

    /** A new disk: the observer is the only server that may lose everything, at any time, and nobody minds. */
    @Test
    void aWipedOneGetsEverythingAgain() throws Exception {
        ZooKeeper writer = ENSEMBLE.client(2);
        writer.create("/much", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        ENSEMBLE.server(OBSERVER).kill();
        ENSEMBLE.server(OBSERVER).wipe();
        for (int i = 0; i < 200; i++) {
            writer.create("/much/n", new byte[1000], OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL);
        }
        ENSEMBLE.server(OBSERVER).start();
        ZooKeeper back = ENSEMBLE.client(OBSERVER);
        Events.fence(back);
        assertEquals(200, back.getAllChildrenNumber("/much"));
        back.create("/much/own", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        Events.fence(writer);
        assertNotNull(writer.exists("/much/own", false));
    }

    private static String viewNumber() throws Exception {
        return ENSEMBLE.viewLine(0).replaceFirst(" \\(.*", "");
    }

    private static int create(RawClient client, String path) throws Exception {
        client.send(1, OpCode.create, new CreateRequest(path, new byte[0], OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL.toFlag()));
        return client.readReply().getErr();
    }

    /** Writes without a pause, one at a time, and keeps how long the slowest took. */
    private static final class Slowest {
        private final ExecutorService thread = Executors.newSingleThreadExecutor();
        private final Future<long[]> result;
        private volatile boolean stopped;

        Slowest(ZooKeeper writer) {
            Callable<long[]> writing = () -> {
                long slowest = 0;
                int version = -1;
                for (long begin = System.nanoTime(); !stopped; begin = System.nanoTime()) {
                    version = writer.setData("/count", null, -1).getVersion();
                    slowest = Math.max(slowest, System.nanoTime() - begin);
                }
                return new long[] {slowest, version};
            };
            result = thread.submit(writing);
        }

        /** Ends the writing; none may have waited as for a server that has to be found dead. Returns the last version. */
        int assertUndisturbed() throws Exception {
            stopped = true;
            thread.shutdown();
            long[] all = Await.value(result);
            long slowestMillis = TimeUnit.NANOSECONDS.toMillis(all[0]);
            assertTrue(slowestMillis < FAILURE_TIMEOUT_MILLIS / 2, "a write took " + slowestMillis + " ms");
            return (int) all[1];
        }
    }
}
