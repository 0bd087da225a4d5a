package org.lockstep.server.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.server.LockstepServer;
import org.lockstep.server.config.ServerConfig;

/** Stopping is not a failure, whatever timer goes off meanwhile. */
class ShutdownTest {
    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync", "write-barrier"})
    void aServerThatStopsUnderLoadReportsNoFailure(String policy) throws Exception {
        Properties cfg = new Properties();
        cfg.setProperty("dataDir", dir.toString());
        cfg.setProperty("clientPort", "0");
        cfg.setProperty("clientPortAddress", "127.0.0.1");
        cfg.setProperty("fsyncPolicy", policy);
        cfg.setProperty("checkpointMillis", "1");
        cfg.setProperty("maxUnsyncedMillis", "1");
        List<String> failures = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 20; i++) {
            LockstepServer server = LockstepServer.start(ServerConfig.of(cfg), (what, cause) -> failures.add(what + ": " + cause));
            try (TestClient client = new TestClient(server.clientPort())) {
                for (int n = 0; n < 200; n++) {
                    client.gather(org.lockstep.wire.OpCode.CREATE, TestClient.createBody("/n" + i + "-" + n, "x"));
                }
                client.flush();
                client.read();
                server.close();
            }
            assertEquals(List.of(), failures, "stop " + i);
        }
    }
}
