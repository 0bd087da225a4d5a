package org.lockstep.compat.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Runs two servers, or two ensembles, through the same contests on the same machine and disk, in turn: A B A B ..., one loaded at
 * a time. The connections to an ensemble are spread over its servers.
 *
 * <p>Every contest has servers of its own with empty data directories, each warmed up with the requests of the contest. The other
 * server stays up, idle, except where the tree grows (create): there each measurement has its own server and no other is up.
 */
final class Comparison {
    private static final int VALUE_BYTES = 100;
    private static final int KEYS = 1000;
    private static final double SETTLE_SECONDS = 0.5;
    private static final int WARMUP_SHAPE = 16;
    private static final int LOOK_MILLIS = 2000;
    private static final double BUSY_SHARE_MAX = 0.1;
    private static final int PERCENT = 100;

    private final ComparisonOptions options;
    private final PrintStream out;
    private final PrintStream progress;
    private final List<Row> rows = new ArrayList<>();
    private double busyBefore;

    Comparison(ComparisonOptions options, PrintStream out, PrintStream progress) {
        this.options = options;
        this.out = out;
        this.progress = progress;
    }

    /**
     * Runs what the options ask for and prints the table.
     *
     * @throws IOException when a server does not start, fails, or answers a request with an error
     */
    void run() throws IOException {
        busyBefore = Processors.busyShare(LOOK_MILLIS);
        Path directory = Files.createTempDirectory(options.directory(), "zkBench");
        try {
            for (Contest contest : Contest.of(options.servers())) {
                if (options.only().contains(contest.word()) && options.policies().contains(contest.policy())) {
                    run(contest, directory);
                }
            }
            boolean heap = options.only().contains(Contest.HEAP);
            boolean restart = options.only().contains(Contest.RESTART);
            if ((heap || restart) && options.policies().contains("durable")) {
                rows.addAll(new AtRest(options, directory, progress).run(heap, restart));
            }
            if (options.policies().contains("durable")) {
                for (Failover.Signal signal : Failover.Signal.values()) {
                    if (options.only().contains(signal.contest())) {
                        rows.addAll(new Failover(options, directory, progress, signal).run());
                        delete(directory, false);
                    }
                }
                if (options.only().contains(Contest.REJOIN)) {
                    rows.addAll(new Rejoin(options, directory, progress).run());
                }
            }
            print(directory);
        } finally {
            delete(directory);
        }
    }

    private void run(Contest contest, Path directory) throws IOException {
        List<Row> figures = contest.figures().stream()
                .map(figure -> new Row(figure.label(), figure.unit(), figure.target())).toList();
        rows.addAll(figures);
        if (contest.needsFreshServers()) {
            for (int round = 0; round < options.rounds(); round++) {
                for (boolean isBaseline : new boolean[] {true, false}) {
                    try (Service service = start(isBaseline, contest.policy(), directory)) {
                        measure(contest, figures, isBaseline, round, service, options.warmupSeconds());
                    }
                    delete(directory, false);
                }
            }
            return;
        }
        try (Service baseline = start(true, contest.policy(), directory);
                Service candidate = start(false, contest.policy(), directory)) {
            for (int round = 0; round < options.rounds(); round++) {
                double warmup = round == 0 ? options.warmupSeconds() : SETTLE_SECONDS;
                measure(contest, figures, true, round, baseline, warmup);
                measure(contest, figures, false, round, candidate, warmup);
            }
        }
        delete(directory, false);
    }

    private Service start(boolean isBaseline, String policy, Path directory) throws IOException {
        Side side = isBaseline ? options.baseline() : options.candidate();
        List<String> flags = options.jvmFlags(side);
        return options.servers() == 1
                ? Service.of(side.start(directory, policy, options.heapMegabytes(), flags))
                : Service.of(side, side.startEnsemble(directory, options.servers(), policy, options.heapMegabytes(), flags));
    }

    private void measure(Contest contest, List<Row> figures, boolean isBaseline, int round, Service service, double warmup)
            throws IOException {
        // A single connection is at another server in each round.
        List<InetSocketAddress> addresses = new ArrayList<>(service.addresses());
        Collections.rotate(addresses, -round);
        BenchOptions load = BenchOptions.of(addresses, contest.op()).withShape(contest.connections(), contest.depth())
                .withKeys(KEYS, VALUE_BYTES).withReadPercent(Contest.READ_PERCENT).withTimes(options.seconds(), warmup)
                .withQuiet(true);
        if (contest.depth() == 1) {
            if (warmup > SETTLE_SECONDS) {
                // One request at a time would take minutes to get the JVMs compiled.
                Bench.run(load.withShape(WARMUP_SHAPE, WARMUP_SHAPE).withTimes(warmup, 0), progress);
            }
            // What only a lone client makes them do is to be compiled as well, at the server whose turn it is.
            load = load.withTimes(options.seconds(), options.warmupSeconds());
        }
        BenchResult result = Bench.run(load, progress);
        progress.printf(Locale.ROOT, "%s, round %d of %d, %s: %.0f ops/s, p50 %.0f us, p99 %.0f us, generator %.2f us/request%n",
                contest.word(), round + 1, options.rounds(), service.name(), result.operationsPerSecond(),
                result.percentileMicros(50), result.percentileMicros(99), result.generatorMicrosPerRequest());
        if (result.errors() > 0) {
            throw new IOException(contest.word() + ": " + service.name() + " answered with errors " + result.errorsByCode());
        }
        for (int i = 0; i < figures.size(); i++) {
            figures.get(i).add(isBaseline, contest.figures().get(i).value().applyAsDouble(result));
        }
    }

    private void print(Path directory) throws IOException {
        if (options.json()) {
            out.println("{\"baseline\":\"" + options.baseline().title() + "\",\"candidate\":\"" + options.candidate().title()
                    + "\",\"rows\":[" + String.join(",", rows.stream().map(Row::json).toList()) + "]}");
            return;
        }
        String store = Files.getFileStore(directory).type();
        out.printf(Locale.ROOT, "Servers a side, all on this machine: %d. ", options.servers());
        out.printf(Locale.ROOT, "JDK %s, %d processors (%.0f %% busy before the start), data on %s; heap %d MB each;"
                + " %d byte values, %d keys; median (range) of %d rounds of %.0f s after %.0f s of warm-up.%n", Runtime.version(),
                Runtime.getRuntime().availableProcessors(), PERCENT * busyBefore, store, options.heapMegabytes(), VALUE_BYTES,
                KEYS, options.rounds(), options.seconds(), options.warmupSeconds());
        if (busyBefore > BUSY_SHARE_MAX) {
            out.println("WARNING: the machine had other work to do; these figures are noise. Repeat them on an idle one.");
        }
        if (store.equals("tmpfs") || store.equals("ramfs")) {
            out.println("WARNING: that is memory, where a flush costs nothing: the durable figures mean nothing. Use --dir.");
        }
        out.println();
        out.printf("| | %s | %s | ratio | target | |%n|---|---|---|---|---|---|%n", options.baseline().title(),
                options.candidate().title());
        rows.forEach(row -> out.println(row.markdown()));
        long missed = rows.stream().filter(row -> !row.isMet()).count();
        out.printf("%n%s%n", missed == 0 ? "All targets met." : missed + " of the targets missed.");
    }

    /** Deletes the directory and everything in it. */
    static void delete(Path directory) throws IOException {
        delete(directory, true);
    }

    private static void delete(Path directory, boolean itself) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                if (itself || !file.equals(directory)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
