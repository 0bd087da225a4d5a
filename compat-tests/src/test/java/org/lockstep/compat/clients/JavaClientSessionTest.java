package org.lockstep.compat.clients;

import static org.apache.zookeeper.Watcher.Event.EventType.NodeChildrenChanged;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeCreated;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeDataChanged;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeDeleted;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.proto.ConnectResponse;
import org.apache.zookeeper.proto.CreateRequest;
import org.apache.zookeeper.proto.ExistsRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Sessions while the server runs: what is negotiated, how they end, and what goes with them. */
class JavaClientSessionTest {
    private static final int TICK_MILLIS = 200;
    private static final int TIMEOUT_MILLIS = 2 * TICK_MILLIS;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension(options -> options.tickTimeMillis(TICK_MILLIS));

    @Test
    void theTimeoutIsClampedBetweenTwoAndTwentyTicks() throws Exception {
        assertEquals(2 * TICK_MILLIS, negotiated(1));
        assertEquals(2 * TICK_MILLIS, negotiated(0));
        assertEquals(7 * TICK_MILLIS, negotiated(7 * TICK_MILLIS));
        assertEquals(20 * TICK_MILLIS, negotiated(Integer.MAX_VALUE));
        assertEquals(20 * TICK_MILLIS, SERVER.client("", 3_600_000).getSessionTimeout());
    }

    @Test
    void sessionsHaveIdsAndPasswordsOfTheirOwn() throws Exception {
        ZooKeeper one = SERVER.client();
        ZooKeeper two = SERVER.client();
        assertNotEquals(0, one.getSessionId());
        assertNotEquals(one.getSessionId(), two.getSessionId());
        assertEquals(16, one.getSessionPasswd().length);
    }

    @Test
    void closingRemovesEphemeralsAndTellsWatchers() throws Exception {
        String root = SERVER.newRoot("close");
        ZooKeeper watching = SERVER.client();
        ZooKeeper leaving = SERVER.client();
        leaving.create(root + "/e", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        Events events = new Events();
        watching.getData(root + "/e", events, null);
        Events children = new Events();
        watching.getChildren(root, children);
        leaving.close();
        assertNull(watching.exists(root + "/e", false), "closing is ordered before its answer");
        events.expect(NodeDeleted, root + "/e");
        children.expect(NodeChildrenChanged, root);
    }

    @Test
    void aClientThatVanishesExpiresAndItsEphemeralsGo() throws Exception {
        String root = SERVER.newRoot("expiry");
        ZooKeeper watching = SERVER.client();
        ConnectResponse session;
        long lostNanos;
        try (RawClient vanishing = new RawClient(SERVER.server().host(), SERVER.server().port())) {
            session = vanishing.handshake(TIMEOUT_MILLIS);
            assertEquals(TIMEOUT_MILLIS, session.getTimeOut());
            vanishing.send(1, OpCode.create, new CreateRequest(root + "/e", null, OPEN_ACL_UNSAFE, 1));
            assertEquals(0, vanishing.readReply().getErr());
            lostNanos = System.nanoTime();
        }
        assertEquals(session.getSessionId(), watching.exists(root + "/e", false).getEphemeralOwner());
        Events events = new Events();
        watching.getData(root + "/e", events, null);
        events.expect(NodeDeleted, root + "/e");
        long livedMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lostNanos);
        assertTrue(livedMillis >= TIMEOUT_MILLIS - TICK_MILLIS, "expired after " + livedMillis + " ms");
        assertNull(watching.exists(root + "/e", false));
        try (RawClient returning = new RawClient(SERVER.server().host(), SERVER.server().port())) {
            ConnectResponse refused = returning.handshake(0, TIMEOUT_MILLIS, session.getSessionId(), session.getPasswd());
            assertEquals(0, refused.getTimeOut());
            assertEquals(0, refused.getSessionId());
            assertTrue(returning.isClosedByServer());
        }
    }

    @Test
    void aBrokenConnectionIsResumedWithinTheTimeout() throws Exception {
        String root = SERVER.newRoot("resume");
        List<KeeperState> states = new CopyOnWriteArrayList<>();
        ZooKeeper zk = SERVER.client("", 20 * TICK_MILLIS, event -> states.add(event.getState()));
        long id = zk.getSessionId();
        zk.create(root + "/e", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        Events events = new Events();
        zk.getChildren(root, events);
        try (RawClient thief = new RawClient(SERVER.server().host(), SERVER.server().port())) {
            // A second connection with the right password takes the session over, as a client's own reconnect does.
            assertEquals(id, thief.handshake(0, 20 * TICK_MILLIS, id, zk.getSessionPasswd()).getSessionId());
        }
        Await.until("disconnect", () -> states.contains(KeeperState.Disconnected));
        Await.until("reconnect", () -> zk.getState().isConnected());
        assertEquals(id, zk.getSessionId());
        assertNotNull(zk.exists(root + "/e", false));
        SERVER.client().create(root + "/x", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        events.expect(NodeChildrenChanged, root);
    }

    @Test
    void aWrongPasswordOpensNothing() throws Exception {
        ZooKeeper zk = SERVER.client();
        try (RawClient stranger = new RawClient(SERVER.server().host(), SERVER.server().port())) {
            ConnectResponse refused = stranger.handshake(0, 20 * TICK_MILLIS, zk.getSessionId(), new byte[16]);
            assertEquals(0, refused.getSessionId());
            assertEquals(0, refused.getTimeOut());
            assertArrayEquals(new byte[16], refused.getPasswd());
        }
    }

    @Test
    void whoReturnsToAClosedSessionIsToldThatItExpired() throws Exception {
        ZooKeeper zk = SERVER.client();
        zk.close();
        List<KeeperState> states = new CopyOnWriteArrayList<>();
        ZooKeeper late = SERVER.closeLater(new ZooKeeper(SERVER.connectString(), 20 * TICK_MILLIS,
                event -> states.add(event.getState()), zk.getSessionId(), zk.getSessionPasswd()));
        Await.until("Expired", () -> states.contains(KeeperState.Expired));
        assertThrows(KeeperException.SessionExpiredException.class, () -> late.exists("/", false));
    }

    /** Such a client has seen a newer tree elsewhere: serving it would take it back in time. */
    @Test
    void aClientThatHasSeenMoreThanTheServerIsNotServed() throws Exception {
        ZooKeeper zk = SERVER.client();
        SERVER.newRoot("ahead");
        long seen = zk.exists("/", false).getPzxid();
        try (RawClient ahead = new RawClient(SERVER.server().host(), SERVER.server().port())) {
            assertThrows(IOException.class, () -> ahead.handshake(seen + 1_000_000_000_000L, 4_000, 0, new byte[16]));
        }
        try (RawClient level = new RawClient(SERVER.server().host(), SERVER.server().port())) {
            assertNotEquals(0, level.handshake(seen, 4_000, 0, new byte[16]).getSessionId());
        }
    }

    @Test
    void anIdleClientStaysAlivePastManyTimeouts() throws Exception {
        ZooKeeper idle = SERVER.client("", TIMEOUT_MILLIS);
        long id = idle.getSessionId();
        // Another session of the same timeout expires twice over meanwhile: the measure of time is the server's own.
        for (int round = 0; round < 2; round++) {
            String root = SERVER.newRoot("idle");
            try (RawClient dying = new RawClient(SERVER.server().host(), SERVER.server().port())) {
                dying.handshake(TIMEOUT_MILLIS);
                dying.send(1, OpCode.create, new CreateRequest(root + "/e", null, OPEN_ACL_UNSAFE, 1));
                assertEquals(0, dying.readReply().getErr());
            }
            ZooKeeper watching = SERVER.client();
            Await.until("expiry of the other", () -> watching.exists(root + "/e", false) == null);
        }
        assertEquals(id, idle.getSessionId());
        assertTrue(idle.getState().isConnected());
        assertNotNull(idle.exists("/", false));
    }

    /** A returning client tells the server what it saw last; what changed since then comes as events at once. */
    @Test
    void changesMissedWhileAwayAreToldOnReturn() throws Exception {
        String root = SERVER.newRoot("missed");
        ZooKeeper writing = SERVER.client();
        Relay wire = SERVER.closeLater(new Relay(SERVER.server()));
        ZooKeeper zk = SERVER.closeLater(new ZooKeeper(wire.connectString() + root, 20 * TICK_MILLIS, event -> {}));
        for (String path : List.of("/data", "/gone", "/same", "/parent")) {
            zk.create(path, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        }
        Events data = new Events();
        Events gone = new Events();
        Events same = new Events();
        Events absent = new Events();
        Events children = new Events();
        zk.getData("/data", data, null);
        zk.getData("/gone", gone, null);
        zk.getData("/same", same, null);
        zk.exists("/absent", absent);
        zk.getChildren("/parent", children);
        wire.cut();
        Await.until("disconnect", () -> !zk.getState().isConnected());
        writing.setData(root + "/data", new byte[1], -1);
        writing.delete(root + "/gone", -1);
        writing.create(root + "/absent", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        writing.create(root + "/parent/child", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        wire.join();
        data.expect(NodeDataChanged, "/data");
        gone.expect(NodeDeleted, "/gone");
        absent.expect(NodeCreated, "/absent");
        children.expect(NodeChildrenChanged, "/parent");
        same.expectNone(zk);
        writing.setData(root + "/same", new byte[1], -1);
        same.expect(NodeDataChanged, "/same");
    }

    /** Its clients could not have been heard: the server has been silent, not they. */
    @Test
    void aServerThatStoodStillExpiresNobodyForIt() throws Exception {
        assumeTrue(ServerExtension.isLockstep(), "Apache ZooKeeper counts the time in which it stood still");
        String root = SERVER.newRoot("still");
        try (RawClient client = new RawClient(SERVER.server().host(), SERVER.server().port())) {
            assertEquals(10 * TICK_MILLIS, client.handshake(10 * TICK_MILLIS).getTimeOut());
            client.send(1, OpCode.create, new CreateRequest(root + "/e", null, OPEN_ACL_UNSAFE, 1));
            assertEquals(0, client.readReply().getErr());
            ServerHealth.standStill(SERVER, Duration.ofMillis(15L * TICK_MILLIS));
            client.send(2, OpCode.exists, new ExistsRequest(root + "/e", false));
            assertEquals(0, client.readReply().getErr());
        }
        ZooKeeper watching = SERVER.client();
        Await.until("expiry once it is really silent", () -> watching.exists(root + "/e", false) == null);
    }

    private static int negotiated(int requestedMillis) throws IOException {
        try (RawClient client = new RawClient(SERVER.server().host(), SERVER.server().port())) {
            return client.handshake(requestedMillis).getTimeOut();
        }
    }
}
