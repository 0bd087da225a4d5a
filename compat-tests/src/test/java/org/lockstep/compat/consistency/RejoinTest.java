package org.lockstep.compat.consistency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.bench.Bench;
import org.lockstep.compat.bench.BenchClient;
import org.lockstep.compat.bench.BenchOptions;
import org.lockstep.compat.bench.BenchResult;
import org.lockstep.compat.bench.FailoverWriter;
import org.lockstep.compat.bench.Op;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.EnsembleProcesses.Kind;
import org.lockstep.compat.servers.EnsembleProcesses.Place;
import org.lockstep.compat.servers.FastStart;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;

/**
 * A server that has lost its disk gets everything from the others while clients go on. What they see is judged as ever; and those
 * who write at the other servers must hardly feel it: the 99th percentile of their latency, from the start of the server's process
 * until it serves, is below three times what it is with all servers up. {@code consistency.znodes} there are before (500 000);
 * {@code -Dcompat.server=apache} runs it on Apache ZooKeeper, whose latency is only shown.
 */
class RejoinTest {
    private static final Kind KIND = Kind.fromSystemProperty();
    private static final int ZNODES = Integer.getInteger("consistency.znodes", 500_000);
    private static final long SEED = Long.getLong("consistency.seed", 1);
    private static final int WIPED = 1;
    private static final int WRITERS_PER_SERVER = 4;
    private static final int PERCENT = 99;
    private static final int FACTOR_MAX = 3;
    private static final int BEFORE_MILLIS = 5000;
    /** Between the death of the server and its start: the others go on without it by then. */
    private static final int SETTLE_MILLIS = 3000;
    private static final Duration BACK_MAX = Duration.ofSeconds(120);
    private static final int LOAD_SECONDS_MAX = 600;
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final double NANOS_PER_MILLI = 1e6;

    @TempDir
    static Path startDirectory;

    private static FastStart fastStart;

    @TempDir
    Path directory;

    @BeforeAll
    static void prepareStarts() throws IOException {
        if (KIND == Kind.LOCKSTEP) {
            fastStart = FastStart.prepare(startDirectory);
        }
    }

    private static void settings(ServerOptions options) {
        options.tickTimeMillis(500).set("initLimit", "120").set("syncLimit", "4").heapMegabytes(256);
        options.jvmFlag("-XX:+UseSerialGC").jvmFlag("-XX:TieredStopAtLevel=1");
        if (KIND == Kind.LOCKSTEP) {
            fastStart.apply(options);
            options.set("fsyncPolicy", "no-sync");
        } else {
            options.set("forceSync", "no");
        }
    }

    @Test
    void aWipedServerGetsEverythingWhileWritesGoOn() throws Exception {
        try (EnsembleProcesses ensemble = new EnsembleProcesses(KIND, 3, Place.LOOPBACK, directory, RejoinTest::settings)) {
            ensemble.start();
            load(ensemble);
            try (ConsistencyRun run = new ConsistencyRun(ensemble.addresses(), SEED)) {
                run.start();
                run.awaitProgress();
                List<FailoverWriter> writers = writers(ensemble);
                try {
                    rejoin(ensemble, writers);
                } finally {
                    writers.forEach(FailoverWriter::stop);
                }
                run.awaitProgress();
                for (FailoverWriter writer : writers) {
                    assertEquals(0, writer.missing(ensemble.addresses().get(WIPED)), "acknowledged writes missing");
                }
                run.stop();
                assertEquals(List.of(), run.judge(KIND == Kind.LOCKSTEP), ensemble::logTails);
                assertTrue(run.history().count(Status.OK) > 0, "no load");
            }
            for (int server = 0; server < ensemble.size(); server++) {
                String count = FourLetterWord.monitor(ensemble.server(server).host(), ensemble.server(server).port(),
                        TIMEOUT_MILLIS).get("zk_znode_count");
                assertTrue(Long.parseLong(count) > ZNODES, "server " + server + " has " + count + " znodes");
            }
        }
    }

    private static void load(EnsembleProcesses ensemble) throws IOException {
        BenchResult loaded = Bench.run(BenchOptions.of(ensemble.addresses(), Op.CREATE).withTimes(LOAD_SECONDS_MAX, 0)
                .withCount(ZNODES).withQuiet(true), System.out);
        assertEquals(ZNODES, loaded.requests() - loaded.errors());
    }

    private static List<FailoverWriter> writers(EnsembleProcesses ensemble) throws IOException {
        List<FailoverWriter> writers = new ArrayList<>();
        for (int server = 0; server < ensemble.size(); server++) {
            InetSocketAddress address = ensemble.addresses().get(server);
            try (BenchClient client = new BenchClient(address, TIMEOUT_MILLIS)) {
                for (int i = 0; i < WRITERS_PER_SERVER && server != WIPED; i++) {
                    String parent = "/writers/s" + server + "w" + i;
                    client.createPath(parent);
                    writers.add(new FailoverWriter(server, address, parent));
                }
            }
        }
        return writers;
    }

    private static void rejoin(EnsembleProcesses ensemble, List<FailoverWriter> writers) throws Exception {
        writers.forEach(FailoverWriter::start);
        Thread.sleep(SETTLE_MILLIS);
        take(writers);
        Thread.sleep(BEFORE_MILLIS);
        double before = take(writers);
        ServerProcess wiped = ensemble.server(WIPED);
        wiped.kill();
        wiped.wipe();
        Thread.sleep(SETTLE_MILLIS);
        take(writers);
        long begin = System.nanoTime();
        wiped.start(BACK_MAX);
        long tookMillis = (System.nanoTime() - begin) / 1_000_000;
        double meanwhile = take(writers);
        String figures = String.format(Locale.ROOT, "serves again after %d ms; p99 of writers %.1f ms before, %.1f ms meanwhile",
                tookMillis, before, meanwhile);
        System.out.println(figures);
        if (KIND == Kind.LOCKSTEP) {
            assertTrue(meanwhile < FACTOR_MAX * before, figures);
            assertEquals(0, writers.stream().mapToInt(FailoverWriter::connectionsLost).sum(), "connections lost");
        }
    }

    /** The percentile of the writes since the last call, in milliseconds. */
    private static double take(List<FailoverWriter> writers) {
        Histogram all = FailoverWriter.histogram();
        writers.forEach(writer -> writer.takeLatencies(all));
        return all.getValueAtPercentile(PERCENT) / NANOS_PER_MILLI;
    }
}
