package org.lockstep.compat.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.ServerProcess;

/**
 * What the writers at the other servers feel while a server that has lost its disk gets all znodes from them: the 99th
 * percentile of their latency from the start of the server until it serves, as a multiple of that with all servers up; and how
 * long it takes.
 */
final class Rejoin {
    private static final int VALUE_BYTES = 100;
    private static final int SETTLE_MILLIS = 4000;
    private static final int LOOK_MILLIS = 20;
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int PERCENT = 99;
    private static final double MICROS = 1e3;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final Duration LEADER_MAX = Duration.ofSeconds(30);
    private static final long REJOIN_NANOS_MAX = 600_000_000_000L;

    private final ComparisonOptions options;
    private final Path directory;
    private final PrintStream progress;
    private final Row factor;
    private final Row seconds;

    Rejoin(ComparisonOptions options, Path directory, PrintStream progress) {
        this.options = options;
        this.directory = directory;
        this.progress = progress;
        String what = String.format(Locale.ROOT, "a wiped server gets %d znodes: ", options.znodes());
        factor = new Row(what + "p99 of writers meanwhile", "x before", Target.valueAtMost(3));
        seconds = new Row(what + "until it serves", "s", Target.none());
    }

    /** Loads each side in turn and wipes a server as often as there are rounds. */
    List<Row> run() throws IOException {
        for (boolean isBaseline : new boolean[] {true, false}) {
            Side side = isBaseline ? options.baseline() : options.candidate();
            try (EnsembleProcesses ensemble = side.startEnsemble(directory, options.servers(), "durable",
                    options.heapMegabytes(), options.jvmFlags(side))) {
                load(ensemble);
                for (int round = 0; round < options.rounds(); round++) {
                    measure(isBaseline, round, ensemble);
                }
            }
        }
        return List.of(factor, seconds);
    }

    private void load(EnsembleProcesses ensemble) throws IOException {
        BenchResult result = Bench.run(BenchOptions.of(ensemble.addresses(), Op.CREATE).withKeys(1, VALUE_BYTES)
                .withTimes(3600, 0).withCount(options.znodes()).withQuiet(true), progress);
        if (result.errors() > 0 || result.requests() != options.znodes()) {
            throw new IOException("created " + result.requests() + " of " + options.znodes() + " nodes");
        }
    }

    private void measure(boolean isBaseline, int round, EnsembleProcesses ensemble) throws IOException {
        int leader = ensemble.leader(LEADER_MAX);
        int victim = (Math.max(0, leader) + 1) % ensemble.size();
        ServerProcess server = ensemble.server(victim);
        List<FailoverWriter> writers = Failover.writers(ensemble, round).stream()
                .filter(writer -> writer.server() != victim).toList();
        Histogram before;
        Histogram meanwhile;
        double took;
        try {
            writers.forEach(FailoverWriter::start);
            Failover.pause(SETTLE_MILLIS);
            take(writers);
            Failover.pause((int) (1000 * options.seconds()));
            before = take(writers);
            server.kill();
            Failover.pause(SETTLE_MILLIS);
            server.wipe();
            take(writers);
            long begin = System.nanoTime();
            server.launch();
            awaitServing(server, begin);
            took = (System.nanoTime() - begin) / NANOS_PER_SECOND;
            meanwhile = take(writers);
        } finally {
            writers.forEach(FailoverWriter::stop);
        }
        checkNodes(server);
        long calm = before.getValueAtPercentile(PERCENT);
        long busy = meanwhile.getValueAtPercentile(PERCENT);
        factor.add(isBaseline, (double) busy / calm);
        seconds.add(isBaseline, took);
        progress.printf(Locale.ROOT, "rejoin, round %d of %d, %s: p99 %.0f us before, %.0f us meanwhile, %.1f s%n", round + 1,
                options.rounds(), server.name(), calm / MICROS, busy / MICROS, took);
    }

    private static Histogram take(List<FailoverWriter> writers) {
        Histogram all = FailoverWriter.histogram();
        writers.forEach(writer -> writer.takeLatencies(all));
        return all;
    }

    private static void awaitServing(ServerProcess server, long beginNanos) throws IOException {
        while (!server.isServing()) {
            if (!server.isAlive() || System.nanoTime() - beginNanos > REJOIN_NANOS_MAX) {
                throw new IOException("a wiped server does not come back; end of its log:\n" + server.logTail());
            }
            Failover.pause(LOOK_MILLIS);
        }
    }

    /** A server that serves without what it should have got would be fast for nothing. */
    private void checkNodes(ServerProcess server) throws IOException {
        Map<String, String> values = FourLetterWord.monitor(server.host(), server.port(), TIMEOUT_MILLIS);
        String count = values.get("zk_znode_count");
        if (count == null || Long.parseLong(count) < options.znodes()) {
            throw new IOException("the server that was wiped has " + count + " of " + options.znodes() + " znodes");
        }
    }
}
