package org.lockstep.compat.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.lockstep.compat.servers.ApacheProcess;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;

/** A kind of server that takes part in a comparison, with what is left as its makers ship it. */
enum Side {
    APACHE("Apache ZooKeeper") {
        @Override
        ServerProcess process(ServerOptions options, String policy) {
            if (!policy.equals("durable")) {
                options.set("forceSync", "no");
            }
            return new ApacheProcess(options);
        }
    },
    LOCKSTEP("Lockstep") {
        @Override
        ServerProcess process(ServerOptions options, String policy) {
            return new LockstepProcess(options.set("fsyncPolicy", policy));
        }
    };

    private final String title;

    Side(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    abstract ServerProcess process(ServerOptions options, String policy);

    /** Starts a server with an empty data directory below {@code parent}. */
    ServerProcess start(Path parent, String policy, int heapMegabytes, List<String> jvmFlags) throws IOException {
        ServerOptions options = new ServerOptions(Files.createTempDirectory(parent, name().toLowerCase(Locale.ROOT)))
                .heapMegabytes(heapMegabytes);
        jvmFlags.forEach(options::jvmFlag);
        ServerProcess process = process(options, policy);
        try {
            process.start();
        } catch (IOException e) {
            process.close();
            throw e;
        }
        return process;
    }
}
