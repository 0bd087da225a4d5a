package org.lockstep.compat.diff;

import java.util.ArrayList;
import java.util.List;

/**
 * What two servers showed of one program.
 *
 * @param labels one for each step, those around the program included
 * @param expected what Apache ZooKeeper showed at each
 * @param actual what the other server showed
 */
record Comparison(Program program, List<String> labels, List<List<String>> expected, List<List<String>> actual) {
    /** Index of the first step at which the two differ; -1 when they are equal. */
    int firstDifference() {
        for (int i = 0; i < labels.size(); i++) {
            if (!expected.get(i).equals(actual.get(i))) {
                return i;
            }
        }
        return -1;
    }

    boolean isEqual() {
        return firstDifference() < 0;
    }

    /** Both sides of the first difference, without what they have in common. */
    String differenceText() {
        int index = firstDifference();
        if (index < 0) {
            return "no difference";
        }
        List<String> onlyExpected = minus(expected.get(index), actual.get(index));
        List<String> onlyActual = minus(actual.get(index), expected.get(index));
        if (onlyExpected.isEmpty() && onlyActual.isEmpty()) {
            onlyExpected = expected.get(index);
            onlyActual = actual.get(index);
        }
        return "step " + index + ": " + labels.get(index)
                + "\n  Apache ZooKeeper:" + indented(onlyExpected)
                + "\n  candidate:" + indented(onlyActual);
    }

    private static List<String> minus(List<String> from, List<String> what) {
        List<String> left = new ArrayList<>(from);
        what.forEach(left::remove);
        return left;
    }

    private static String indented(List<String> lines) {
        return lines.isEmpty() ? " nothing" : "\n    " + String.join("\n    ", lines);
    }

    /** Every step with what both showed. */
    String trace() {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < labels.size(); i++) {
            appendStep(i, out);
        }
        return out.toString();
    }

    /** The steps up to the first difference with what both showed. */
    String traceToDifference() {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i <= firstDifference(); i++) {
            appendStep(i, out);
        }
        return out.toString();
    }

    private void appendStep(int index, StringBuilder out) {
        out.append(String.format("%3d  %s%n", index, labels.get(index)));
        List<String> onlyActual = minus(actual.get(index), expected.get(index));
        List<String> onlyExpected = minus(expected.get(index), actual.get(index));
        boolean sameLines = onlyActual.isEmpty() && onlyExpected.isEmpty() && !expected.get(index).equals(actual.get(index));
        for (String line : expected.get(index)) {
            out.append(onlyExpected.contains(line) || sameLines ? "       A " : "       = ").append(line).append('\n');
        }
        (sameLines ? actual.get(index) : onlyActual).forEach(line -> out.append("       C ").append(line).append('\n'));
    }

    /** The message of a failed run: where, what, and how to see it again. */
    String report() {
        return "seed " + program.seed() + " (" + program.profile() + "): " + differenceText()
                + "\n  replay: mvn -o test -pl compat-tests -am -Dtest=DifferentialTest -Dsurefire.failIfNoSpecifiedTests=false"
                + " -Ddiff.seed=" + program.seed() + " -Ddiff.programs=1 -Ddiff.trace=true";
    }
}
