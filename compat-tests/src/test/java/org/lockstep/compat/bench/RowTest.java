package org.lockstep.compat.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Medians, ratios and verdicts of the comparison. */
class RowTest {
    @Test
    void medianOfOddAndEvenRoundsIgnoresTheOutlier() {
        Row row = row(Target.none(), new double[] {5, 1000, 6}, new double[] {1, 2, 3, 1000});
        assertEquals(6, row.baselineMedian());
        assertEquals(2.5, row.candidateMedian());
        assertEquals(2.5 / 6, row.ratio(), 1e-12);
    }

    @Test
    void throughputMustBeAtLeastSoManyTimes() {
        assertTrue(row(Target.ratioAtLeast(2.5), new double[] {100}, new double[] {250}).isMet());
        assertFalse(row(Target.ratioAtLeast(2.5), new double[] {100}, new double[] {249}).isMet());
    }

    @Test
    void latencyMustBeAtMostSoManyTimes() {
        assertTrue(row(Target.ratioAtMost(0.5), new double[] {100}, new double[] {50}).isMet());
        assertFalse(row(Target.ratioAtMost(0.5), new double[] {100}, new double[] {51}).isMet());
    }

    @Test
    void absoluteTargetLooksAtTheCandidateAlone() {
        assertTrue(row(Target.valueAtMost(60), new double[] {1}, new double[] {60}).isMet());
        assertFalse(row(Target.valueAtMost(60), new double[] {1000}, new double[] {61}).isMet());
    }

    @Test
    void rowThatWasNeverMeasuredIsNotMet() {
        assertFalse(new Row("get", "ops/s", Target.ratioAtLeast(1)).isMet());
    }

    @Test
    void markdownShowsBothSidesTheRatioAndTheVerdict() {
        assertEquals("| get, ops/s | 100 (90.0 .. 110) | 399 (398 .. 400) | 3.99 | >= 4.00 x | MISSED |",
                row(Target.ratioAtLeast(4), new double[] {100, 90, 110}, new double[] {400, 398, 399}).markdown());
        assertEquals("| get, ops/s | 1.50 | 60.0 | 40.00 | <= 60 ops/s | met |",
                row(Target.valueAtMost(60), new double[] {1.5}, new double[] {60}).markdown());
    }

    private static Row row(Target target, double[] baseline, double[] candidate) {
        Row row = new Row("get", "ops/s", target);
        for (double value : baseline) {
            row.add(true, value);
        }
        for (double value : candidate) {
            row.add(false, value);
        }
        return row;
    }
}
