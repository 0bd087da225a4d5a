package org.lockstep.server.serving;

import java.nio.file.Path;
import java.util.Properties;
import org.lockstep.server.LockstepServer;
import org.lockstep.server.config.ServerConfig;

/** Embedded servers for tests. */
final class TestServer {
    private TestServer() {}

    static LockstepServer start(Path dataDir, String... keysAndValues) throws Exception {
        Properties cfg = new Properties();
        cfg.setProperty("dataDir", dataDir.toString());
        cfg.setProperty("clientPort", "0");
        cfg.setProperty("clientPortAddress", "127.0.0.1");
        cfg.setProperty("tickTime", "500");
        cfg.setProperty("maxClientCnxns", "0");
        for (int i = 0; i < keysAndValues.length; i += 2) {
            cfg.setProperty(keysAndValues[i], keysAndValues[i + 1]);
        }
        return LockstepServer.start(ServerConfig.of(cfg));
    }
}
