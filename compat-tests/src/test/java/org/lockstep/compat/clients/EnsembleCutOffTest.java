package org.lockstep.compat.clients;

import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.lockstep.compat.servers.EnsembleProcesses.Kind;

/** A server whose two peers are gone: it serves nobody, or those that are content with reading, until one comes back. */
class EnsembleCutOffTest {
    private static final int READ_ONLY_SERVER = 0;
    private static final int PLAIN_SERVER = 2;
    private static final int TIMEOUT_MILLIS = 4_000;
    private static final String NOT_SERVING = "This ZooKeeper instance is not currently serving requests";

    @RegisterExtension
    static final EnsembleExtension ENSEMBLE = new EnsembleExtension(0, options -> {
        if (options.serverId() == READ_ONLY_SERVER + 1) {
            options.set("readonlymode.enabled", "true");
        }
    });

    @Test
    void withoutAViewItRefusesClientsAndTheirSessionsWait() throws Exception {
        List<KeeperState> states = new CopyOnWriteArrayList<>();
        ZooKeeper zk = ENSEMBLE.closeLater(new ZooKeeper(ENSEMBLE.server(PLAIN_SERVER).connectString(), TIMEOUT_MILLIS,
                event -> states.add(event.getState())));
        Await.until("connection", () -> zk.getState().isConnected());
        zk.create("/waiting", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        long id = zk.getSessionId();
        ENSEMBLE.server(0).kill();
        ENSEMBLE.server(1).kill();
        Await.until("refusals", () -> ENSEMBLE.wordIfAny(PLAIN_SERVER, "srvr").strip().equals(NOT_SERVING));
        assertEquals(NOT_SERVING, ENSEMBLE.word(PLAIN_SERVER, "mntr").strip());
        assertEquals("null", ENSEMBLE.word(PLAIN_SERVER, "isro").strip());
        assertEquals("imok", ENSEMBLE.word(PLAIN_SERVER, "ruok").strip());
        assertThrows(IOException.class, () -> ENSEMBLE.raw(PLAIN_SERVER).handshake(TIMEOUT_MILLIS));
        Await.until("disconnection", () -> states.contains(KeeperState.Disconnected));
        Thread.sleep(TIMEOUT_MILLIS); // who cannot be heard of is not held for silent

        ENSEMBLE.server(1).start();
        Await.until("connection", () -> zk.getState().isConnected());
        assertEquals(id, zk.getSessionId());
        assertNotNull(zk.exists("/waiting", false));
        assertTrue(!states.contains(KeeperState.Expired), states.toString());
    }

    @Test
    void inReadOnlyModeItServesThoseThatAreContentWithReading() throws Exception {
        assumeTrue(EnsembleExtension.KIND == Kind.LOCKSTEP, "Apache ZooKeeper's read-only mode needs local sessions");
        ZooKeeper before = ENSEMBLE.client(1);
        before.create("/read", new byte[] {7}, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        before.close();
        ENSEMBLE.server(1).kill();
        ENSEMBLE.server(2).kill();
        List<KeeperState> states = new CopyOnWriteArrayList<>();
        ZooKeeper zk = ENSEMBLE.readingClient(READ_ONLY_SERVER, event -> states.add(event.getState()));
        Await.until("a connection for reading", () -> states.contains(KeeperState.ConnectedReadOnly));
        assertEquals(7, zk.getData("/read", false, null)[0]);
        assertNull(zk.exists("/unread", false));
        assertThrows(KeeperException.NotReadOnlyException.class,
                () -> zk.create("/unread", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        assertEquals("read-only", ENSEMBLE.processes().mode(READ_ONLY_SERVER));
        assertEquals("View: none", ENSEMBLE.viewLine(READ_ONLY_SERVER));
        assertEquals("ro", ENSEMBLE.word(READ_ONLY_SERVER, "isro").strip());
        assertEquals("looking", ENSEMBLE.monitored(READ_ONLY_SERVER, "peer_state"));
        assertThrows(IOException.class, () -> ENSEMBLE.raw(READ_ONLY_SERVER).handshake(TIMEOUT_MILLIS));

        ENSEMBLE.restartAll();
        Await.until("a connection for more",
                () -> states.contains(KeeperState.SyncConnected) && zk.getState() == ZooKeeper.States.CONNECTED);
        zk.create("/unread", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        assertEquals("rw", ENSEMBLE.word(READ_ONLY_SERVER, "isro").strip());
    }
}
