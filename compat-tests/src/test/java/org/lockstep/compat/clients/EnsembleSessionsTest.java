package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeCreated;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeDataChanged;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.proto.ConnectResponse;
import org.apache.zookeeper.proto.CreateRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.compat.servers.EnsembleProcesses.Kind;

/** Sessions of three servers in processes of their own: they move, and end when nobody has heard of the client for long enough. */
class EnsembleSessionsTest {
    @RegisterExtension
    static final EnsembleExtension ENSEMBLE = new EnsembleExtension(0, options -> {});

    private static final int TIMEOUT_MILLIS = 4_000;
    /** What may pass besides the timeout itself until a session has ended: the view change, ticks, a busy machine. */
    private static final int ENDS_LATE_MILLIS_MAX = 6_000;

    /** Once for each server: one of them is what a monitor takes for the leader. */
    @Test
    void aSessionAndItsWatchesSurviveTheServerTheyWereAt() throws Exception {
        for (int victim = 0; victim < EnsembleExtension.VOTERS; victim++) {
            String root = "/moves" + victim;
            List<KeeperState> states = new CopyOnWriteArrayList<>();
            ZooKeeper zk = ENSEMBLE.clientFrom(victim, event -> states.add(event.getState()));
            ZooKeeper other = ENSEMBLE.client((victim + 1) % EnsembleExtension.VOTERS);
            zk.create(root, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            zk.create(root + "/e", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
            Events data = new Events();
            Events absent = new Events();
            Events recursive = new Events();
            zk.getData(root, data, null);
            zk.exists(root + "/absent", absent);
            zk.addWatch(root, recursive, AddWatchMode.PERSISTENT_RECURSIVE);
            long id = zk.getSessionId();
            states.clear();

            ENSEMBLE.server(victim).kill();
            // While nobody holds the watch: the client hears of it when it comes to the next server.
            EnsembleExtension.insist(() -> other.setData(root, "missed".getBytes(UTF_8), -1));
            data.expect(NodeDataChanged, root);
            Await.until("reconnect", () -> states.contains(KeeperState.SyncConnected) && zk.getState().isConnected());
            Events.fence(zk);
            assertFalse(states.contains(KeeperState.Expired), states.toString());
            assertEquals(id, zk.getSessionId());
            assertEquals(id, EnsembleExtension.insist(() -> other.exists(root + "/e", false)).getEphemeralOwner());
            assertEquals("missed", new String(zk.getData(root, false, null), UTF_8));
            recursive.drain();
            other.create(root + "/absent", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            absent.expect(NodeCreated, root + "/absent");
            recursive.expect(NodeCreated, root + "/absent");
            zk.close();
            other.sync(root, (code, path, context) -> {}, null);
            assertNull(other.exists(root + "/e", false), "the ephemeral of a session that was closed");
            ENSEMBLE.restartAll();
            ENSEMBLE.awaitViewOfAll();
        }
    }

    /** Killed or stopped, rank 0 or not: nobody else's clients lose their connection, and theirs go elsewhere or come back. */
    @ParameterizedTest
    @ValueSource(strings = {"killed", "stopped"})
    void theClientsOfTheOthersSeeNoMoreThanAPause(String failure) throws Exception {
        assumeTrue(EnsembleExtension.KIND == Kind.LOCKSTEP, "who loses its leader in Apache ZooKeeper loses its clients");
        for (int victim = 0; victim < EnsembleExtension.VOTERS; victim++) {
            List<KeeperState> states = new CopyOnWriteArrayList<>();
            ZooKeeper first = ENSEMBLE.client((victim + 1) % EnsembleExtension.VOTERS, event -> states.add(event.getState()));
            ZooKeeper second = ENSEMBLE.client((victim + 2) % EnsembleExtension.VOTERS, event -> states.add(event.getState()));
            List<KeeperState> ofVictim = new CopyOnWriteArrayList<>();
            ZooKeeper moving = ENSEMBLE.clientFrom(victim, event -> ofVictim.add(event.getState()));
            String path = moving.create("/" + failure, null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL_SEQUENTIAL);
            if (failure.equals("killed")) {
                ENSEMBLE.server(victim).kill();
            } else {
                ENSEMBLE.server(victim).freeze();
            }
            first.create(path + "-first", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            second.create(path + "-second", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            if (failure.equals("stopped")) {
                ENSEMBLE.server(victim).thaw();
            }
            Await.until("a move", () -> ofVictim.contains(KeeperState.Disconnected) && moving.getState().isConnected());
            moving.create(path + "-moving", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            Events.fence(first);
            assertNotNull(first.exists(path + "-moving", false));
            assertNotNull(first.exists(path, false));
            assertEquals(List.of(KeeperState.SyncConnected, KeeperState.SyncConnected), states);
            ENSEMBLE.restartAll();
            ENSEMBLE.awaitViewOfAll();
        }
    }

    @Test
    void aSessionIsAtOneServerAtATime() throws Exception {
        RawClient old = ENSEMBLE.raw(0);
        ConnectResponse session = old.handshake(TIMEOUT_MILLIS);
        assertEquals(0, create(old, 1, "/one", CreateMode.EPHEMERAL));
        RawClient moved = ENSEMBLE.raw(1);
        ConnectResponse resumed = moved.handshake(0, TIMEOUT_MILLIS, session.getSessionId(), session.getPasswd());
        assertEquals(session.getSessionId(), resumed.getSessionId());

        old.socket().setSoTimeout(TIMEOUT_MILLIS);
        try {
            old.send(2, OpCode.create, createRequest("/two", CreateMode.PERSISTENT));
        } catch (IOException closedAlready) {
            // the server may close the old connection before or after it sees this request
        }
        assertTrue(old.isClosedByServer(), "the connection from before is still open");
        assertEquals(0, create(moved, 1, "/three", CreateMode.EPHEMERAL));
        ZooKeeper third = ENSEMBLE.client(2);
        Events.fence(third);
        assertNotNull(third.exists("/one", false));
        assertNotNull(third.exists("/three", false));
        assertNull(third.exists("/two", false), "what came by the old connection after the move was done");
    }

    @Test
    void aSessionThatNobodyCanHaveIsRefusedByEveryServer() throws Exception {
        RawClient first = ENSEMBLE.raw(0);
        ConnectResponse session = first.handshake(TIMEOUT_MILLIS);
        byte[] wrong = session.getPasswd().clone();
        wrong[3] ^= 1;
        assertEquals(0, ENSEMBLE.raw(1).handshake(0, TIMEOUT_MILLIS, session.getSessionId(), wrong).getTimeOut());
        assertEquals(0, ENSEMBLE.raw(2).handshake(0, TIMEOUT_MILLIS, 0x0100_0000_0000_0777L, new byte[16]).getTimeOut());
        first.send(1, OpCode.closeSession, null);
        assertTrue(first.isClosedByServer());
        assertEquals(0, ENSEMBLE.raw(1).handshake(0, TIMEOUT_MILLIS, session.getSessionId(), session.getPasswd()).getTimeOut());
    }

    /** The server dies with the last word of the client: the others give it a whole timeout, and then end its session. */
    @Test
    void theOrphansOfADeadServerGetAWholeTimeout() throws Exception {
        RawClient client = ENSEMBLE.raw(2);
        ConnectResponse session = client.handshake(TIMEOUT_MILLIS);
        assertEquals(TIMEOUT_MILLIS, session.getTimeOut());
        assertEquals(0, create(client, 1, "/orphan", CreateMode.EPHEMERAL));
        ZooKeeper witness = ENSEMBLE.client(0);
        Events.fence(witness);
        assertNotNull(witness.exists("/orphan", false));
        Thread.sleep(TIMEOUT_MILLIS / 2); // of this the others know nothing, and count nothing

        long killed = System.nanoTime();
        ENSEMBLE.server(2).kill();
        client.close();
        Await.until("the end of the session", () -> EnsembleExtension.insist(() -> witness.exists("/orphan", false)) == null);
        long livedMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed);
        boolean lockstep = EnsembleExtension.KIND == Kind.LOCKSTEP;
        // The leader of an Apache ensemble may have heard of the client at its server's last ping, half a tick ago or more.
        assertTrue(livedMillis >= (lockstep ? TIMEOUT_MILLIS : TIMEOUT_MILLIS / 2 - 1), "it ended after " + livedMillis + " ms");
        assertTrue(livedMillis <= TIMEOUT_MILLIS + ENDS_LATE_MILLIS_MAX, "it ended only after " + livedMillis + " ms");
        assertEquals(0, ENSEMBLE.raw(1).handshake(0, TIMEOUT_MILLIS, session.getSessionId(), session.getPasswd()).getTimeOut());
    }

    private static CreateRequest createRequest(String path, CreateMode mode) {
        return new CreateRequest(path, new byte[0], OPEN_ACL_UNSAFE, mode.toFlag());
    }

    private static int create(RawClient client, int xid, String path, CreateMode mode) throws Exception {
        client.send(xid, OpCode.create, createRequest(path, mode));
        return client.readReply().getErr();
    }
}
