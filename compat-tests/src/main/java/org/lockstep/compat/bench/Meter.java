package org.lockstep.compat.bench;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * Counts answers and times, first through the warm-up, then through the measurement; used by the loop's thread only.
 *
 * <p>What is answered in the measured time counts, whenever it was sent. Times are those of {@link System#nanoTime}.
 */
final class Meter {
    private static final long LATENCY_NANOS_MAX = 3_600_000_000_000L;
    private static final int SIGNIFICANT_DIGITS = 3;
    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final double MICROS = 1e3;

    private final BenchOptions options;
    private final PrintStream progress;
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Histogram latencies = new Histogram(100, LATENCY_NANOS_MAX, SIGNIFICANT_DIGITS);
    private final Map<Integer, Long> errorsByCode = new TreeMap<>();

    private boolean measuring;
    private long phaseStart;
    private long phaseEnd;
    private long nextProgress;
    private long cpuStart;
    private long replies;
    private long repliesAtProgress;
    private long repliesInAll;
    private long errors;
    private long notifications;

    Meter(BenchOptions options, PrintStream progress) {
        this.options = options;
        this.progress = progress;
    }

    /** Starts the warm-up. */
    void start(long nowNanos) {
        phaseStart = nowNanos;
        phaseEnd = nowNanos + (long) (options.warmupSeconds() * SECOND_NANOS);
        nextProgress = nowNanos + SECOND_NANOS;
        tick(nowNanos);
    }

    /** Moves from warm-up to measurement when it is time, prints progress; returns false when the run is over. */
    boolean tick(long nowNanos) {
        if (nowNanos >= phaseEnd) {
            if (measuring) {
                return false;
            }
            measuring = true;
            phaseStart = nowNanos;
            phaseEnd = nowNanos + (long) (options.seconds() * SECOND_NANOS);
            cpuStart = threads.getCurrentThreadCpuTime();
            replies = 0;
            repliesAtProgress = 0;
            errors = 0;
            notifications = 0;
            errorsByCode.clear();
            latencies.reset();
            nextProgress = nowNanos + SECOND_NANOS;
        }
        if (nowNanos >= nextProgress) {
            printProgress(nowNanos);
        }
        return true;
    }

    /** One answer; {@code error} is 0 for success. */
    void reply(long latencyNanos, int error) {
        replies++;
        repliesInAll++;
        latencies.recordValue(Math.min(latencyNanos, LATENCY_NANOS_MAX));
        if (error != 0) {
            errors++;
            errorsByCode.merge(error, 1L, Long::sum);
        }
    }

    void notification() {
        notifications++;
    }

    /** Answers since the start of the warm-up. */
    long repliesInAll() {
        return repliesInAll;
    }

    /** What was measured up to now. */
    BenchResult result(long nowNanos, int operationsPerRequest) {
        double seconds = Math.max(1, nowNanos - phaseStart) / (double) SECOND_NANOS;
        long cpuNanos = threads.getCurrentThreadCpuTime() - cpuStart;
        return new BenchResult(options.op(), options.connections(), options.depth(), options.sizeBytes(), seconds, replies,
                replies * operationsPerRequest, errors, Map.copyOf(errorsByCode), notifications, latencies.copy(), cpuNanos);
    }

    private void printProgress(long nowNanos) {
        long late = nowNanos - nextProgress;
        double seconds = (SECOND_NANOS + late) / (double) SECOND_NANOS;
        progress.printf(Locale.ROOT, "%s %3d s  %9.0f requests/s  p50 %.0f us  p99 %.0f us  errors %d%n",
                measuring ? "run " : "warm", Math.round((nowNanos - phaseStart) / (double) SECOND_NANOS),
                (replies - repliesAtProgress) / seconds, latencies.getValueAtPercentile(50) / MICROS,
                latencies.getValueAtPercentile(99) / MICROS, errors);
        repliesAtProgress = replies;
        nextProgress = nowNanos + SECOND_NANOS;
    }
}
