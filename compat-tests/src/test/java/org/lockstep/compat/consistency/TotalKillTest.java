package org.lockstep.compat.consistency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.EnsembleProcesses.Kind;
import org.lockstep.compat.servers.EnsembleProcesses.Place;
import org.lockstep.compat.servers.FastStart;
import org.lockstep.compat.servers.ServerOptions;

/**
 * kill -9 of all three servers at once, under load, and all started again: under no policy may an acknowledged write be missing,
 * and the ensemble takes writes again soon. The time counts from the start of the processes. {@code -Dconsistency.kills=N}
 * makes it longer; {@code -Dcompat.server=apache} runs it on Apache ZooKeeper, whose time is only shown.
 */
class TotalKillTest {
    private static final Kind KIND = Kind.fromSystemProperty();
    private static final int KILLS = Integer.getInteger("consistency.kills", 2);
    private static final long SEED = Long.getLong("consistency.seed", 1);
    private static final Duration SERVING_MAX = KIND == Kind.LOCKSTEP ? Duration.ofSeconds(3) : Duration.ofSeconds(60);
    private static final Duration ALL_SERVING_MAX = Duration.ofSeconds(60);
    private static final int LOAD_MILLIS = 2000;
    private static final int SESSION_TIMEOUT_MILLIS = 8000;

    @TempDir
    static Path startDirectory;

    private static FastStart fastStart;

    @TempDir
    Path directory;

    /** Three servers that start at once share the processors: they do it as the start script has them do it. */
    @BeforeAll
    static void prepareStarts() throws IOException {
        if (KIND == Kind.LOCKSTEP) {
            fastStart = FastStart.prepare(startDirectory);
        }
    }

    @Test
    void durableLosesNothing() throws Exception {
        killAll("durable");
    }

    @Test
    void noSyncLosesNothing() throws Exception {
        killAll("no-sync");
    }

    @Test
    void writeBarrierLosesNothing() throws Exception {
        assumeTrue(KIND == Kind.LOCKSTEP, "Apache ZooKeeper has no such policy");
        killAll("write-barrier");
    }

    private static void settings(ServerOptions options, String policy) {
        options.tickTimeMillis(500).set("initLimit", "20").set("syncLimit", "4").heapMegabytes(128);
        options.jvmFlag("-XX:+UseSerialGC").jvmFlag("-XX:TieredStopAtLevel=1");
        if (KIND == Kind.LOCKSTEP) {
            fastStart.apply(options);
            options.set("fsyncPolicy", policy);
        } else if (!policy.equals("durable")) {
            options.set("forceSync", "no");
        }
    }

    private void killAll(String policy) throws Exception {
        try (EnsembleProcesses ensemble =
                new EnsembleProcesses(KIND, 3, Place.LOOPBACK, directory, options -> settings(options, policy))) {
            ensemble.start();
            try (ConsistencyRun run = new ConsistencyRun(ensemble.addresses(), SEED)) {
                run.start();
                for (int kill = 0; kill < KILLS; kill++) {
                    long acknowledged = run.history().count(Status.OK);
                    Thread.sleep(LOAD_MILLIS);
                    assertTrue(run.history().count(Status.OK) > acknowledged, "no load before the kill");
                    ensemble.killAll();
                    Duration serving = restart(ensemble, run.history());
                    System.out.println(policy + ", kill " + kill + ": writes after " + serving.toMillis() + " ms");
                    assertTrue(serving.compareTo(SERVING_MAX) <= 0, () -> "first write after " + serving);
                    ensemble.awaitServing(ALL_SERVING_MAX);
                    run.awaitProgress();
                }
                run.stop();
                assertEquals(List.of(), run.judge(KIND == Kind.LOCKSTEP), ensemble::logTails);
            }
        }
    }

    /** Starts all servers and returns how long it took until a write was acknowledged. */
    private static Duration restart(EnsembleProcesses ensemble, History history) throws Exception {
        long begin = System.nanoTime();
        ensemble.launch();
        try (RawNodeClient client = new RawNodeClient(ensemble.addresses(), 0, SESSION_TIMEOUT_MILLIS)) {
            Operation write;
            do {
                String value = "serving" + System.nanoTime();
                write = history.ask(client, ConsistencyRun.OBSERVER, Part.create(RegisterWorker.LOG + "/" + value, value));
            } while (write.status() != Status.OK);
            Duration serving = Duration.ofNanos(System.nanoTime() - begin);
            client.closeSession();
            return serving;
        }
    }
}
