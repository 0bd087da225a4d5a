package org.lockstep.compat.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.fsync.FsyncPolicy;

/**
 * A medium that fails stops the server: it says so in one line, acknowledges nothing more, and has everything when it starts
 * again.
 */
class FlushFailureTest {
    private static final int CLIENTS = 4;
    private static final int NO_END = 1_000_000;
    private static final Duration STOP_MAX = Duration.ofSeconds(20);

    @TempDir Path scratch;
    private Path data;
    private Path arm;
    private Path trace;

    /** 5 is EIO, 28 is ENOSPC; see iotrace.c for the rest. */
    @ParameterizedTest
    @CsvSource({
        "durable, flush:5:3", "durable, dsync:5:2", "durable, write:28:4+", "durable, flush:28:1",
        "no-sync, flush:5:2", "no-sync, write:5:6", "write-barrier, flush:5:3", "write-barrier, write:28:20+",
    })
    void aFailedFlushOrWriteStopsTheServer(String policy, String fault) throws Exception {
        Workload workload = new Workload(CLIENTS, 1, new WorkloadClient.Options(8, 200, true));
        ServerOptions options = options(policy);
        options.environment(new NativeShim.Options(data).fail(fault, arm).environment());
        try (LockstepProcess server = new LockstepProcess(options)) {
            runUntilItStops(server, workload);
            options.environment(new NativeShim.Options(data).environment());
            server.start();
            workload.connect(server.port());
            AckCheck.check(server.port(), workload, 0, 0);
        }
    }

    /** The flush fails once, the process stops, then the power goes: what was acknowledged had been flushed by an earlier one. */
    @Test
    void aFailedFlushAcknowledgesNothingUnderDurable() throws Exception {
        Workload workload = new Workload(CLIENTS, 2, new WorkloadClient.Options(8, 200, false));
        ServerOptions options = options(FsyncPolicy.DURABLE.key());
        options.environment(new NativeShim.Options(data).trace(trace).fail("flush:5:10", arm).environment());
        try (LockstepProcess server = new LockstepProcess(options)) {
            runUntilItStops(server, workload);
        }
        DiskImages images = new DiskImages(IoEvent.readTrace(trace));
        assertTrue(images.events().stream().anyMatch(event -> event.type() == IoEvent.Type.FLUSH && event.failed()));
        for (Loss.Kind kind : List.of(Loss.Kind.DROP_ALL, Loss.Kind.RANDOM, Loss.Kind.RANDOM_TORN)) {
            Path image = Files.createDirectory(scratch.resolve(kind.name()));
            images.write(images.end() + 1, new Loss(kind, 1), image);
            ServerOptions afterwards = options(FsyncPolicy.DURABLE.key()).set("dataDir", image.toString())
                    .jvmFlag("-Dlockstep.bootId=after-power-loss");
            try (LockstepProcess server = new LockstepProcess(afterwards)) {
                server.start();
                AckCheck.check(server.port(), workload, 0, 0);
            }
        }
    }

    private ServerOptions options(String policy) throws IOException {
        data = Files.createDirectories(scratch.resolve("data"));
        arm = scratch.resolve("armed");
        trace = scratch.resolve("trace");
        ServerOptions options = new ServerOptions(scratch);
        Recording.config(FsyncPolicy.ofKey(policy)).forEach(options::set);
        Recording.shortLived(options);
        return options;
    }

    private void runUntilItStops(LockstepProcess server, Workload workload) throws Exception {
        server.start();
        workload.start(server.port());
        CompletableFuture<Integer> load = CompletableFuture.supplyAsync(() -> {
            try {
                return workload.run(NO_END);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        Thread.sleep(300);
        Files.createFile(arm);
        assertNotEquals(0, server.awaitExit(STOP_MAX), server::logTail);
        assertEquals(CLIENTS, load.get());
        oneLineTellsWhy(server);
    }

    static void oneLineTellsWhy(LockstepProcess server) throws IOException {
        List<String> errors = Files.readAllLines(server.logFile()).stream().filter(line -> line.contains("ERROR")).toList();
        assertEquals(1, errors.size(), () -> "one line must say why it stopped: " + errors);
        assertTrue(errors.get(0).contains("lockstep-3"), "the line names the place: " + errors.get(0));
    }
}
