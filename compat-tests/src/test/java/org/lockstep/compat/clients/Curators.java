package org.lockstep.compat.clients;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryNTimes;

/** Connected Curator clients of a test's server, closed after the test. */
final class Curators {
    private static final int CONNECTION_TIMEOUT_MILLIS = 10_000;
    private static final int RETRIES = 100;
    private static final int RETRY_PAUSE_MILLIS = 100;

    private Curators() {}

    static CuratorFramework one(ServerExtension server) throws Exception {
        return one(server, ServerExtension.SESSION_TIMEOUT_MILLIS);
    }

    static CuratorFramework one(ServerExtension server, int sessionTimeoutMillis) throws Exception {
        return started(server, builder(server.connectString(), sessionTimeoutMillis));
    }

    static List<CuratorFramework> many(ServerExtension server, int count) throws Exception {
        List<CuratorFramework> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            clients.add(one(server));
        }
        return clients;
    }

    static CuratorFrameworkFactory.Builder builder(String connectString, int sessionTimeoutMillis) {
        return CuratorFrameworkFactory.builder()
                .connectString(connectString)
                .sessionTimeoutMs(sessionTimeoutMillis)
                .connectionTimeoutMs(CONNECTION_TIMEOUT_MILLIS)
                .retryPolicy(new RetryNTimes(RETRIES, RETRY_PAUSE_MILLIS));
    }

    static CuratorFramework started(ServerExtension server, CuratorFrameworkFactory.Builder builder) throws Exception {
        CuratorFramework client = server.closeLater(builder.build());
        client.start();
        assertTrue(client.blockUntilConnected((int) Await.LIMIT.toSeconds(), TimeUnit.SECONDS), "no connection");
        return client;
    }
}
