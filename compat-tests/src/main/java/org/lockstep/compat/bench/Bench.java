package org.lockstep.compat.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;

/** One run of the generator, from laying out the nodes to the result. */
public final class Bench {
    private static final int CONNECT_TIMEOUT_MILLIS = 10_000;

    private Bench() {}

    /**
     * Runs what {@code options} say on the calling thread; progress lines go to {@code progress} unless the run is quiet.
     *
     * @throws IOException when a server cannot be reached, refuses, falls silent or breaks the protocol; the message says which
     */
    public static BenchResult run(BenchOptions options, PrintStream progress) throws IOException {
        return run(options, Long.toString(System.currentTimeMillis(), Character.MAX_RADIX), progress);
    }

    /** As {@link #run(BenchOptions, PrintStream)}; {@code runId} names the parents of what {@link Op#CREATE} makes. */
    static BenchResult run(BenchOptions options, String runId, PrintStream progress) throws IOException {
        Meter meter = new Meter(options, options.quiet() ? new PrintStream(OutputStream.nullOutputStream()) : progress);
        if (options.op() == Op.CONNECT) {
            return new ConnectLoop(options, meter).run();
        }
        Workload workload = Workload.of(options, runId);
        try (BenchClient client = new BenchClient(options.servers().get(0), CONNECT_TIMEOUT_MILLIS)) {
            client.createPath(options.prefix());
            workload.prepare(client);
        }
        return new LoadLoop(options, workload, meter).run();
    }
}
