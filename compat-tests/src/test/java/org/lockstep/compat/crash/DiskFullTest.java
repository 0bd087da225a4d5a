package org.lockstep.compat.crash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.fsync.FsyncPolicy;

/** A disk that runs full, for real: the data directory lies on a small file system. Needs root, as mounting does. */
class DiskFullTest {
    private static final int CLIENTS = 4;
    private static final int NO_END = 1_000_000;
    private static final int DATA_BYTES = 50_000;

    @TempDir Path scratch;
    private Path mount;

    @BeforeEach
    void mountSmallDisk() throws Exception {
        mount = Files.createDirectory(scratch.resolve("disk"));
        run("mount", "-t", "tmpfs", "-o", "size=192m", "lockstep-test", mount.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", mount.toString());
    }

    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void aFullDiskStopsTheServerAndLosesNothing(FsyncPolicy policy) throws Exception {
        ServerOptions options = new ServerOptions(scratch).set("dataDir", mount.resolve("data").toString());
        Recording.config(policy).forEach(options::set);
        Workload workload = new Workload(CLIENTS, 1, new WorkloadClient.Options(8, 0, true, DATA_BYTES));
        try (LockstepProcess server = new LockstepProcess(options)) {
            server.start();
            workload.start(server.port());
            CompletableFuture<Integer> load = CompletableFuture.supplyAsync(() -> {
                try {
                    return workload.run(NO_END);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertNotEquals(0, server.awaitExit(Duration.ofSeconds(60)), server::logTail);
            assertEquals(CLIENTS, load.get());
            FlushFailureTest.oneLineTellsWhy(server);
            run("mount", "-o", "remount,size=600m", mount.toString());
            server.start();
            workload.connect(server.port());
            AckCheck.check(server.port(), workload, 0, 0);
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), () -> String.join(" ", command) + ": " + output);
    }
}
