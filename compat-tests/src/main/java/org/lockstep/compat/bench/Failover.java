package org.lockstep.compat.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.ServerProcess;

/**
 * What the clients of the other servers see when one fails: a few at each server write all the time, then the leader (at
 * Lockstep, which has none, the member of rank 0) is killed or stopped. Figures: how many of the connections to the survivors are
 * lost, the longest time that one of their clients had to wait from one acknowledged write to the next, and how many acknowledged
 * writes of all clients are missing afterwards.
 */
final class Failover {
    private static final int WRITERS_PER_SERVER = 4;
    private static final int BEFORE_MILLIS = 3000;
    private static final int AFTER_MILLIS = 3000;
    private static final int LOOK_MILLIS = 20;
    private static final long OUTAGE_NANOS_MAX = 60_000_000_000L;
    private static final Duration LEADER_MAX = Duration.ofSeconds(30);
    private static final Duration BACK_MAX = Duration.ofSeconds(90);
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int KEYS = 1000;
    private static final int VALUE_BYTES = 100;
    private static final int WARMUP_SHAPE = 15;
    private static final double NANOS_PER_MILLI = 1e6;
    static final String ROOT = "/failover";

    private final ComparisonOptions options;
    private final Path directory;
    private final PrintStream progress;
    private final Signal signal;
    private final Row lost;
    private final Row gap;
    private final Row missing;

    /** How the server fails. */
    enum Signal {
        KILL(Contest.KILL, "kill -9 of a server", 150),
        /** The failure timeout of Lockstep's configuration, 1000 ms, and as much more as after a kill. */
        FREEZE(Contest.FREEZE, "SIGSTOP of a server", 1150);

        private final String contest;
        private final String title;
        private final double gapMillisMax;

        Signal(String contest, String title, double gapMillisMax) {
            this.contest = contest;
            this.title = title;
            this.gapMillisMax = gapMillisMax;
        }

        String contest() {
            return contest;
        }
    }

    Failover(ComparisonOptions options, Path directory, PrintStream progress, Signal signal) {
        this.options = options;
        this.directory = directory;
        this.progress = progress;
        this.signal = signal;
        int clients = (options.servers() - 1) * WRITERS_PER_SERVER;
        lost = new Row(signal.title + ": of " + clients + " connections to the others lost", "connections",
                Target.valueAtMost(0));
        gap = new Row(signal.title + ": longest gap between two writes", "ms", Target.valueAtMost(signal.gapMillisMax));
        missing = new Row(signal.title + ": acknowledged writes missing", "writes", Target.valueAtMost(0));
    }

    /** Runs both sides, one after the other in each round, each with an ensemble of its own that is warmed up once. */
    List<Row> run() throws IOException {
        try (EnsembleProcesses baseline = start(options.baseline());
                EnsembleProcesses candidate = start(options.candidate())) {
            for (int round = 0; round < options.rounds(); round++) {
                measure(true, round, baseline);
                measure(false, round, candidate);
            }
        }
        return List.of(lost, gap, missing);
    }

    private EnsembleProcesses start(Side side) throws IOException {
        EnsembleProcesses ensemble = side.startEnsemble(directory, options.servers(), "durable", options.heapMegabytes(),
                options.jvmFlags(side));
        try {
            Bench.run(BenchOptions.of(ensemble.addresses(), Op.SET).withShape(WARMUP_SHAPE, WARMUP_SHAPE)
                    .withKeys(KEYS, VALUE_BYTES).withTimes(options.warmupSeconds(), 0).withQuiet(true), progress);
            return ensemble;
        } catch (IOException e) {
            ensemble.close();
            throw e;
        }
    }

    private void measure(boolean isBaseline, int round, EnsembleProcesses ensemble) throws IOException {
        int victim = ensemble.leader(LEADER_MAX);
        if (victim < 0) {
            throw new IOException("no server says that it leads, or has rank 0:\n" + ensemble.logTails());
        }
        List<FailoverWriter> writers = writers(ensemble, round);
        List<FailoverWriter> survivors = writers.stream().filter(writer -> writer.server() != victim).toList();
        try {
            writers.forEach(FailoverWriter::start);
            pause(BEFORE_MILLIS);
            fail(ensemble.server(victim));
            long failed = System.nanoTime(); // what is begun before may still be answered, by who fails
            awaitWrites(survivors, failed, ensemble);
            pause(AFTER_MILLIS);
        } finally {
            writers.forEach(FailoverWriter::stop);
        }
        int survivor = (victim + 1) % ensemble.size();
        long gone = 0;
        for (FailoverWriter writer : writers) {
            gone += writer.missing(ensemble.addresses().get(survivor));
        }
        int connections = survivors.stream().mapToInt(FailoverWriter::connectionsLost).sum();
        double millis = survivors.stream().mapToLong(FailoverWriter::longestGapNanos).max().orElse(0) / NANOS_PER_MILLI;
        lost.add(isBaseline, connections);
        gap.add(isBaseline, millis);
        missing.add(isBaseline, gone);
        int acknowledged = writers.stream().mapToInt(FailoverWriter::acknowledged).sum();
        progress.printf(Locale.ROOT,
                "%s, round %d of %d, %s: %d connections lost, longest gap %.0f ms, %d of %d writes missing%n", signal.contest(),
                round + 1, options.rounds(), ensemble.server(0).name(), connections, millis, gone, acknowledged);
        mend(ensemble, victim);
    }

    /** A few writers at each server, not yet started, with parents of their own for this {@code round}. */
    static List<FailoverWriter> writers(EnsembleProcesses ensemble, int round) throws IOException {
        List<FailoverWriter> writers = new ArrayList<>();
        try (BenchClient client = new BenchClient(ensemble.addresses().get(0), TIMEOUT_MILLIS)) {
            for (int server = 0; server < ensemble.size(); server++) {
                InetSocketAddress address = ensemble.addresses().get(server);
                for (int i = 0; i < WRITERS_PER_SERVER; i++) {
                    String parent = ROOT + "/round" + round + "-server" + server + "-writer" + i;
                    client.createPath(parent);
                    writers.add(new FailoverWriter(server, address, parent));
                }
            }
        }
        return writers;
    }

    private void fail(ServerProcess server) throws IOException {
        if (signal == Signal.KILL) {
            server.kill();
        } else {
            server.freeze();
        }
    }

    private static void awaitWrites(List<FailoverWriter> survivors, long failedNanos, EnsembleProcesses ensemble)
            throws IOException {
        while (!survivors.stream().allMatch(writer -> writer.lastBegunNanos() > failedNanos)) {
            if (System.nanoTime() - failedNanos > OUTAGE_NANOS_MAX) {
                throw new IOException("no writes for a minute after a server failed:\n" + ensemble.logTails());
            }
            pause(LOOK_MILLIS);
        }
    }

    private void mend(EnsembleProcesses ensemble, int victim) throws IOException {
        if (signal == Signal.KILL) {
            ensemble.server(victim).launch();
        } else {
            ensemble.server(victim).thaw();
        }
        ensemble.awaitServing(BACK_MAX);
    }

    static void pause(int millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
