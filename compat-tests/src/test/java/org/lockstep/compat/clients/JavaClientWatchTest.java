package org.lockstep.compat.clients;

import static org.apache.zookeeper.Watcher.Event.EventType.ChildWatchRemoved;
import static org.apache.zookeeper.Watcher.Event.EventType.DataWatchRemoved;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeChildrenChanged;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeCreated;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeDataChanged;
import static org.apache.zookeeper.Watcher.Event.EventType.NodeDeleted;
import static org.apache.zookeeper.Watcher.Event.EventType.PersistentWatchRemoved;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Watches of all modes: what fires them, what does not, how they are removed, and their order against answers. */
class JavaClientWatchTest {
    private static final byte[] DATA = {1};

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private final Events events = new Events();
    private ZooKeeper watching;
    private ZooKeeper writing;

    @BeforeEach
    void connect() throws Exception {
        String root = SERVER.newRoot("watch");
        watching = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
        writing = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
    }

    /** A client that has nothing to say only pings, every few seconds: its events must not wait for that. */
    @Test
    void aSilentClientHearsAtOnce() throws Exception {
        watching.addWatch("/", events, AddWatchMode.PERSISTENT_RECURSIVE);
        Events.fence(watching);
        long startNanos = System.nanoTime();
        for (int round = 0; round < 3; round++) {
            create("/n" + round);
            events.expect(NodeCreated, "/n" + round);
        }
        long elapsedMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
        assertTrue(elapsedMillis < ServerExtension.SESSION_TIMEOUT_MILLIS / 4, "three events took " + elapsedMillis + " ms");
    }

    @Test
    void existsWatchFiresOnceForCreation() throws Exception {
        assertNull(watching.exists("/a", events));
        create("/a");
        events.expect(NodeCreated, "/a");
        writing.setData("/a", DATA, -1);
        events.expectNone(watching);
    }

    @Test
    void dataWatchFiresForChangeAndForDeletion() throws Exception {
        create("/a");
        watching.getData("/a", events, null);
        writing.setData("/a", null, -1);
        events.expect(NodeDataChanged, "/a");
        watching.getData("/a", events, null);
        writing.delete("/a", -1);
        events.expect(NodeDeleted, "/a");
    }

    @Test
    void childWatchFiresForChildrenOnly() throws Exception {
        create("/a");
        watching.getChildren("/a", events);
        writing.setData("/a", DATA, -1);
        create("/a/b");
        events.expect(NodeChildrenChanged, "/a");
        watching.getChildren("/a", events);
        writing.setData("/a/b", DATA, -1);
        create("/a/b/c");
        events.expectNone(watching);
        writing.delete("/a/b/c", -1);
        writing.delete("/a/b", -1);
        events.expect(NodeChildrenChanged, "/a");
    }

    @Test
    void deletionIsToldOnceToDataAndChildWatchTogether() throws Exception {
        create("/a");
        watching.getData("/a", events, null);
        watching.getChildren("/a", events);
        writing.delete("/a", -1);
        events.expect(NodeDeleted, "/a");
        events.expectNone(watching);
    }

    @Test
    void getDataOfAMissingNodeLeavesNoWatch() throws Exception {
        assertThrows(KeeperException.NoNodeException.class, () -> watching.getData("/a", events, null));
        create("/a");
        events.expectNone(watching);
    }

    @Test
    void changingTheAccessListFiresNothing() throws Exception {
        create("/a");
        watching.getData("/a", events, null);
        watching.getChildren("/a", events);
        writing.setACL("/a", OPEN_ACL_UNSAFE, -1);
        events.expectNone(watching);
    }

    @Test
    void persistentWatchStaysAndReportsAllFourKinds() throws Exception {
        watching.addWatch("/a", events, AddWatchMode.PERSISTENT);
        for (int round = 0; round < 2; round++) {
            create("/a");
            events.expect(NodeCreated, "/a");
            writing.setData("/a", DATA, -1);
            events.expect(NodeDataChanged, "/a");
            create("/a/b");
            events.expect(NodeChildrenChanged, "/a");
            writing.setData("/a/b", DATA, -1);
            writing.delete("/a/b", -1);
            events.expect(NodeChildrenChanged, "/a");
            writing.delete("/a", -1);
            events.expect(NodeDeleted, "/a");
            events.expectNone(watching);
        }
    }

    @Test
    void recursiveWatchCoversTheSubtreeAndNeverReportsChildLists() throws Exception {
        create("/a");
        watching.addWatch("/a", events, AddWatchMode.PERSISTENT_RECURSIVE);
        create("/a/b");
        events.expect(NodeCreated, "/a/b");
        create("/a/b/c");
        events.expect(NodeCreated, "/a/b/c");
        writing.setData("/a/b/c", DATA, -1);
        events.expect(NodeDataChanged, "/a/b/c");
        writing.delete("/a/b/c", -1);
        events.expect(NodeDeleted, "/a/b/c");
        create("/ab");
        writing.setData("/a", DATA, -1);
        events.expect(NodeDataChanged, "/a");
        events.expectNone(watching);
    }

    @Test
    void recursiveWatchAtTheRootSeesEverything() throws Exception {
        watching.addWatch("/", events, AddWatchMode.PERSISTENT_RECURSIVE);
        create("/a");
        create("/a/b");
        events.expect(NodeCreated, "/a");
        events.expect(NodeCreated, "/a/b");
    }

    @Test
    void removedWatchesFireNoMore() throws Exception {
        create("/a");
        watching.getData("/a", events, null);
        watching.getChildren("/a", events);
        watching.removeWatches("/a", events, WatcherType.Data, false);
        events.expect(DataWatchRemoved, "/a");
        writing.setData("/a", DATA, -1);
        events.expectNone(watching);
        watching.removeWatches("/a", events, WatcherType.Children, false);
        events.expect(ChildWatchRemoved, "/a");
        create("/a/b");
        events.expectNone(watching);
        assertThrows(KeeperException.NoWatcherException.class,
                () -> watching.removeWatches("/a", events, WatcherType.Any, false));
    }

    @Test
    void persistentWatchesAreRemovedByTheirType() throws Exception {
        watching.addWatch("/a", events, AddWatchMode.PERSISTENT);
        watching.addWatch("/b", events, AddWatchMode.PERSISTENT_RECURSIVE);
        watching.removeWatches("/a", events, WatcherType.Persistent, false);
        events.expect(PersistentWatchRemoved, "/a");
        watching.removeAllWatches("/b", WatcherType.PersistentRecursive, false);
        events.expect(PersistentWatchRemoved, "/b");
        create("/a");
        create("/b");
        events.expectNone(watching);
    }

    @Test
    void multiFiresItsWatchesInOrder() throws Exception {
        watching.addWatch("/", events, AddWatchMode.PERSISTENT_RECURSIVE);
        writing.multi(List.of(
                Op.create("/a", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT),
                Op.create("/a/b", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT),
                Op.setData("/a/b", DATA, -1),
                Op.delete("/a/b", -1)));
        events.expect(NodeCreated, "/a");
        events.expect(NodeCreated, "/a/b");
        events.expect(NodeDataChanged, "/a/b");
        events.expect(NodeDeleted, "/a/b");
        assertThrows(KeeperException.class, () -> writing.multi(List.of(
                Op.setData("/a", DATA, -1), Op.delete("/none", -1))));
        events.expectNone(watching);
    }

    /** Else a cache built on watches could keep an old value: a read would have shown the new one before the event came. */
    @Test
    void anEventComesBeforeAnAnswerThatShowsTheChange() throws Exception {
        create("/a");
        for (int round = 1; round <= 200; round++) {
            Events once = new Events();
            AtomicReference<String> order = new AtomicReference<>("");
            watching.getData("/a", event -> {
                order.accumulateAndGet("event ", String::concat);
                once.process(event);
            }, null);
            writing.setData("/a", DATA, -1, (rc, path, context, stat) -> {}, null);
            int version = round;
            Await.until("the new version", () -> watching.exists("/a", false).getVersion() == version);
            watching.exists("/a", false, (rc, path, context, stat) -> order.accumulateAndGet("answer", String::concat), null);
            once.expect(NodeDataChanged, "/a");
            Events.fence(watching);
            assertEquals("event answer", order.get());
        }
    }

    @Test
    void theWritersOwnEventComesBeforeTheAnswerToItsWrite() throws Exception {
        create("/a");
        for (int round = 0; round < 100; round++) {
            StringBuilder order = new StringBuilder();
            watching.getData("/a", event -> order.append("event "), null);
            watching.setData("/a", DATA, -1, (rc, path, context, stat) -> order.append("answer"), null);
            Events.fence(watching);
            assertEquals("event answer", order.toString());
        }
    }

    private void create(String path) throws Exception {
        writing.create(path, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
    }
}
