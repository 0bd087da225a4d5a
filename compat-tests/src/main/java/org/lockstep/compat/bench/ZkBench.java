package org.lockstep.compat.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The command {@code zkBench.sh}: loads a server, or compares Lockstep with Apache ZooKeeper.
 *
 * <p>Exit codes: 0 the run was measured without errors, 1 it failed or answers were errors, 2 the command line makes no sense.
 */
public final class ZkBench {
    static final int EXIT_OK = 0;
    static final int EXIT_FAILED = 1;
    static final int EXIT_USAGE = 2;

    private ZkBench() {}

    public static void main(String[] args) {
        System.exit(run(Arrays.asList(args), System.out, System.err));
    }

    /** Runs one command line; results go to {@code out}, progress and complaints to {@code err}. Returns the exit code. */
    static int run(List<String> args, PrintStream out, PrintStream err) {
        try {
            if (args.contains("--compare")) {
                return compare(args, out, err);
            }
            if (args.contains("--help") || args.contains("-h")) {
                out.print(usage());
                return EXIT_OK;
            }
            return load(BenchOptions.parse(args), out, err);
        } catch (UsageException e) {
            err.println("zkBench: " + e.getMessage());
            return EXIT_USAGE;
        } catch (IOException e) {
            err.println("zkBench: " + e.getMessage());
            return EXIT_FAILED;
        }
    }

    private static int compare(List<String> args, PrintStream out, PrintStream err) throws UsageException, IOException {
        if (args.contains("--help") || args.contains("-h")) {
            out.print(comparisonUsage());
            return EXIT_OK;
        }
        List<String> rest = args.stream().filter(word -> !word.equals("--compare")).toList();
        new Comparison(ComparisonOptions.parse(rest), out, err).run();
        return EXIT_OK;
    }

    private static int load(BenchOptions options, PrintStream out, PrintStream err) throws IOException {
        long pid = options.heap() ? serverPid(options) : 0;
        long before = options.heap() ? JvmHeap.liveBytes(pid) : 0;
        BenchResult result = Bench.run(options, err);
        out.print(options.json() ? result.json() + System.lineSeparator() : result.table());
        if (options.heap()) {
            long after = JvmHeap.liveBytes(pid);
            out.printf(Locale.ROOT, options.json() ? "{\"pid\":%d,\"heap_bytes_before\":%d,\"heap_bytes_after\":%d}%n"
                    : "live heap of process %d: %d bytes before, %d bytes after%n", pid, before, after);
        }
        return result.errors() == 0 && result.requests() > 0 ? EXIT_OK : EXIT_FAILED;
    }

    private static long serverPid(BenchOptions options) throws IOException {
        if (options.heapPid() != 0) {
            return options.heapPid();
        }
        int port = options.servers().get(0).getPort();
        long pid = JvmHeap.pidListeningOn(port);
        if (pid < 0) {
            throw new IOException("--heap: no process of this machine listens on port " + port + "; give its id with --pid");
        }
        return pid;
    }

    private static String usage() {
        List<String> lines = new ArrayList<>(List.of(
                "zkBench.sh [options]            load a server that speaks ZooKeeper's protocol",
                "zkBench.sh --compare [options]  run Apache ZooKeeper and Lockstep side by side (--compare --help)",
                "",
                "  --servers HOST:PORT[,..]  connection i goes to server i modulo their number (127.0.0.1:2181)",
                "  --op OP                   one of:"));
        for (Op op : Op.values()) {
            lines.add(String.format(Locale.ROOT, "      %-8s %s", op.word(), op.help()));
        }
        lines.addAll(List.of(
                "  --connections C           open at a time, each with its session (16)",
                "  --depth D                 requests in flight on each (16)",
                "  --size B                  bytes of a node's data (100)",
                "  --keys K                  nodes that are used, or children that are listed (1000)",
                "  --seconds S, --warmup S   measured time, and load before it that is not measured (10, 3)",
                "  --count N                 stop after N requests, warm-up included; --seconds is then only a limit",
                "  --read-percent P          share of gets in mix (80)",
                "  --batch N                 sets in one multi (10)",
                "  --prefix PATH             where all nodes are put (/zkbench); what create made stays",
                "  --json                    one JSON object instead of the table",
                "  --heap [--pid PID]        live heap of the first server's JVM before and after, by jcmd",
                "  --quiet                   no progress lines",
                "",
                "The load is a closed loop: a connection sends a new request only for an answer, so a server that stalls",
                "is asked less, and its stall shows in the latency of the requests then in flight, not in those that an",
                "open stream of clients would have queued. Compare percentiles only at equal connections and depth.",
                "Latency is from the write of a request to the read of its answer. Errors are counted by ZooKeeper's code;",
                "an answer out of order or a lost connection ends the run. Exit code: 0 measured without errors, 1 failed",
                "or answered with errors, 2 wrong command line."));
        return String.join(System.lineSeparator(), lines) + System.lineSeparator();
    }

    private static String comparisonUsage() {
        return String.join(System.lineSeparator(),
                "zkBench.sh --compare [options]",
                "",
                "Starts Apache ZooKeeper (standalone, as shipped, but without its admin server) and Lockstep as processes with",
                "equal heaps and empty data directories, and runs every contest A B A B ..., one side loaded at a time.",
                "Prints the medians, their ratio and the target as a markdown table.",
                "",
                "  --servers N            1, or ensembles of N on each side, with the connections spread over them (1)",
                "  --only NAME[,NAME]     of: " + String.join(" ", Contest.names(1)) + ";",
                "                         of ensembles: " + String.join(" ", Contest.names(3)),
                "  --skip NAME[,NAME]     all but these",
                "  --policies P[,P]       of: durable no-sync; contests under others are skipped",
                "  --rounds N             measurements of each side in each contest; the median counts (3)",
                "  --seconds S            of each measurement (5)",
                "  --warmup S             of load on a fresh server before its first measurement (10)",
                "  --znodes N             loaded for heap and restart (690000), and for rejoin (500000)",
                "  --server-heap MB       -Xmx of each server (2048; of an ensemble's 1024)",
                "  --dir DIR              where both put their data; durable means nothing in memory (java.io.tmpdir)",
                "  --quick                1 round of 2 s after 3 s, 50000 znodes: a first look, not a measurement",
                "  --apache-jvm FLAGS     more flags for Apache's JVM, in one word",
                "  --lockstep-jvm FLAGS   more flags for Lockstep's JVM, in one word",
                "  --sides A,B            of: apache lockstep; apache,apache shows how far equal servers seem to differ",
                "  --json                 one JSON object instead of the table",
                "",
                "Live heap is that after a forced collection, with the znodes less without them. Restart is from the start of",
                "the process, after SIGTERM and its end, to the first answer to a read. Fail-over: kill -9 or SIGSTOP of the",
                "leader (Lockstep: of the member of rank 0) under writes; counted is what clients of the others see. Exit code:",
                "0 measured (targets met or not), 1 a server failed or answered with errors, 2 wrong command line.", "");
    }
}
