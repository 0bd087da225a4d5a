package org.lockstep.compat.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One line of the comparison: what both sides measured in each round. Filled round by round, by one thread. */
final class Row {
    private final String label;
    private final String unit;
    private final Target target;
    private final List<Double> baseline = new ArrayList<>();
    private final List<Double> candidate = new ArrayList<>();

    Row(String label, String unit, Target target) {
        this.label = label;
        this.unit = unit;
        this.target = target;
    }

    void add(boolean isBaseline, double value) {
        (isBaseline ? baseline : candidate).add(value);
    }

    double baselineMedian() {
        return median(baseline);
    }

    double candidateMedian() {
        return median(candidate);
    }

    double ratio() {
        return candidateMedian() / baselineMedian();
    }

    boolean isMet() {
        return target.isMet(baselineMedian(), candidateMedian());
    }

    String markdown() {
        return String.format(Locale.ROOT, "| %s, %s | %s | %s | %.2f | %s | %s |", label, unit, side(baseline), side(candidate),
                ratio(), target.text(unit), target.verdict(baselineMedian(), candidateMedian()));
    }

    String json() {
        return String.format(Locale.ROOT, "{\"label\":\"%s\",\"unit\":\"%s\",\"baseline\":%s,\"candidate\":%s,\"ratio\":%.4f,"
                + "\"target\":\"%s\",\"verdict\":\"%s\"}", label, unit, baseline, candidate, ratio(), target.text(unit),
                target.verdict(baselineMedian(), candidateMedian()));
    }

    private static String side(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        String median = number(median(values));
        return sorted.length == 1 ? median : median + " (" + number(sorted[0]) + " .. " + number(sorted[sorted.length - 1]) + ")";
    }

    private static String number(double value) {
        double magnitude = Math.abs(value);
        return String.format(Locale.ROOT, magnitude >= 100 ? "%.0f" : magnitude >= 10 ? "%.1f" : "%.2f", value);
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        if (sorted.length == 0) {
            return Double.NaN;
        }
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
