package org.lockstep.compat.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.fsync.FsyncPolicy;

/** Recordings of a server that crashes under load, is started again and goes on: so that it can crash a second time. */
final class CrashedRecording {
    private static final int NO_END = 1_000_000;
    private static final int CLIENTS = 2 * Recording.CLIENTS;
    private static final Duration DEATH_MAX = Duration.ofSeconds(10);

    private final Path scratch;
    private final FsyncPolicy policy;
    private final long seed;
    private final Path dataDir;
    private final Path trace;
    private final Path arm;
    private final ServerOptions options;

    private CrashedRecording(Path scratch, FsyncPolicy policy, long seed) throws IOException {
        this.scratch = scratch;
        this.arm = scratch.resolve("armed");
        this.policy = policy;
        this.seed = seed;
        this.dataDir = Files.createDirectories(scratch.resolve("recorded").resolve("data"));
        this.trace = scratch.resolve("trace");
        this.options = new ServerOptions(scratch.resolve("recorded")).jvmFlag("-Dlockstep.bootId=" + Recording.BOOT_ID);
        Recording.config(policy).forEach(options::set);
        Recording.shortLived(options);
    }

    /**
     * A server that is killed after {@code records} recorded calls under load, and started again without a reboot: it trusts what
     * the first one left in the page cache, of which a power cut later knows nothing. One trace spans both.
     *
     * @param atFlush it is killed when it is about to flush next: a commit's pages are written, their flush and meta page are not
     */
    static Recording overKill(Path scratch, FsyncPolicy policy, long seed, int count, int records, boolean atFlush)
            throws IOException {
        CrashedRecording crashed = new CrashedRecording(scratch, policy, seed);
        Workload workload = crashed.workload(0);
        try (LockstepProcess server = new LockstepProcess(crashed.options)) {
            crashed.runUntilDead(server, workload, shim -> {
                shim.killAfter(records, crashed.arm);
                return atFlush ? shim.killAtFlush() : shim;
            });
            crashed.options.environment(new NativeShim.Options(crashed.dataDir).trace(crashed.trace).environment());
            server.start();
            workload.connect(server.port());
            Map<String, NodeView> tree = readTree(server);
            workload.clients().forEach(client -> client.resolve(tree));
            crashed.finish(server, workload, count);
        }
        return crashed.save(workload.writes());
    }

    /**
     * A server whose power goes after {@code records} recorded calls under load, with a loss of that kind, and that is started
     * again on what is left. The trace begins with this second start.
     */
    static Recording overPowerLoss(Path scratch, FsyncPolicy policy, long seed, int count, int records, Loss.Kind kind)
            throws IOException {
        Path first = Files.createDirectories(scratch.resolve("first"));
        CrashedRecording beforeLoss = new CrashedRecording(first, policy, seed);
        Workload lost = beforeLoss.workload(0);
        try (LockstepProcess server = new LockstepProcess(beforeLoss.options)) {
            beforeLoss.runUntilDead(server, lost, shim -> shim.killAfter(records, beforeLoss.arm));
        }
        CrashedRecording crashed = new CrashedRecording(scratch, policy, seed);
        DiskImages images = new DiskImages(IoEvent.readTrace(beforeLoss.trace));
        long cut = images.end() + 1;
        images.write(cut, new Loss(kind, seed), crashed.dataDir);
        images.write(cut, new Loss(kind, seed), Files.createDirectories(Recording.before(crashed.trace)));
        crashed.options.jvmFlag("-Dlockstep.bootId=after-power-loss")
                .environment(new NativeShim.Options(crashed.dataDir).trace(crashed.trace).environment());
        Workload workload = crashed.workload(CLIENTS);
        List<Write> writes;
        try (LockstepProcess server = new LockstepProcess(crashed.options)) {
            server.start();
            Map<String, NodeView> tree = readTree(server);
            long last = History.lastZxid(tree);
            lost.clients().forEach(client -> client.resolve(tree));
            writes = new ArrayList<>(lost.writes().stream().filter(write -> write.zxid() <= last).toList());
            workload.start(server.port());
            crashed.finish(server, workload, count);
        }
        writes.addAll(workload.writes());
        return crashed.save(writes);
    }

    /**
     * A server that stops because a flush or a write failed, as {@code fault} says; see iotrace.c. The trace ends there. A second
     * start, which is not recorded, only tells which of the requests without a reply took effect.
     */
    static Recording overFailure(Path scratch, FsyncPolicy policy, long seed, String fault) throws IOException {
        CrashedRecording crashed = new CrashedRecording(scratch, policy, seed);
        Workload workload = crashed.workload(0);
        try (LockstepProcess server = new LockstepProcess(crashed.options)) {
            crashed.runUntilDead(server, workload, shim -> shim.fail(fault, crashed.arm));
            crashed.options.environment(Map.of());
            server.start();
            Map<String, NodeView> tree = readTree(server);
            workload.clients().forEach(client -> client.resolve(tree));
        }
        return crashed.save(workload.writes());
    }

    /** One request in flight for each client, so that the tree tells which of those without a reply took effect. */
    private Workload workload(int firstNumber) {
        return new Workload(firstNumber, CLIENTS, seed, new WorkloadClient.Options(1, Recording.pauseMicros(policy), true));
    }

    private void runUntilDead(LockstepProcess server, Workload workload, UnaryOperator<NativeShim.Options> death)
            throws IOException {
        options.environment(death.apply(new NativeShim.Options(dataDir).trace(trace)).environment());
        server.start();
        workload.start(server.port());
        Files.createFile(arm);
        if (workload.run(NO_END) != CLIENTS) {
            throw new IOException("the server did not die; end of its log:\n" + server.logTail());
        }
        server.awaitExit(DEATH_MAX);
    }

    private void finish(LockstepProcess server, Workload workload, int count) throws IOException {
        if (workload.run(count) != 0) {
            throw new IOException("the server was lost; end of its log:\n" + server.logTail());
        }
        server.stop();
    }

    private static Map<String, NodeView> readTree(LockstepProcess server) throws IOException {
        try (RawClient reader = new RawClient(server.port(), 10_000)) {
            return NodeView.readTree(reader);
        }
    }

    private Recording save(List<Write> writes) throws IOException {
        Recording recording = new Recording(policy, dataDir, trace, scratch.resolve("history"));
        Write.save(writes, recording.history());
        return recording;
    }
}
