package org.lockstep.server;

import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.server.admin.Version;
import org.lockstep.server.config.ServerConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The lines that tell, once at start, what runs here and how safely. */
final class Banner {
    private static final Logger LOG = LoggerFactory.getLogger("lockstep");

    private Banner() {}

    static void print(ServerConfig config, LockstepServer server) {
        LOG.info("Lockstep {} serves ZooKeeper clients on {} ({} ms after the start of the JVM)", Version.lockstep(),
                server.clientAddress(), server.startMillis());
        String who = config.ensemble().standalone() ? "view " + server.viewId() + " of one member"
                : "server " + config.ensemble().myId() + " of an ensemble: it serves as soon as it has a place in a view";
        LOG.info("{}; zxid 0x{}, {} znodes, data in {}", who, Long.toHexString(server.lastZxid()), server.nodeCount(),
                config.dataDir());
        if (config.fsyncPolicy() == FsyncPolicy.DURABLE) {
            LOG.info("fsync policy durable: every acknowledged write is on the medium");
        } else {
            LOG.warn("fsync policy {} is UNSAFE against power loss: {}", config.fsyncPolicy().key(),
                    config.fsyncPolicy() == FsyncPolicy.NO_SYNC
                            ? "acknowledged writes of the last " + config.maxUnsyncedMillis() + " ms may be lost"
                            : "acknowledged writes behind the last completed sync may be lost");
        }
    }
}
