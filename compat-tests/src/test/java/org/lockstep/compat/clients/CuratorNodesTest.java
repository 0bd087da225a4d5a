package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.compat.clients.Texts.bytes;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.nodes.PersistentTtlNode;
import org.apache.zookeeper.CreateMode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Curator's nodes that come back: after deletion, after the end of a session, and before their lifetime ends. */
class CuratorNodesTest {
    private static final int TICK_MILLIS = 200;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension(options -> options
            .tickTimeMillis(TICK_MILLIS)
            .jvmFlag("-Dznode.container.checkIntervalMs=50"));

    private String root;
    private CuratorFramework owner;
    private CuratorFramework other;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("nodes");
        owner = Curators.one(SERVER);
        other = Curators.one(SERVER);
    }

    @Test
    void persistentNodeComesBackAfterDeletion() throws Exception {
        String path = root + "/node";
        PersistentNode node = started(new PersistentNode(owner, CreateMode.EPHEMERAL, false, path, bytes("mine")));
        assertEquals(path, node.getActualPath());
        long first = other.checkExists().forPath(path).getCzxid();
        other.delete().forPath(path);
        Await.until("its return", () -> {
            var stat = other.checkExists().forPath(path);
            return stat != null && stat.getCzxid() > first;
        });
        node.setData(bytes("changed"));
        Await.until("its new data", () -> "changed".equals(new String(other.getData().forPath(path), UTF_8)));
        node.close();
        Await.until("its end", () -> other.checkExists().forPath(path) == null);
    }

    @Test
    void persistentNodeComesBackInANewSession() throws Exception {
        String path = root + "/node";
        Relay wire = SERVER.closeLater(new Relay(SERVER.server()));
        CuratorFramework cut = Curators.started(SERVER, Curators.builder(wire.connectString(), 1_000));
        started(new PersistentNode(cut, CreateMode.EPHEMERAL, false, path, bytes("mine")));
        long firstOwner = other.checkExists().forPath(path).getEphemeralOwner();
        wire.cut();
        Await.until("the end of the session", () -> other.checkExists().forPath(path) == null);
        wire.join();
        Await.until("its return", () -> other.checkExists().forPath(path) != null);
        assertNotEquals(firstOwner, other.checkExists().forPath(path).getEphemeralOwner());
    }

    @Test
    void ttlNodeLivesWhileItsOwnerTouchesIt() throws Exception {
        String path = root + "/ttl";
        PersistentTtlNode node = new PersistentTtlNode(owner, path, 1_000, bytes("mine"));
        node.start();
        assertTrue(node.waitForInitialCreate(30, TimeUnit.SECONDS));
        long first = other.checkExists().forPath(path).getCzxid();
        other.create().withTtl(1_000).withMode(CreateMode.PERSISTENT_WITH_TTL).forPath(root + "/untouched");
        // A node of the same lifetime that nobody touches goes; the measure of time is the server's own.
        Await.until("the end of the untouched", () -> other.checkExists().forPath(root + "/untouched") == null);
        assertNotNull(other.checkExists().forPath(path));
        assertEquals(first, other.checkExists().forPath(path).getCzxid());
        node.close();
        Await.until("its end", () -> other.checkExists().forPath(path) == null);
    }

    @Test
    void groupMembersSeeEachOtherComeAndGo() throws Exception {
        GroupMember ann = SERVER.closeLater(new GroupMember(owner, root + "/group", "ann", bytes("1")));
        GroupMember bob = new GroupMember(other, root + "/group", "bob", bytes("2"));
        ann.start();
        bob.start();
        for (GroupMember member : List.of(ann, bob)) {
            Await.until("both members", () -> member.getCurrentMembers().keySet().equals(Set.of("ann", "bob")));
        }
        Map<String, String> shown = new TreeMap<>();
        ann.getCurrentMembers().forEach((name, data) -> shown.put(name, new String(data, UTF_8)));
        assertEquals(Map.of("ann", "1", "bob", "2"), shown);
        bob.setThisData(bytes("3"));
        Await.until("new data", () -> "3".equals(new String(ann.getCurrentMembers().get("bob"), UTF_8)));
        bob.close();
        Await.until("bob's leave", () -> ann.getCurrentMembers().keySet().equals(Set.of("ann")));
    }

    private static PersistentNode started(PersistentNode node) throws Exception {
        node.start();
        assertTrue(node.waitForInitialCreate(30, TimeUnit.SECONDS));
        return SERVER.closeLater(node);
    }
}
