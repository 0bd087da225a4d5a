package org.lockstep.compat.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.ServerProcess;

/** What many znodes cost a server that does nothing: heap, memory, and the time to serve again after a restart. */
final class AtRest {
    private static final String PREFIX = "/atrest";
    private static final String RUN_ID = "r";
    private static final int VALUE_BYTES = 100;
    private static final int WARMUP_NODES = 2000;
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final long RESTART_NANOS_MAX = 300_000_000_000L;
    private static final int RETRY_MILLIS = 2;
    /** Apache ZooKeeper may take a connection before it is ready and never answer on it. */
    private static final int TRY_MILLIS = 250;
    private static final int LOOKS_MAX = 30;
    private static final int LOOK_MILLIS = 1000;
    private static final double STEADY_SHARE = 0.01;
    private static final double KIB = 1024;
    private static final double NANOS_PER_SECOND = 1e9;

    private final ComparisonOptions options;
    private final Path directory;
    private final PrintStream progress;
    private final Row heap = new Row("live heap per znode", "bytes", Target.valueAtMost(60));
    private final Row memory = new Row("private memory of the process with them", "MiB", Target.none());
    private final Row start = new Row("start to serving on an empty directory", "s", Target.valueAtMost(1.5));
    private final Row restart;

    AtRest(ComparisonOptions options, Path directory, PrintStream progress) {
        this.options = options;
        this.directory = directory;
        this.progress = progress;
        restart = new Row(String.format(Locale.ROOT, "restart to serving with %d znodes", options.znodes()), "s",
                Target.valueAtMost(1));
    }

    /** Loads each side in turn, looks, and restarts it as often as there are rounds. */
    List<Row> run(boolean wantHeap, boolean wantRestart) throws IOException {
        for (boolean isBaseline : new boolean[] {true, false}) {
            Side side = isBaseline ? options.baseline() : options.candidate();
            List<String> flags = new ArrayList<>(options.jvmFlags(side));
            if (wantRestart) {
                flags.addAll(side.fastStartFlags(directory));
                for (int round = 0; round < options.rounds(); round++) {
                    start.add(isBaseline, startSeconds(side, flags));
                }
            }
            try (ServerProcess server = side.start(directory, "durable", options.heapMegabytes(), flags)) {
                load(server, isBaseline, wantHeap);
                if (wantRestart) {
                    for (int round = 0; round < options.rounds(); round++) {
                        double seconds = restartSeconds(server);
                        restart.add(isBaseline, seconds);
                        progress.printf(Locale.ROOT, "restart %d of %d, %s: %.2f s%n", round + 1, options.rounds(), server.name(),
                                seconds);
                    }
                    checkNodes(server);
                }
            }
        }
        List<Row> rows = new ArrayList<>();
        if (wantHeap) {
            rows.add(heap);
            rows.add(memory);
        }
        if (wantRestart) {
            rows.add(start);
            rows.add(restart);
        }
        return rows;
    }

    private void load(ServerProcess server, boolean isBaseline, boolean wantHeap) throws IOException {
        create(server, "warmup", WARMUP_NODES);
        long before = wantHeap ? steadyLiveBytes(server) : 0;
        BenchResult result = create(server, RUN_ID, options.znodes());
        progress.printf(Locale.ROOT, "loaded %d znodes into %s: %.0f ops/s%n", result.requests(), server.name(),
                result.operationsPerSecond());
        if (wantHeap) {
            long after = steadyLiveBytes(server);
            heap.add(isBaseline, (double) (after - before) / options.znodes());
            memory.add(isBaseline, privateKib(server.pid()) / KIB);
            progress.printf(Locale.ROOT, "live heap of %s: %d bytes before, %d bytes after%n", server.name(), before, after);
        }
    }

    private BenchResult create(ServerProcess server, String runId, int nodes) throws IOException {
        InetSocketAddress address = new InetSocketAddress(server.host(), server.port());
        BenchOptions base = BenchOptions.of(List.of(address), Op.CREATE);
        BenchOptions load = new BenchOptions(base.servers(), Op.CREATE, 16, 16, VALUE_BYTES, 1, 3600, 0, nodes, 0, 1, PREFIX,
                false, false, 0, true);
        BenchResult result = Bench.run(load, runId, progress);
        if (result.errors() > 0 || result.requests() != nodes) {
            throw new IOException(server.name() + " created " + result.requests() + " of " + nodes + " nodes, with errors "
                    + result.errorsByCode());
        }
        return result;
    }

    /** The live heap once work in the background has stopped changing it; the smallest seen when it never does. */
    private static long steadyLiveBytes(ServerProcess server) throws IOException {
        long smallest = JvmHeap.liveBytes(server.pid());
        for (int look = 1; look < LOOKS_MAX; look++) {
            pause(LOOK_MILLIS);
            long now = JvmHeap.liveBytes(server.pid());
            boolean steady = now > smallest * (1 - STEADY_SHARE);
            smallest = Math.min(smallest, now);
            if (steady) {
                break;
            }
        }
        return smallest;
    }

    /** From the start of a server that has to make its data directory to the first answer to a read. */
    private double startSeconds(Side side, List<String> flags) throws IOException {
        try (ServerProcess server = side.stopped(directory, "durable", options.heapMegabytes(), flags)) {
            double seconds = secondsToServe(server, "/", 0);
            progress.printf(Locale.ROOT, "start, %s: %.2f s%n", server.name(), seconds);
            return seconds;
        }
    }

    /** SIGTERM, wait for the end, start: seconds from the start to the first answer to a read of one of the nodes. */
    private static double restartSeconds(ServerProcess server) throws IOException {
        server.stop();
        return secondsToServe(server, Workload.createdPath(PREFIX, RUN_ID, 0, 0), VALUE_BYTES);
    }

    private static double secondsToServe(ServerProcess server, String path, int bytes) throws IOException {
        InetSocketAddress address = new InetSocketAddress(server.host(), server.port());
        long start = System.nanoTime();
        server.launch();
        while (true) {
            try (BenchClient client = new BenchClient(address, TRY_MILLIS)) {
                byte[] data = client.getData(path);
                long end = System.nanoTime();
                if (data == null || data.length != bytes) {
                    throw new IllegalStateException(server.name() + " serves after a start without what it was given");
                }
                return (end - start) / NANOS_PER_SECOND;
            } catch (IOException notYet) {
                if (!server.isAlive() || System.nanoTime() - start > RESTART_NANOS_MAX) {
                    throw new IOException(server.name() + " does not serve after a start; end of its log:\n" + server.logTail(),
                            notYet);
                }
                pause(RETRY_MILLIS);
            }
        }
    }

    /** A fast restart that has lost nodes would be no achievement. */
    private void checkNodes(ServerProcess server) throws IOException {
        String count = FourLetterWord.monitor(server.host(), server.port(), TIMEOUT_MILLIS).get("zk_znode_count");
        if (count == null || Long.parseLong(count) < options.znodes()) {
            throw new IOException(server.name() + " has " + count + " of " + options.znodes() + " znodes after its restarts");
        }
    }

    /** Memory that belongs to the process alone, page cache and shared mappings left out. */
    private static long privateKib(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("RssAnon:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("/proc/" + pid + "/status has no RssAnon");
    }

    private static void pause(int millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
