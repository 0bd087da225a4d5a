package org.lockstep.compat.bench;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.lockstep.wire.Paths;

/**
 * What one run of the generator does.
 *
 * @param servers where to connect; connection i goes to server i modulo their number
 * @param op what is asked
 * @param connections open at a time, each with a session of its own
 * @param depth requests in flight on each connection
 * @param sizeBytes of the data of a node
 * @param keys nodes that are read or set, or children that are listed
 * @param seconds of measurement
 * @param warmupSeconds of the same load before, not measured
 * @param count stop after so many requests in all, 0 for no such end; with it, the time is only a limit
 * @param readPercent share of gets in {@link Op#MIX}
 * @param batch sets in one {@link Op#MULTI}
 * @param prefix path under which everything is put
 * @param json print the result as JSON instead of a table
 * @param heap print the live heap of the first server's JVM before and after
 * @param heapPid its process id, 0 to find it by the port it listens on
 * @param quiet no progress lines
 */
public record BenchOptions(
        List<InetSocketAddress> servers, Op op, int connections, int depth, int sizeBytes, int keys, double seconds,
        double warmupSeconds, long count, int readPercent, int batch, String prefix, boolean json, boolean heap, int heapPid,
        boolean quiet) {

    static final Set<String> FLAGS = Set.of("--json", "--heap", "--quiet");
    static final Set<String> OPTIONS = Set.of("--servers", "--op", "--connections", "--depth", "--size", "--keys", "--seconds",
            "--warmup", "--count", "--read-percent", "--batch", "--prefix", "--pid");
    private static final int KEYS_MAX = 100_000_000;

    /** The options that most runs start from: 16 connections, 16 deep, 100 bytes, 1000 keys, 10 s after 3 s of warm-up. */
    public static BenchOptions of(List<InetSocketAddress> servers, Op op) {
        return new BenchOptions(
                List.copyOf(servers), op, 16, 16, 100, 1000, 10, 3, 0, 80, 10, "/zkbench", false, false, 0, false);
    }

    /** Reads a command line. */
    public static BenchOptions parse(List<String> words) throws UsageException {
        Arguments arguments = new Arguments(words, FLAGS, OPTIONS);
        BenchOptions base = of(addresses(arguments.text("--servers", "127.0.0.1:2181")), Op.parse(arguments.text("--op", "set")));
        String prefix = arguments.text("--prefix", base.prefix);
        if (!Paths.isValid(prefix) || prefix.length() == 1) {
            throw new UsageException("--prefix " + prefix + ": not a valid path below the root");
        }
        return new BenchOptions(base.servers, base.op,
                arguments.integer("--connections", base.connections, 1, 100_000),
                arguments.integer("--depth", base.depth, 1, 100_000),
                arguments.integer("--size", base.sizeBytes, 0, 64 << 20),
                arguments.integer("--keys", base.keys, 1, KEYS_MAX),
                arguments.number("--seconds", base.seconds, 0.1, 1e6),
                arguments.number("--warmup", base.warmupSeconds, 0, 1e6),
                arguments.integer("--count", 0, 1, Integer.MAX_VALUE),
                arguments.integer("--read-percent", base.readPercent, 0, 100),
                arguments.integer("--batch", base.batch, 1, 100_000),
                prefix, arguments.has("--json"), arguments.has("--heap"),
                arguments.integer("--pid", 0, 1, Integer.MAX_VALUE), arguments.has("--quiet"));
    }

    public BenchOptions withShape(int newConnections, int newDepth) {
        return new BenchOptions(servers, op, newConnections, newDepth, sizeBytes, keys, seconds, warmupSeconds, count,
                readPercent, batch, prefix, json, heap, heapPid, quiet);
    }

    public BenchOptions withTimes(double newSeconds, double newWarmupSeconds) {
        return new BenchOptions(servers, op, connections, depth, sizeBytes, keys, newSeconds, newWarmupSeconds, count,
                readPercent, batch, prefix, json, heap, heapPid, quiet);
    }

    public BenchOptions withKeys(int newKeys, int newSizeBytes) {
        return new BenchOptions(servers, op, connections, depth, newSizeBytes, newKeys, seconds, warmupSeconds, count,
                readPercent, batch, prefix, json, heap, heapPid, quiet);
    }

    public BenchOptions withCount(long newCount) {
        return new BenchOptions(servers, op, connections, depth, sizeBytes, keys, seconds, warmupSeconds, newCount,
                readPercent, batch, prefix, json, heap, heapPid, quiet);
    }

    public BenchOptions withReadPercent(int newReadPercent) {
        return new BenchOptions(servers, op, connections, depth, sizeBytes, keys, seconds, warmupSeconds, count,
                newReadPercent, batch, prefix, json, heap, heapPid, quiet);
    }

    public BenchOptions withQuiet(boolean newQuiet) {
        return new BenchOptions(servers, op, connections, depth, sizeBytes, keys, seconds, warmupSeconds, count,
                readPercent, batch, prefix, json, heap, heapPid, newQuiet);
    }

    private static List<InetSocketAddress> addresses(String text) throws UsageException {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (String server : text.split(",", -1)) {
            int colon = server.lastIndexOf(':');
            int port = -1;
            try {
                port = Integer.parseInt(server.substring(colon + 1));
            } catch (NumberFormatException e) {
                // Reported below, with the other ways to get it wrong.
            }
            if (colon <= 0 || port < 1 || port > 65535) {
                throw new UsageException("--servers " + text + ": '" + server + "' is not host:port");
            }
            InetSocketAddress address = new InetSocketAddress(server.substring(0, colon), port);
            if (address.isUnresolved()) {
                throw new UsageException("--servers " + text + ": no address for host '" + server.substring(0, colon) + "'");
            }
            addresses.add(address);
        }
        return addresses;
    }
}
