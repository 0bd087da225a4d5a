package org.lockstep.compat.bench;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/**
 * What one run measured.
 *
 * @param op what was asked
 * @param connections open at a time
 * @param depth requests in flight on each
 * @param sizeBytes of a node's data
 * @param seconds measured
 * @param requests answered, each one a latency in the histogram
 * @param operations carried by them: more than requests for {@link Op#MULTI}
 * @param errors answers with an error code
 * @param errorsByCode how many of each
 * @param notifications watch events that arrived
 * @param latencies of requests, in nanoseconds
 * @param generatorCpuNanos processor time of the generator's thread
 */
public record BenchResult(
        Op op, int connections, int depth, int sizeBytes, double seconds, long requests, long operations, long errors,
        Map<Integer, Long> errorsByCode, long notifications, Histogram latencies, long generatorCpuNanos) {

    private static final double MICROS = 1e3;

    public double operationsPerSecond() {
        return operations / seconds;
    }

    /** The latency below which {@code percent} of the requests were answered, in microseconds. */
    public double percentileMicros(double percent) {
        return latencies.getValueAtPercentile(percent) / MICROS;
    }

    /** Processor time of the generator for one request, in microseconds. */
    public double generatorMicrosPerRequest() {
        return requests == 0 ? 0 : generatorCpuNanos / MICROS / requests;
    }

    /** A table of two lines, and a line for what is out of the ordinary. */
    public String table() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%-8s %5s %5s %6s %10s %8s %9s %9s %9s %9s %9s  %s%n", "op", "conns", "depth",
                "bytes", "ops/s", "errors", "p50 us", "p90 us", "p99 us", "p99.9 us", "max us", "generator us/req"));
        text.append(String.format(Locale.ROOT, "%-8s %5d %5d %6d %10.0f %8d %9.1f %9.1f %9.1f %9.1f %9.1f  %.2f%n", op.word(),
                connections, depth, sizeBytes, operationsPerSecond(), errors, percentileMicros(50), percentileMicros(90),
                percentileMicros(99), percentileMicros(99.9), latencies.getMaxValue() / MICROS, generatorMicrosPerRequest()));
        if (op == Op.WATCH) {
            text.append(String.format(Locale.ROOT, "notifications/s %.0f%n", notifications / seconds));
        }
        if (errors > 0) {
            text.append("errors by code: ").append(new TreeMap<>(errorsByCode)).append(System.lineSeparator());
        }
        return text.toString();
    }

    /** One JSON object on one line. */
    public String json() {
        String codes = new TreeMap<>(errorsByCode).entrySet().stream()
                .map(entry -> "\"" + entry.getKey() + "\":" + entry.getValue()).collect(Collectors.joining(","));
        return String.format(Locale.ROOT, "{\"op\":\"%s\",\"connections\":%d,\"depth\":%d,\"size_bytes\":%d,\"seconds\":%.3f,"
                + "\"requests\":%d,\"operations\":%d,\"ops_per_second\":%.1f,\"errors\":%d,\"errors_by_code\":{%s},"
                + "\"notifications\":%d,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,"
                + "\"generator_us_per_request\":%.3f}", op.word(), connections, depth, sizeBytes, seconds, requests, operations,
                operationsPerSecond(), errors, codes, notifications, percentileMicros(50), percentileMicros(90),
                percentileMicros(99), percentileMicros(99.9), latencies.getMaxValue() / MICROS, generatorMicrosPerRequest());
    }
}
