package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.zookeeper.ZooDefs.Ids.CREATOR_ALL_ACL;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.apache.zookeeper.ZooDefs.Ids.READ_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.NoAuthException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Who may do what: world, ip, digest, auth and super, and what each permission opens. Lists of access entries are made by
 * {@code Arrays.asList}: the client asks them whether they contain null, which an immutable list refuses to answer.
 */
class JavaClientAclTest {
    private static final byte[] DATA = {1};

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension(options -> options
            .set("DigestAuthenticationProvider.superDigest", "super:" + digest("super:all-powerful")));

    private String root;
    private ZooKeeper ann;
    private ZooKeeper nobody;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("acl");
        ann = user("ann:secret");
        nobody = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
    }

    @Test
    void aCreatorsNodeIsClosedToOthers() throws Exception {
        ann.create("/a", DATA, CREATOR_ALL_ACL, CreateMode.PERSISTENT);
        ann.create("/a/b", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        for (ZooKeeper other : List.of(nobody, user("ann:wrong"), user("bob:secret"))) {
            assertThrows(NoAuthException.class, () -> other.getData("/a", false, null));
            assertThrows(NoAuthException.class, () -> other.getChildren("/a", false));
            assertThrows(NoAuthException.class, () -> other.setData("/a", DATA, -1));
            assertThrows(NoAuthException.class, () -> other.setACL("/a", OPEN_ACL_UNSAFE, -1));
            assertThrows(NoAuthException.class, () -> other.create("/a/c", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
            assertThrows(NoAuthException.class, () -> other.delete("/a/b", -1));
            assertThrows(NoAuthException.class, () -> other.getACL("/a", null));
        }
        assertArrayEquals(DATA, nobody.getData("/a/b", false, null));
        assertArrayEquals(DATA, user("ann:secret").getData("/a", false, null));
        assertEquals(List.of(new ACL(Perms.ALL, new Id("digest", "ann:" + digest("ann:secret")))), ann.getACL("/a", null));
    }

    @Test
    void theRightToDeleteIsTheParents() throws Exception {
        ann.create("/open", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        ann.create("/open/closed", DATA, CREATOR_ALL_ACL, CreateMode.PERSISTENT);
        assertThrows(NoAuthException.class, () -> nobody.getData("/open/closed", false, null));
        nobody.delete("/open/closed", -1);
        assertEquals(List.of(), ann.getChildren("/open", false));
    }

    @Test
    void eachPermissionOpensItsOwnDoor() throws Exception {
        ann.create("/r", DATA, Arrays.asList(entry(Perms.READ)), CreateMode.PERSISTENT);
        assertArrayEquals(DATA, nobody.getData("/r", false, null));
        assertThrows(NoAuthException.class, () -> nobody.setData("/r", DATA, -1));
        ann.create("/w", DATA, Arrays.asList(entry(Perms.WRITE)), CreateMode.PERSISTENT);
        assertEquals(1, nobody.setData("/w", DATA, -1).getVersion());
        assertThrows(NoAuthException.class, () -> nobody.getData("/w", false, null));
        ann.create("/c", DATA, Arrays.asList(entry(Perms.CREATE)), CreateMode.PERSISTENT);
        nobody.create("/c/x", DATA, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        assertThrows(NoAuthException.class, () -> nobody.delete("/c/x", -1));
        ann.create("/a", DATA, Arrays.asList(entry(Perms.ADMIN)), CreateMode.PERSISTENT);
        assertThrows(NoAuthException.class, () -> nobody.getData("/a", false, null));
        assertEquals(1, nobody.setACL("/a", READ_ACL_UNSAFE, -1).getAversion());
        assertArrayEquals(DATA, nobody.getData("/a", false, null));
    }

    @Test
    void addressesAreMatchedByPrefix() throws Exception {
        ann.create("/here", DATA, Arrays.asList(new ACL(Perms.ALL, new Id("ip", "127.0.0.1"))), CreateMode.PERSISTENT);
        ann.create("/net", DATA, Arrays.asList(new ACL(Perms.ALL, new Id("ip", "127.0.0.0/8"))), CreateMode.PERSISTENT);
        ann.create("/away", DATA, Arrays.asList(new ACL(Perms.ALL, new Id("ip", "10.1.0.0/16"))), CreateMode.PERSISTENT);
        assertArrayEquals(DATA, nobody.getData("/here", false, null));
        assertArrayEquals(DATA, nobody.getData("/net", false, null));
        assertThrows(NoAuthException.class, () -> nobody.getData("/away", false, null));
    }

    @Test
    void impossibleListsAreRefused() {
        for (ACL acl : List.of(
                new ACL(Perms.ALL, new Id("world", "someone")),
                new ACL(Perms.ALL, new Id("ip", "not-an-address")),
                new ACL(Perms.ALL, new Id("digest", "no-colon")),
                new ACL(Perms.ALL, new Id("none-such", "x")))) {
            assertThrows(KeeperException.InvalidACLException.class,
                    () -> ann.create("/bad", DATA, Arrays.asList(acl), CreateMode.PERSISTENT), acl.toString());
        }
        assertThrows(KeeperException.InvalidACLException.class,
                () -> nobody.create("/bad", DATA, CREATOR_ALL_ACL, CreateMode.PERSISTENT), "nobody has no identity to grant to");
    }

    @Test
    void theSuperUserMayDoAnything() throws Exception {
        ann.create("/a", DATA, CREATOR_ALL_ACL, CreateMode.PERSISTENT);
        ZooKeeper almost = user("super:guess");
        assertThrows(NoAuthException.class, () -> almost.getData("/a", false, null));
        ZooKeeper superUser = user("super:all-powerful");
        assertArrayEquals(DATA, superUser.getData("/a", false, null));
        assertEquals(1, superUser.setACL("/a", OPEN_ACL_UNSAFE, -1).getAversion());
        assertArrayEquals(DATA, nobody.getData("/a", false, null));
    }

    @Test
    void readersSeeNoPasswordHashes() throws Exception {
        ann.create("/a", DATA, Arrays.asList(CREATOR_ALL_ACL.get(0), entry(Perms.READ)), CreateMode.PERSISTENT);
        assertEquals(new Id("digest", "ann:x"), nobody.getACL("/a", null).get(0).getId());
    }

    @Test
    void anUnknownSchemeEndsTheSession() throws Exception {
        Events.fence(nobody);
        List<KeeperState> states = new CopyOnWriteArrayList<>();
        ZooKeeper zk = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS, event -> states.add(event.getState()));
        zk.addAuthInfo("none-such", DATA);
        Await.until("AuthFailed", () -> states.contains(KeeperState.AuthFailed));
        assertThrows(KeeperException.AuthFailedException.class, () -> zk.exists("/", false));
        assertNotNull(nobody.exists("/", false));
    }

    private ZooKeeper user(String credentials) throws Exception {
        ZooKeeper zk = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
        zk.addAuthInfo("digest", credentials.getBytes(UTF_8));
        return zk;
    }

    private static ACL entry(int perms) {
        return new ACL(perms, new Id("world", "anyone"));
    }

    private static String digest(String credentials) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA1").digest(credentials.getBytes(UTF_8));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
