package org.lockstep.compat.bench;

import java.util.Locale;

/** What Lockstep must reach in one row of the comparison. */
record Target(Kind kind, double bound) {
    enum Kind { RATIO_AT_LEAST, RATIO_AT_MOST, VALUE_AT_MOST, NONE }

    static Target ratioAtLeast(double bound) {
        return new Target(Kind.RATIO_AT_LEAST, bound);
    }

    static Target ratioAtMost(double bound) {
        return new Target(Kind.RATIO_AT_MOST, bound);
    }

    static Target valueAtMost(double bound) {
        return new Target(Kind.VALUE_AT_MOST, bound);
    }

    /** A row that is reported for what it is. */
    static Target none() {
        return new Target(Kind.NONE, Double.NaN);
    }

    /** Whether the candidate's value, next to the baseline's, reaches the target. */
    boolean isMet(double baseline, double candidate) {
        return switch (kind) {
            case RATIO_AT_LEAST -> candidate / baseline >= bound;
            case RATIO_AT_MOST -> candidate / baseline <= bound;
            case VALUE_AT_MOST -> candidate <= bound;
            case NONE -> true;
        };
    }

    String text(String unit) {
        return switch (kind) {
            case RATIO_AT_LEAST -> String.format(Locale.ROOT, ">= %.2f x", bound);
            case RATIO_AT_MOST -> String.format(Locale.ROOT, "<= %.2f x", bound);
            case VALUE_AT_MOST -> String.format(Locale.ROOT, bound == Math.rint(bound) ? "<= %.0f %s" : "<= %.1f %s", bound, unit);
            case NONE -> "-";
        };
    }

    String verdict(double baseline, double candidate) {
        return kind == Kind.NONE ? "-" : isMet(baseline, candidate) ? "met" : "MISSED";
    }
}
