package org.lockstep.compat.crash;

import java.nio.file.Path;
import java.util.Properties;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.server.LockstepServer;
import org.lockstep.server.config.ServerConfig;

/** A Lockstep server inside this JVM, on a directory that is there already and with a boot id of the caller's choice. */
final class EmbeddedServer implements AutoCloseable {
    private final LockstepServer server;

    private EmbeddedServer(LockstepServer server) {
        this.server = server;
    }

    /** Not for several threads at once: the boot id travels in a system property. */
    static EmbeddedServer start(Path dataDir, FsyncPolicy policy, String bootId) throws Exception {
        Properties config = new Properties();
        Recording.config(policy).forEach(config::setProperty);
        config.setProperty("dataDir", dataDir.toString());
        config.setProperty("clientPort", "0");
        config.setProperty("clientPortAddress", "127.0.0.1");
        System.setProperty("lockstep.bootId", bootId);
        return new EmbeddedServer(LockstepServer.start(ServerConfig.of(config)));
    }

    int port() {
        return server.clientPort();
    }

    @Override
    public void close() {
        server.close();
    }
}
