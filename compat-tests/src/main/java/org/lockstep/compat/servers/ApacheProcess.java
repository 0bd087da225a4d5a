package org.lockstep.compat.servers;

import java.util.List;
import java.util.Properties;

/**
 * Apache ZooKeeper, from the jar on this JVM's class path: standalone, or a quorum peer when zoo.cfg has {@code server.N} lines. Its
 * admin server is off. {@code forceSync=no} is set as any other key.
 */
public final class ApacheProcess extends ServerProcess {
    private final boolean quorum;

    public ApacheProcess(ServerOptions options) {
        super(options);
        quorum = options.zooCfg() != null || options.config().stringPropertyNames().stream().anyMatch(key -> key.startsWith("server."));
    }

    @Override
    protected String mainClass() {
        return quorum
                ? "org.apache.zookeeper.server.quorum.QuorumPeerMain"
                : "org.apache.zookeeper.server.ZooKeeperServerMain";
    }

    @Override
    protected List<String> requiredJvmFlags() {
        return List.of("-Dzookeeper.jmx.log4j.disable=true");
    }

    @Override
    protected void completeConfig(Properties config) {
        config.putIfAbsent("admin.enableServer", "false");
    }

    @Override
    public String name() {
        return "Apache ZooKeeper";
    }
}
