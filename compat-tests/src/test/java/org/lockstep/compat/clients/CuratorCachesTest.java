package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.lockstep.compat.clients.Texts.bytes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.cache.NodeCache;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.curator.framework.recipes.cache.TreeCache;
import org.apache.curator.framework.recipes.watch.PersistentWatcher;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Curator's caches against a tree that two other clients keep changing: in the end a cache shows what is there. */
@SuppressWarnings("deprecation") // the older caches are still what most applications run
class CuratorCachesTest {
    private static final int CHANGES = 150;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private String root;
    private CuratorFramework watching;
    private List<CuratorFramework> writers;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("caches");
        watching = Curators.one(SERVER);
        writers = Curators.many(SERVER, 2);
    }

    @Test
    void nodeCacheFollowsOneNode() throws Exception {
        String path = root + "/node";
        NodeCache cache = SERVER.closeLater(new NodeCache(watching, path));
        cache.start(true);
        assertNull(cache.getCurrentData());
        writers.get(0).create().forPath(path, bytes("1"));
        Await.until("creation", () -> "1".equals(text(cache.getCurrentData())));
        for (int i = 2; i <= 50; i++) {
            writers.get(i % 2).setData().forPath(path, bytes(Integer.toString(i)));
        }
        Await.until("the last value", () -> "50".equals(text(cache.getCurrentData())));
        writers.get(0).delete().forPath(path);
        Await.until("deletion", () -> cache.getCurrentData() == null);
    }

    @Test
    void pathChildrenCacheFollowsTheChildren() throws Exception {
        PathChildrenCache cache = SERVER.closeLater(new PathChildrenCache(watching, root, true));
        cache.start(PathChildrenCache.StartMode.BUILD_INITIAL_CACHE);
        changeAtRandom(0);
        awaitEqual(() -> {
            Map<String, String> shown = new TreeMap<>();
            cache.getCurrentData().forEach(child -> shown.put(child.getPath(), text(child)));
            return shown;
        }, 1);
    }

    @Test
    void treeCacheFollowsTheSubtree() throws Exception {
        TreeCache cache = SERVER.closeLater(new TreeCache(watching, root));
        cache.start();
        changeAtRandom(1);
        awaitEqual(() -> {
            Map<String, String> shown = new TreeMap<>();
            collect(cache, root, shown);
            return shown;
        }, 3);
    }

    @Test
    void curatorCacheFollowsTheSubtreeAndReportsEachChange() throws Exception {
        CuratorCache cache = SERVER.closeLater(CuratorCache.build(watching, root));
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        cache.listenable().addListener(CuratorCacheListener.builder()
                .forCreates(node -> heard.add("+" + node.getPath()))
                .forDeletes(node -> heard.add("-" + node.getPath()))
                .build());
        cache.start();
        changeAtRandom(2);
        awaitEqual(() -> {
            Map<String, String> shown = new TreeMap<>();
            cache.stream().filter(node -> !node.getPath().equals(root)).forEach(node -> shown.put(node.getPath(), text(node)));
            return shown;
        }, 3);
        long balance = heard.stream().mapToInt(change -> change.charAt(0) == '+' ? 1 : -1).sum();
        assertEquals(cache.size(), balance, "creations heard less deletions heard");
    }

    @Test
    void curatorCacheOfOneNodeLooksNoDeeper() throws Exception {
        CuratorCache cache = SERVER.closeLater(CuratorCache.build(watching, root, CuratorCache.Options.SINGLE_NODE_CACHE));
        cache.start();
        writers.get(0).create().forPath(root + "/child", bytes("x"));
        writers.get(0).setData().forPath(root, bytes("root"));
        Await.until("the new value", () -> "root".equals(text(cache.get(root).orElse(null))));
        assertEquals(1, cache.size());
    }

    @Test
    void persistentWatcherHearsEveryChangeInOrder() throws Exception {
        PersistentWatcher watcher = SERVER.closeLater(new PersistentWatcher(watching, root, true));
        Events events = new Events();
        watcher.getListenable().addListener(events);
        List<Boolean> set = Collections.synchronizedList(new ArrayList<>());
        watcher.getResetListenable().addListener(() -> set.add(true));
        watcher.start();
        Await.until("the watch", () -> !set.isEmpty());
        for (int i = 0; i < 20; i++) {
            writers.get(0).create().forPath(root + "/n" + i);
            writers.get(1).delete().forPath(root + "/n" + i);
        }
        for (int i = 0; i < 20; i++) {
            events.expect(EventType.NodeCreated, root + "/n" + i);
            events.expect(EventType.NodeDeleted, root + "/n" + i);
        }
    }

    /** Two writers change a small tree at the same time, colliding often. */
    private void changeAtRandom(long seed) throws Exception {
        List<Callable<Void>> tasks = new ArrayList<>();
        for (CuratorFramework writer : writers) {
            Random random = new Random(seed + writers.indexOf(writer) * 1_000L);
            tasks.add(Concurrently.task(() -> {
                for (int i = 0; i < CHANGES; i++) {
                    change(writer, random, i);
                }
            }));
        }
        Concurrently.run(tasks);
    }

    private void change(CuratorFramework writer, Random random, int value) throws Exception {
        StringBuilder path = new StringBuilder(root);
        for (int depth = random.nextInt(3); depth >= 0; depth--) {
            path.append("/n").append(random.nextInt(4));
        }
        try {
            switch (random.nextInt(4)) {
                case 0 -> writer.delete().deletingChildrenIfNeeded().forPath(path.toString());
                case 1 -> writer.setData().forPath(path.toString(), bytes(Integer.toString(value)));
                default -> writer.create().orSetData().creatingParentsIfNeeded()
                        .forPath(path.toString(), bytes(Integer.toString(value)));
            }
        } catch (KeeperException.NoNodeException | KeeperException.NodeExistsException lostARace) {
            // the other writer was there first
        }
    }

    private void awaitEqual(Callable<Map<String, String>> shown, int depth) throws Exception {
        Map<String, String> actual = new TreeMap<>();
        read(root, depth, actual);
        Await.until("the cache shows what is there", () -> shown.call().equals(actual));
    }

    private void read(String path, int depth, Map<String, String> into) throws Exception {
        if (depth == 0) {
            return;
        }
        for (String name : writers.get(0).getChildren().forPath(path)) {
            String child = path + "/" + name;
            into.put(child, new String(writers.get(0).getData().forPath(child), UTF_8));
            read(child, depth - 1, into);
        }
    }

    private static void collect(TreeCache cache, String path, Map<String, String> into) {
        Map<String, ChildData> children = cache.getCurrentChildren(path);
        if (children != null) {
            children.values().forEach(child -> {
                into.put(child.getPath(), text(child));
                collect(cache, child.getPath(), into);
            });
        }
    }

    private static String text(ChildData node) {
        return node == null ? null : new String(node.getData(), UTF_8);
    }
}
