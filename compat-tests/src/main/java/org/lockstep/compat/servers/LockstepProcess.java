package org.lockstep.compat.servers;

import java.util.List;
import java.util.Properties;

/** Lockstep, from the classes on this JVM's class path. {@code fsyncPolicy} is set as any other key of zoo.cfg. */
public final class LockstepProcess extends ServerProcess {
    public LockstepProcess(ServerOptions options) {
        super(options);
    }

    @Override
    protected String mainClass() {
        return "org.lockstep.server.Main";
    }

    @Override
    protected List<String> requiredJvmFlags() {
        return List.of(
                "--add-opens", "java.base/java.nio=ALL-UNNAMED",
                "--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED");
    }

    @Override
    protected void completeConfig(Properties config) {
        config.putIfAbsent("admin.enableServer", "false");
    }

    @Override
    public String name() {
        return "Lockstep";
    }
}
