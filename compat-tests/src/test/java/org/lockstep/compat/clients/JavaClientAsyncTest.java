package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.zookeeper.KeeperException.Code.NODEEXISTS;
import static org.apache.zookeeper.KeeperException.Code.NONODE;
import static org.apache.zookeeper.KeeperException.Code.OK;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.compat.clients.Texts.bytes;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every asynchronous operation of the Java client, and the order in which answers come back. */
class JavaClientAsyncTest {
    private static final int PIPELINED = 2_000;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private ZooKeeper zk;

    @BeforeEach
    void connect() throws Exception {
        zk = SERVER.client(SERVER.newRoot("async"), ServerExtension.SESSION_TIMEOUT_MILLIS);
    }

    @Test
    void createWithAndWithoutStatAndLifetime() throws Exception {
        assertEquals("OK /a /a", result(f -> zk.create("/a", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT,
                (rc, path, context, name) -> f.complete(code(rc) + " " + path + " " + name), null)));
        assertEquals("OK /s-0000000001 0", result(f -> zk.create("/s-", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL,
                (rc, path, context, name, stat) -> f.complete(code(rc) + " " + name + " " + stat.getVersion()), null)));
        assertEquals("OK /t 2", result(f -> zk.create("/t", new byte[2], OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL,
                (rc, path, context, name, stat) -> f.complete(code(rc) + " " + name + " " + stat.getDataLength()),
                null, 60_000)));
        assertEquals(NODEEXISTS + " null", result(f -> zk.create("/a", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT,
                (rc, path, context, name) -> f.complete(code(rc) + " " + name), null)));
    }

    @Test
    void readsAndWritesOfOneNode() throws Exception {
        zk.create("/a", bytes("x"), OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        assertEquals("OK 1", result(f -> zk.setData("/a", bytes("y"), 0,
                (rc, path, context, stat) -> f.complete(code(rc) + " " + stat.getVersion()), null)));
        assertEquals("OK y", result(f -> zk.getData("/a", false,
                (rc, path, context, data, stat) -> f.complete(code(rc) + " " + new String(data, UTF_8)), null)));
        assertEquals("OK 1", result(f -> zk.exists("/a", false,
                (rc, path, context, stat) -> f.complete(code(rc) + " " + stat.getDataLength()), null)));
        assertEquals("OK 1", result(f -> zk.setACL("/a", OPEN_ACL_UNSAFE, 0,
                (rc, path, context, stat) -> f.complete(code(rc) + " " + stat.getAversion()), null)));
        assertEquals("OK " + OPEN_ACL_UNSAFE, result(f -> zk.getACL("/a", new Stat(),
                (rc, path, context, acl, stat) -> f.complete(code(rc) + " " + acl), null)));
        assertEquals("OK", result(f -> zk.delete("/a", 1, (rc, path, context) -> f.complete(code(rc)), null)));
        assertEquals("NONODE", result(f -> zk.exists("/a", false, (rc, path, context, stat) -> f.complete(code(rc)), null)));
    }

    @Test
    void childrenAndEphemeralsAndTheConfiguration() throws Exception {
        zk.create("/a", null, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        assertEquals("OK [a]", result(f -> zk.getChildren("/", false,
                (rc, path, context, children) -> f.complete(code(rc) + " " + children), null)));
        assertEquals("OK [a] 1", result(f -> zk.getChildren("/", false,
                (rc, path, context, children, stat) -> f.complete(code(rc) + " " + children + " " + stat.getNumChildren()),
                null)));
        assertEquals("OK 1", result(f -> zk.getAllChildrenNumber("/",
                (rc, path, context, number) -> f.complete(code(rc) + " " + number), null)));
        assertEquals("OK 1", result(f -> zk.getEphemerals(
                (rc, context, paths) -> f.complete(code(rc) + " " + paths.size()), null)));
        assertEquals("OK 0", result(f -> zk.getEphemerals("/none",
                (rc, context, paths) -> f.complete(code(rc) + " " + paths.size()), null)));
        ZooKeeper whole = SERVER.client();
        assertEquals("OK 0", result(f -> whole.getConfig(false,
                (rc, path, context, data, stat) -> f.complete(code(rc) + " " + data.length), null)));
    }

    @Test
    void syncMultiAndWatches() throws Exception {
        assertEquals("OK /any", result(f -> zk.sync("/any", (rc, path, context) -> f.complete(code(rc) + " " + path), null)));
        assertEquals("OK 2", result(f -> zk.multi(List.of(
                        Op.create("/m", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT), Op.setData("/m", bytes("1"), 0)),
                (rc, path, context, results) -> f.complete(code(rc) + " " + results.size()), null)));
        Events events = new Events();
        assertEquals("OK", result(f -> zk.addWatch("/m", events, AddWatchMode.PERSISTENT,
                (rc, path, context) -> f.complete(code(rc)), null)));
        zk.setData("/m", bytes("2"), -1);
        events.expect(EventType.NodeDataChanged, "/m");
        assertEquals("OK", result(f -> zk.removeWatches("/m", events, WatcherType.Any, false,
                (rc, path, context) -> f.complete(code(rc)), null)));
        events.expect(EventType.PersistentWatchRemoved, "/m");
        assertEquals("NOWATCHER", result(f -> zk.removeAllWatches("/m", WatcherType.Any, false,
                (rc, path, context) -> f.complete(code(rc)), null)));
    }

    @Test
    void answersComeInTheOrderOfTheRequests() throws Exception {
        zk.create("/counter", bytes("0"), OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        List<String> answers = Collections.synchronizedList(new ArrayList<>());
        List<String> expected = new ArrayList<>();
        CountDownLatch left = new CountDownLatch(2 * PIPELINED);
        for (int i = 1; i <= PIPELINED; i++) {
            zk.setData("/counter", bytes(Integer.toString(i)), -1, (rc, path, context, stat) -> {
                answers.add(code(rc) + " set " + stat.getVersion());
                left.countDown();
            }, null);
            zk.getData("/counter", false, (rc, path, context, data, stat) -> {
                answers.add(code(rc) + " get " + new String(data, UTF_8));
                left.countDown();
            }, null);
            expected.addAll(Arrays.asList("OK set " + i, "OK get " + i));
        }
        Await.open("answers to all pipelined requests", left);
        assertEquals(expected, answers);
    }

    @Test
    void aFailedRequestDoesNotDisturbThoseBehindIt() throws Exception {
        List<String> answers = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch left = new CountDownLatch(300);
        for (int i = 0; i < 100; i++) {
            String path = "/n" + i;
            zk.delete(path, -1, (rc, p, context) -> note(answers, left, code(rc)), null);
            zk.create(path, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT,
                    (rc, p, context, name) -> note(answers, left, code(rc)), null);
            zk.create(path, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT,
                    (rc, p, context, name) -> note(answers, left, code(rc)), null);
        }
        Await.open("answers to all requests", left);
        for (int i = 0; i < 300; i += 3) {
            assertEquals(List.of(NONODE.name(), OK.name(), NODEEXISTS.name()), answers.subList(i, i + 3));
        }
        assertTrue(zk.getState().isConnected());
    }

    private static void note(List<String> answers, CountDownLatch left, String answer) {
        answers.add(answer);
        left.countDown();
    }

    private static String result(Consumer<CompletableFuture<String>> request) throws Exception {
        CompletableFuture<String> future = new CompletableFuture<>();
        request.accept(future);
        return Await.value(future);
    }

    private static String code(int rc) {
        return Code.get(rc).name();
    }
}
