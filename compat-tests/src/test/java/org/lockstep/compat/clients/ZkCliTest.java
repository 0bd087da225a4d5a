package org.lockstep.compat.clients;

import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** ZooKeeper's command line: every command, one at a time and in a session, with what it prints and its exit code. */
class ZkCliTest {
    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private String root;
    private String connectString;

    @BeforeEach
    void makeRoot() throws Exception {
        root = SERVER.newRoot("cli");
        connectString = SERVER.connectString() + root;
    }

    @Test
    void oneCommandAtATime() throws Exception {
        once("create", "/a", "hello").assertOk("Created /a");
        once("get", "/a").assertOk("hello");
        once("get", "/none").assertFailed("Node does not exist: /none");
        once("create", "/a", "again").assertFailed("Node already exists: /a");
        once("ls", "/").assertOk("[a]");
        once("deleteall", "/a").assertOk(ZkCli.CONNECTED);
        assertEquals(127, once("no-such-command").exitCode());
        assertNull(SERVER.client().exists(root + "/a", false));
    }

    @Test
    void nodesAreMadeReadChangedAndDeleted() throws Exception {
        try (ZkCli cli = session()) {
            cli.expect("create /b world", "Created /b");
            cli.expect("create -s /b/s- x", "Created /b/s-0000000000");
            cli.expect("create -s -e /b/e- x", "Created /b/e-0000000001");
            cli.expect("create -c /container x", "Created /container");
            cli.expect("create -t 100000 /ttl x", "Created /ttl");
            cli.expect("create /b again", "Node already exists: /b");
            cli.expect("create /none/a x", "Node does not exist: /none/a");
            cli.expect("get /b", "world");
            assertStat(cli.expectLine("get -s /b", "world"), 1, 0, 5, 2);
            cli.expect("set /b two");
            cli.expect("set -v 0 /b three", "version No is not valid : /b");
            assertStat(cli.run("set -s -v 1 /b three"), 0, 2, 5, 2);
            assertStat(cli.run("stat /b"), 0, 2, 5, 2);
            cli.expect("ls /b/s-0000000000", "[]");
            assertStat(cli.expectLine("ls -s /", "[b, container, ttl]"), 1, 0, 0, 3);
            cli.expect("ls -R /", "/", "/b", "/container", "/ttl", "/b/e-0000000001", "/b/s-0000000000");
            cli.expect("getAllChildrenNumber /", "5");
            cli.expect("delete -v 9 /ttl", "version No is not valid : /ttl");
            cli.expect("delete /b", "Node not empty: /b");
            cli.expect("delete /ttl");
            cli.expect("deleteall /b");
            cli.expect("ls /b", "Node does not exist: /b");
            cli.expect("get -b /container", "eA==");
            assertEquals(1, cli.quit(), "the exit code is the last command's, which failed on purpose");
        }
    }

    @Test
    void aLargeTreeIsDeletedAtOnce() throws Exception {
        ZooKeeper zk = SERVER.client();
        zk.create(root + "/many", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        for (int i = 0; i < 300; i++) {
            zk.create(root + "/many/n" + i, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, (rc, path, context, name) -> {}, null);
        }
        Events.fence(zk);
        assertEquals(300, zk.getAllChildrenNumber(root + "/many"));
        once("deleteall", "/many", "-b", "100").assertOk(ZkCli.CONNECTED);
        assertNull(zk.exists(root + "/many", false));
    }

    @Test
    void watchesPrintTheirEvents() throws Exception {
        ZooKeeper writing = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
        writing.create("/w", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        try (ZkCli cli = session()) {
            cli.expect("get -w /w", "null");
            cli.run("ls -w /w");
            writing.setData("/w", new byte[1], -1);
            awaitEvent(cli, "NodeDataChanged", "/w", writing.exists("/w", false).getMzxid());
            long zxid = createdAt(writing, "/w/x");
            awaitEvent(cli, "NodeChildrenChanged", "/w", zxid);
            cli.expect("addWatch -m PERSISTENT /p");
            cli.expect("addWatch -m PERSISTENT_RECURSIVE /r");
            awaitEvent(cli, "NodeCreated", "/p", createdAt(writing, "/p"));
            awaitEvent(cli, "NodeCreated", "/r", createdAt(writing, "/r"));
            awaitEvent(cli, "NodeCreated", "/r/deep", createdAt(writing, "/r/deep"));
            cli.run("removewatches /p -a");
            cli.awaitLine("WatchedEvent state:SyncConnected type:PersistentWatchRemoved path:/p zxid: -1");
            cli.expectLine("removewatches /p -a", "KeeperErrorCode = No such watcher for /p");
            cli.run("printwatches off");
            createdAt(writing, "/r/unseen");
            assertEquals(List.of(), cli.run("sync /r").stream().filter(line -> line.contains("unseen")).toList());
        }
    }

    @Test
    void quotasAreSetListedAndDeleted() throws Exception {
        try (ZkCli cli = ZkCli.session(SERVER.connectString())) {
            String path = root + "/q";
            cli.expect("create " + path + " 12345", "Created " + path);
            cli.expect("listquota " + path, "absolute path is /zookeeper/quota" + path + "/zookeeper_limits",
                    "quota for " + path + " does not exist.");
            cli.expect("setquota -n 5 " + path);
            cli.expect("setquota -b 100 " + path);
            cli.expect("create " + path + "/child 678", "Created " + path + "/child");
            List<String> listed = cli.run("listquota " + path);
            assertEquals("absolute path is /zookeeper/quota" + path + "/zookeeper_limits", listed.get(0));
            assertTrue(listed.get(1).startsWith("Output quota for " + path + " count=5,bytes=100"), listed.toString());
            assertTrue(listed.get(2).startsWith("Output stat for " + path + " count=2,bytes=8"), listed.toString());
            cli.expect("delquota -n " + path);
            cli.expect("delquota -b " + path);
            cli.expect("delquota " + path);
            assertTrue(cli.run("listquota " + path).contains("quota for " + path + " does not exist."));
        }
    }

    @Test
    void accessListsAreShownAndChanged() throws Exception {
        try (ZkCli cli = session()) {
            cli.expect("create /a x", "Created /a");
            cli.expect("create /a/b x", "Created /a/b");
            cli.expect("getAcl /a", "'world,'anyone", ": cdrwa");
            cli.expect("addauth digest ann:secret");
            List<String> identities = cli.run("whoami");
            assertEquals("Auth scheme: User", identities.get(0));
            assertEquals(Set.of("digest: ann", "ip: 127.0.0.1"), Set.copyOf(identities.subList(1, identities.size())));
            assertEquals("aclVersion = 1", cli.run("setAcl -s /a auth::cdrwa").stream()
                    .filter(line -> line.startsWith("aclVersion")).findFirst().orElse(""));
            cli.expect("getAcl /a", "'digest,'ann:7RJfAeIvrl4zdj6sS2fXrQHDvHM=", ": cdrwa");
            cli.expectLine("getAcl -s /a", "aclVersion = 1");
            cli.expect("setAcl -v 0 /a world:anyone:r", "version No is not valid : /a");
            cli.expect("setAcl -R /a world:anyone:r");
            cli.expect("getAcl /a/b", "'world,'anyone", ": r");
            assertEquals(List.of("Insufficient permission : /a"), cli.run("set /a y"));
            cli.expect("setAcl /a/b none-such:x:r", "Acl is not valid : /a/b");
        }
    }

    @Test
    void theRestOfTheCommands() throws Exception {
        try (ZkCli cli = session()) {
            cli.expect("create -e /e x", "Created /e");
            // The client library takes a prefix relative to its chroot and returns whole paths.
            cli.expect("getEphemerals /", "[" + root + "/e]");
            cli.expect("getEphemerals /none", "[]");
            cli.expect("sync /e", "Sync is OK");
            assertTrue(cli.run("version").get(0).startsWith("ZooKeeper CLI version: 3.9.5"));
            List<String> history = cli.run("history");
            assertTrue(history.stream().anyMatch(line -> line.endsWith(" - sync /e")), history.toString());
            cli.expectLine("no-such-command", "Command not found: Command not found no-such-command");
            cli.expect("reconfig -add server.2=127.0.0.1:1:2;3", "KeeperErrorCode = Reconfig is disabled");
            cli.send("close");
            cli.send("sync /");
            cli.awaitLine("Not connected");
            assertNull(SERVER.client().exists(root + "/e", false));
            cli.send("connect " + connectString);
            cli.send("create /again x");
            cli.awaitLine("Created /again");
            assertEquals(0, cli.quit());
        }
        try (ZkCli whole = ZkCli.session(SERVER.connectString())) {
            List<String> config = whole.run("config -s");
            assertTrue(config.contains("cZxid = 0x0"), config.toString());
            assertTrue(config.contains("numChildren = 0"), config.toString());
            whole.expectLine("ls /zookeeper", "[config, quota]");
            whole.expect("sync /", "Sync is OK");
            assertEquals(1, whole.quit());
        }
    }

    private ZkCli.Result once(String... command) throws Exception {
        return ZkCli.once(connectString, command);
    }

    private ZkCli session() throws Exception {
        return ZkCli.session(connectString);
    }

    private static long createdAt(ZooKeeper zk, String path) throws Exception {
        zk.create(path, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        return zk.exists(path, false).getCzxid();
    }

    private static void awaitEvent(ZkCli cli, String type, String path, long zxid) throws Exception {
        cli.run("sync /");
        cli.awaitLine("WatchedEvent state:SyncConnected type:" + type + " path:" + path + " zxid: " + zxid);
    }

    /** The lines of a Stat follow each other in one order, with these values among them. */
    private static void assertStat(List<String> lines, int from, int version, int dataLength, int children) {
        List<String> names = new ArrayList<>();
        for (String line : lines.subList(from, lines.size())) {
            names.add(line.substring(0, line.indexOf(" = ")));
        }
        assertEquals(List.of("cZxid", "ctime", "mZxid", "mtime", "pZxid", "cversion", "dataVersion", "aclVersion",
                "ephemeralOwner", "dataLength", "numChildren"), names);
        assertTrue(lines.contains("dataVersion = " + version), lines.toString());
        assertTrue(lines.contains("dataLength = " + dataLength), lines.toString());
        assertTrue(lines.contains("numChildren = " + children), lines.toString());
    }
}
