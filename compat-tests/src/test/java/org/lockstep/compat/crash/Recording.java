package org.lockstep.compat.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
    private static final int NO_END = 1_000_000;

    /** What the server under test is told: flushes and checkpoints come often, so that a short run has many of each. */
    static Map<String, String> config(FsyncPolicy policy) {
        return Map.of("fsyncPolicy", policy.key(), "maxUnsyncedMillis", String.valueOf(MAX_UNSYNCED_MILLIS),
                "checkpointMillis", "40");
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
        // a lazy policy answers at once: without pauses the whole run would fit between two flushes
        int pauseMicros = policy.isLazy() ? 6000 : 1000;
        Workload workload = new Workload(CLIENTS, seed, new WorkloadClient.Options(4, pauseMicros, true));
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

    /**
     * As {@link #make}, but the server is killed on the way, after {@code records} recorded calls under load, and started again
     * without a reboot: it trusts what the first one left in the page cache, of which a power cut later knows nothing.
     */
    static Recording makeOverKill(Path scratch, FsyncPolicy policy, long seed, int count, int records) throws Exception {
        Path directory = Files.createDirectories(scratch.resolve("recorded"));
        Path dataDir = Files.createDirectories(directory.resolve("data"));
        Path arm = scratch.resolve("armed");
        Recording recording = new Recording(policy, dataDir, scratch.resolve("trace"), scratch.resolve("history"));
        ServerOptions options = new ServerOptions(directory).jvmFlag("-Dlockstep.bootId=" + BOOT_ID).environment(
                new NativeShim.Options(dataDir).trace(recording.trace()).killAfter(records, arm).environment());
        config(policy).forEach(options::set);
        shortLived(options);
        int pauseMicros = policy.isLazy() ? 6000 : 1000;
        // one request in flight for each client, so that the tree tells which of those without a reply took effect
        Workload workload = new Workload(2 * CLIENTS, seed, new WorkloadClient.Options(1, pauseMicros, true));
        try (LockstepProcess server = new LockstepProcess(options)) {
            server.start();
            workload.start(server.port());
            Files.createFile(arm);
            if (workload.run(NO_END) != 2 * CLIENTS) {
                throw new IOException("the server was not killed; end of its log:\n" + server.logTail());
            }
            server.awaitExit(Duration.ofSeconds(10));
            options.environment(new NativeShim.Options(dataDir).trace(recording.trace()).environment());
            server.start();
            workload.connect(server.port());
            try (RawClient reader = new RawClient(server.port(), 10_000)) {
                Map<String, NodeView> tree = NodeView.readTree(reader);
                workload.clients().forEach(client -> client.resolve(tree));
            }
            workload.run(count);
            server.stop();
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

    DiskImages images() throws IOException {
        return new DiskImages(IoEvent.readTrace(trace));
    }

    History writes() throws IOException {
        return new History(Write.load(history));
    }

    /** What the recorder missed; empty when it saw everything. */
    List<String> missed() throws IOException {
        return images().differences(dataDir);
    }
}
