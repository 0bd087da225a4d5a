package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.zookeeper.ZooDefs.Ids.CREATOR_ALL_ACL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server that was told to do without the digest scheme: nobody proves it, and no ACL names it. */
class JavaClientNoDigestTest {
    private static final byte[] DATA = {1};

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension(options -> options
            .set("DigestAuthenticationProvider.enabled", "false"));

    private String root;

    @BeforeEach
    void makeRoot() throws Exception {
        root = SERVER.newRoot("no-digest");
    }

    @Test
    void noAclNamesIt() throws Exception {
        ZooKeeper zk = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS);
        ACL digest = new ACL(Perms.ALL, new Id("digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="));
        assertThrows(KeeperException.InvalidACLException.class,
                () -> zk.create("/n", DATA, Arrays.asList(digest), CreateMode.PERSISTENT));
        assertThrows(KeeperException.InvalidACLException.class,
                () -> zk.create("/n", DATA, CREATOR_ALL_ACL, CreateMode.PERSISTENT));
        ACL here = new ACL(Perms.ALL, new Id("ip", "127.0.0.1"));
        zk.create("/n", DATA, Arrays.asList(here), CreateMode.PERSISTENT);
        assertThrows(KeeperException.InvalidACLException.class, () -> zk.setACL("/n", Arrays.asList(here, digest), -1));
        assertEquals(List.of(here), zk.getACL("/n", null));
    }

    @Test
    void nobodyProvesIt() throws Exception {
        List<KeeperState> states = new CopyOnWriteArrayList<>();
        ZooKeeper zk = SERVER.client(root, ServerExtension.SESSION_TIMEOUT_MILLIS, event -> states.add(event.getState()));
        zk.addAuthInfo("digest", "u:p".getBytes(UTF_8));
        Await.until("AuthFailed", () -> states.contains(KeeperState.AuthFailed));
        assertThrows(KeeperException.AuthFailedException.class, () -> zk.exists("/", false));
    }
}
