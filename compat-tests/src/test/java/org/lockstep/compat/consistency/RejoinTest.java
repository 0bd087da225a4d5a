package org.lockstep.compat.consistency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.bench.Bench;
import org.lockstep.compat.bench.BenchOptions;
import org.lockstep.compat.bench.BenchResult;
import org.lockstep.compat.bench.Op;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.EnsembleProcesses.Kind;
import org.lockstep.compat.servers.EnsembleProcesses.Place;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;

/** A server that has lost its disk gets everything from the others while clients go on; what they see is judged as ever. */
@Tag("ensemble")
class RejoinTest {
    private static final Kind KIND = Kind.fromSystemProperty();
    private static final int ZNODES = Integer.getInteger("consistency.znodes", 50_000);
    private static final long SEED = Long.getLong("consistency.seed", 1);
    private static final Duration BACK_MAX = Duration.ofSeconds(120);
    private static final int LOAD_SECONDS_MAX = 600;
    private static final int TIMEOUT_MILLIS = 10_000;

    @TempDir
    Path directory;

    private static void settings(ServerOptions options) {
        options.tickTimeMillis(500).set("initLimit", "120").set("syncLimit", "4").heapMegabytes(256);
        options.jvmFlag("-XX:+UseSerialGC").jvmFlag("-XX:TieredStopAtLevel=1");
        options.set(KIND == Kind.LOCKSTEP ? "fsyncPolicy" : "forceSync", KIND == Kind.LOCKSTEP ? "no-sync" : "no");
    }

    @Test
    void aWipedServerGetsEverythingWhileWritesGoOn() throws Exception {
        try (EnsembleProcesses ensemble = new EnsembleProcesses(KIND, 3, Place.LOOPBACK, directory, RejoinTest::settings)) {
            ensemble.start();
            BenchResult loaded = Bench.run(BenchOptions.of(ensemble.addresses(), Op.CREATE).withTimes(LOAD_SECONDS_MAX, 0)
                    .withCount(ZNODES).withQuiet(true), System.out);
            assertEquals(ZNODES, loaded.requests() - loaded.errors());
            try (ConsistencyRun run = new ConsistencyRun(ensemble.addresses(), SEED)) {
                run.start();
                run.awaitProgress();
                ServerProcess wiped = ensemble.server(1);
                wiped.kill();
                wiped.wipe();
                long begin = System.nanoTime();
                long acknowledged = run.history().count(Status.OK);
                wiped.start(BACK_MAX);
                System.out.println("serves again after " + (System.nanoTime() - begin) / 1_000_000 + " ms; "
                        + (run.history().count(Status.OK) - acknowledged) + " requests succeeded meanwhile");
                run.awaitProgress();
                assertTrue(run.history().count(Status.OK) > acknowledged, "no request succeeded meanwhile");
                run.stop();
                assertEquals(List.of(), run.judge(KIND == Kind.LOCKSTEP), ensemble::logTails);
            }
            for (int server = 0; server < ensemble.size(); server++) {
                String count = FourLetterWord.monitor(ensemble.server(server).host(), ensemble.server(server).port(),
                        TIMEOUT_MILLIS).get("zk_znode_count");
                assertTrue(Long.parseLong(count) > ZNODES, "server " + server + " has " + count + " znodes");
            }
        }
    }
}
