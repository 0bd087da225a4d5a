package org.lockstep.compat.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.fsync.FsyncPolicy;

/**
 * A run of a server under load with every write and flush recorded, ended by an orderly stop.
 *
 * @param dataDir what the server left
 * @param trace the I/O trace, for {@link IoEvent#readTrace}
 * @param history the writes, for {@link Write#load}
 */
record Recording(FsyncPolicy policy, Path dataDir, Path trace, Path history) {
    /** The boot id that the recorded server is given. */
    static final String BOOT_ID = "recorded";
    static final int MAX_UNSYNCED_MILLIS = 20;
    static final int CLIENTS = 5;

    /** What the server under test is told: flushes and checkpoints come often, so that a short run has many of each. */
    static Map<String, String> config(FsyncPolicy policy) {
        return Map.of("fsyncPolicy", policy.key(), "maxUnsyncedMillis", String.valueOf(MAX_UNSYNCED_MILLIS),
                "checkpointMillis", "40", "maxSessionTimeout", String.valueOf(WorkloadClient.SESSION_TIMEOUT_MILLIS));
    }

    /** A lazy policy answers at once: without pauses the whole run would fit between two flushes. */
    static int pauseMicros(FsyncPolicy policy) {
        return policy.isLazy() ? 6000 : 1000;
    }

    /** Where a copy of the data directory lies when the trace did not begin with an empty one. */
    static Path before(Path trace) {
        return trace.resolveSibling("before");
    }

    /**
     * Starts a server below {@code scratch}, lets {@link #CLIENTS} clients send {@code count} requests each, stops it.
     *
     * @param shim what else the recorder is told
     */
    static Recording make(Path scratch, FsyncPolicy policy, long seed, int count, UnaryOperator<NativeShim.Options> shim)
            throws IOException {
        Path directory = Files.createDirectories(scratch.resolve("recorded"));
        Path dataDir = Files.createDirectories(directory.resolve("data"));
        Recording recording = new Recording(policy, dataDir, scratch.resolve("trace"), scratch.resolve("history"));
        ServerOptions options = new ServerOptions(directory).jvmFlag("-Dlockstep.bootId=" + BOOT_ID)
                .environment(shim.apply(new NativeShim.Options(dataDir).trace(recording.trace())).environment());
        config(policy).forEach(options::set);
        shortLived(options);
        Workload workload = new Workload(CLIENTS, seed, new WorkloadClient.Options(4, pauseMicros(policy), true));
        try (LockstepProcess server = new LockstepProcess(options)) {
            server.start();
            workload.start(server.port());
            if (workload.run(count) != 0) {
                throw new IOException("the server was lost; end of its log:\n" + server.logTail());
            }
            int exit = server.stop();
            if (exit != 0 && exit != 143) {
                throw new IOException("exit code " + exit + "; end of its log:\n" + server.logTail());
            }
        }
        Write.save(workload.writes(), recording.history());
        return recording;
    }

    /** The same run, to be checked against what another policy promises. */
    Recording promising(FsyncPolicy other) {
        return new Recording(other, dataDir, trace, history);
    }

    /** Flags of a JVM that lives for seconds only. */
    static void shortLived(ServerOptions options) {
        List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto").forEach(options::jvmFlag);
    }

    /** Copies what the images are made of into a new directory below {@code target}, which is returned. */
    Path keep(Path target) throws IOException {
        Path kept = Files.createTempDirectory(Files.createDirectories(target), policy.key() + "-");
        Files.copy(trace, kept.resolve("trace"));
        Files.copy(history, kept.resolve("history"));
        if (Files.isDirectory(before(trace))) {
            try (var walk = Files.walk(before(trace))) {
                for (Path path : walk.sorted().toList()) {
                    Files.copy(path, kept.resolve("before").resolve(before(trace).relativize(path).toString()));
                }
            }
        }
        return kept;
    }

    DiskImages images() throws IOException {
        List<IoEvent> events = IoEvent.readTrace(trace);
        return new DiskImages(Files.isDirectory(before(trace)) ? Prelude.of(before(trace), events) : events);
    }

    History writes() throws IOException {
        return new History(Write.load(history));
    }

    /** What the recorder missed; empty when it saw everything. */
    List<String> missed() throws IOException {
        return images().differences(dataDir);
    }
}
