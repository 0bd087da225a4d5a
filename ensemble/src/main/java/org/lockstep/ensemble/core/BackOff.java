package org.lockstep.ensemble.core;

/**
 * How long a rival holds back once attempts of its own have failed: twice as long after each, so that rivals that disturb each
 * other draw apart. The bound is a time and not a number of failures. It must exceed a coordinator's silence
 * ({@link EnsembleOptions#resendNanos}) however impatient the rivals are, or they interrupt each attempt that waits for a joiner,
 * for ever; and when an attempt could last no longer, more would only be waited for when what made them fail is over.
 */
final class BackOff {
    private final EnsembleOptions options;
    private int failures;

    /** {@code before}: of the view before, or null; rivals that disturbed each other there go on drawing apart here. */
    BackOff(EnsembleOptions options, BackOff before) {
        this.options = options;
        failures = before == null ? 0 : Math.max(0, before.failures - 1);
    }

    /** An own attempt has failed. */
    void failed() {
        if (nanos() < Coordinator.longest(options)) {
            failures++;
        }
    }

    /** Beyond what is waited for anyway. */
    long nanos() {
        return Math.min(((1L << failures) - 1) * options.patienceNanos(), Coordinator.longest(options));
    }
}
