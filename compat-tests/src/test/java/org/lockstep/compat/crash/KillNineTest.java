package org.lockstep.compat.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.fsync.FsyncPolicy;

/**
 * kill -9 of the server under load, again and again, and the same for every moment of a recorded run: no policy may lose an
 * acknowledged write. {@code -Dlockstep.crash.rounds=N} makes it longer.
 */
class KillNineTest {
    private static final int ROUNDS = Integer.getInteger("lockstep.crash.rounds", 4);
    private static final long SEED = Long.getLong("lockstep.crash.seed", 1);
    private static final int IMAGES = Integer.getInteger("lockstep.crash.images", 640) / 10;
    private static final int CLIENTS = 6;
    private static final int REPLIES_MIN = 20;
    private static final int NO_END = 1_000_000;
    private static final Duration RESTART_MAX = Duration.ofSeconds(15);

    @TempDir Path scratch;

    @Test
    void durableLosesNothing() throws Exception {
        killAgainAndAgain(FsyncPolicy.DURABLE);
    }

    @Test
    void noSyncLosesNothing() throws Exception {
        killAgainAndAgain(FsyncPolicy.NO_SYNC);
    }

    @Test
    void writeBarrierLosesNothing() throws Exception {
        killAgainAndAgain(FsyncPolicy.WRITE_BARRIER);
    }

    @Test
    void aKillAtAnyMomentOfARecordedRunLosesNothing() throws Exception {
        for (FsyncPolicy policy : FsyncPolicy.values()) {
            Path own = Files.createDirectory(scratch.resolve(policy.key()));
            Recording recording = Recording.make(own, policy, SEED, 100, shim -> shim);
            ImageCheckers.Outcome outcome = ImageCheckers.run(recording, own, SEED, IMAGES, "kill");
            assertEquals(List.of(), outcome.broken(), policy.key());
            assertEquals(IMAGES, outcome.images());
        }
    }

    private void killAgainAndAgain(FsyncPolicy policy) throws Exception {
        ServerOptions options = new ServerOptions(scratch);
        Recording.config(policy).forEach(options::set);
        Recording.shortLived(options);
        Random random = new Random(SEED);
        Workload workload = new Workload(CLIENTS, SEED, new WorkloadClient.Options(16, 0, true));
        try (LockstepProcess server = new LockstepProcess(options)) {
            server.start();
            workload.start(server.port());
            long highest = 0;
            Duration lastRestart = Duration.ZERO;
            for (int round = 0; round < ROUNDS; round++) {
                long roundBegin = System.nanoTime();
                CompletableFuture<Integer> load = CompletableFuture.supplyAsync(() -> runLoad(workload));
                awaitReplies(workload, REPLIES_MIN);
                Thread.sleep(100 + random.nextInt(400));
                server.kill();
                assertEquals(CLIENTS, load.get(), "every client saw the server die");
                if (round % 2 == 1) {
                    killWhileItStarts(server, random.nextInt((int) lastRestart.toMillis() + 1));
                }
                long begin = System.nanoTime();
                server.start();
                lastRestart = Duration.ofNanos(System.nanoTime() - begin);
                assertTrue(lastRestart.compareTo(RESTART_MAX) < 0, "restart took " + lastRestart);
                workload.connect(server.port());
                highest = AckCheck.check(server.port(), workload, highest, roundBegin);
                System.out.println(policy.key() + " round " + round + ": " + workload.writes().size() + " writes, restart "
                        + lastRestart.toMillis() + " ms");
            }
        }
    }

    /** A machine may be so slow that a fixed time would see no reply at all. */
    private static void awaitReplies(Workload workload, int more) throws InterruptedException {
        int enough = workload.replies() + more;
        long deadline = System.nanoTime() + RESTART_MAX.toNanos();
        while (workload.replies() < enough && System.nanoTime() < deadline) {
            Thread.sleep(5);
        }
    }

    private static void killWhileItStarts(LockstepProcess server, int afterMillis) throws Exception {
        server.launch();
        Thread.sleep(afterMillis);
        server.kill();
    }

    private static int runLoad(Workload workload) {
        try {
            return workload.run(NO_END);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
