package org.lockstep.compat.diff;

import java.io.IOException;

/**
 * Drops steps from a program as long as the servers still differ in the same step of it. Another difference does not count:
 * servers that a failed program has left unequal differ in many ways.
 */
final class Shrinker {
    /** Bound on runs: a shrunk program is worth seconds, not minutes. */
    private static final int RUNS_MAX = 150;
    private static final long NANOS_MAX = 30_000_000_000L;

    private final Runner runner;
    private final long startNanos = System.nanoTime();
    private int runs;

    /** Runs a program on a pair of servers. */
    @FunctionalInterface
    interface Runner {
        Comparison run(Program program) throws IOException;
    }

    Shrinker(Runner runner) {
        this.runner = runner;
    }

    /** The smallest program found that differs, as it ran; {@code failed} itself when nothing could be left out. */
    Comparison shrink(Comparison failed) throws IOException {
        Comparison best = failed;
        int index = failed.firstDifference();
        if (index + 1 < failed.program().steps().size()) {
            best = tryWithout(best, index + 1, failed.program().steps().size());
        }
        for (int size = Math.max(1, best.program().steps().size() / 2); size >= 1; size /= 2) {
            best = dropChunks(best, size);
        }
        return best;
    }

    private Comparison dropChunks(Comparison start, int size) throws IOException {
        Comparison best = start;
        int at = best.program().steps().size() - size;
        while (at > -size && runs < RUNS_MAX && System.nanoTime() - startNanos < NANOS_MAX) {
            int from = Math.max(at, 0);
            int bound = Math.min(at + size, best.program().steps().size());
            if (from < bound) {
                best = tryWithout(best, from, bound);
            }
            at -= size;
        }
        return best;
    }

    private Comparison tryWithout(Comparison best, int from, int bound) throws IOException {
        runs++;
        Comparison smaller = runner.run(best.program().without(from, bound));
        return sameStep(best, smaller) ? smaller : best;
    }

    private static boolean sameStep(Comparison best, Comparison smaller) {
        return !smaller.isEqual()
                && best.labels().get(best.firstDifference()).equals(smaller.labels().get(smaller.firstDifference()));
    }
}
