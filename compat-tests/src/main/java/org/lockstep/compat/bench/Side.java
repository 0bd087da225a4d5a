package org.lockstep.compat.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.lockstep.compat.servers.ApacheProcess;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;

/** A kind of server that takes part in a comparison, with what is left as its makers ship it. */
enum Side {
    APACHE("Apache ZooKeeper", EnsembleProcesses.Kind.APACHE) {
        @Override
        void configure(ServerOptions options, String policy) {
            if (!policy.equals("durable")) {
                options.set("forceSync", "no");
            }
        }

        @Override
        ServerProcess process(ServerOptions options) {
            return new ApacheProcess(options);
        }
    },
    LOCKSTEP("Lockstep", EnsembleProcesses.Kind.LOCKSTEP) {
        @Override
        void configure(ServerOptions options, String policy) {
            options.set("fsyncPolicy", policy);
        }

        @Override
        ServerProcess process(ServerOptions options) {
            return new LockstepProcess(options);
        }

        /** As zkServer.sh does: with an archive of the server's classes, made by a trial start. */
        @Override
        List<String> fastStartFlags(Path directory) throws IOException {
            Path archive = directory.resolve("classes.jsa");
            if (!Files.exists(archive)) {
                try (ServerProcess trial = start(directory, "durable", TRIAL_HEAP_MEGABYTES,
                        List.of("-XX:ArchiveClassesAtExit=" + archive))) {
                    trial.stop();
                }
            }
            return List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto");
        }
    };

    private static final int TRIAL_HEAP_MEGABYTES = 512;

    private final String title;
    private final EnsembleProcesses.Kind kind;

    Side(String title, EnsembleProcesses.Kind kind) {
        this.title = title;
        this.kind = kind;
    }

    String title() {
        return title;
    }

    abstract void configure(ServerOptions options, String policy);

    abstract ServerProcess process(ServerOptions options);

    /**
     * JVM flags with which this side starts as fast as its own start script makes it start; {@code directory} is for what that
     * takes.
     */
    List<String> fastStartFlags(Path directory) throws IOException {
        return List.of();
    }

    /** Starts a server with an empty data directory below {@code parent}. */
    ServerProcess start(Path parent, String policy, int heapMegabytes, List<String> jvmFlags) throws IOException {
        ServerProcess process = stopped(parent, policy, heapMegabytes, jvmFlags);
        try {
            process.start();
        } catch (IOException e) {
            process.close();
            throw e;
        }
        return process;
    }

    /** Starts an ensemble with empty data directories below {@code parent}, with ZooKeeper's timings. */
    EnsembleProcesses startEnsemble(Path parent, int servers, String policy, int heapMegabytes, List<String> jvmFlags)
            throws IOException {
        Path directory = Files.createTempDirectory(parent, name().toLowerCase(Locale.ROOT));
        EnsembleProcesses ensemble =
                new EnsembleProcesses(kind, servers, EnsembleProcesses.Place.LOOPBACK, directory, options -> {
                    options.heapMegabytes(heapMegabytes);
                    jvmFlags.forEach(options::jvmFlag);
                    configure(options, policy);
                });
        try {
            return ensemble.start();
        } catch (IOException e) {
            ensemble.close();
            throw e;
        }
    }

    /** A server with an empty data directory below {@code parent} that is yet to be started. */
    ServerProcess stopped(Path parent, String policy, int heapMegabytes, List<String> jvmFlags) throws IOException {
        ServerOptions options = new ServerOptions(Files.createTempDirectory(parent, name().toLowerCase(Locale.ROOT)))
                .heapMegabytes(heapMegabytes);
        jvmFlags.forEach(options::jvmFlag);
        configure(options, policy);
        return process(options);
    }
}
