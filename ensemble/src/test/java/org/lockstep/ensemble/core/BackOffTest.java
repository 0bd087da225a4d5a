package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.lockstep.fsync.FsyncPolicy;

class BackOffTest {
    private static final EnsembleOptions DEFAULTS = EnsembleOptions.of(List.of(1, 2, 3), FsyncPolicy.DURABLE, new UUID(9, 9));

    private static EnsembleOptions patience(long millis) {
        return new EnsembleOptions(DEFAULTS.voterIds(), DEFAULTS.policy(), DEFAULTS.heartbeatNanos(),
                DEFAULTS.failureTimeoutNanos(), DEFAULTS.slowTimeoutNanos(), DEFAULTS.restartGraceNanos(),
                DEFAULTS.flushIntervalNanos(), millis * Bench.MILLI, DEFAULTS.minView(), DEFAULTS.bootstrapExpect(),
                DEFAULTS.windowSlots(), DEFAULTS.windowBytes(), DEFAULTS.slotBytesMax(), DEFAULTS.ensembleId());
    }

    private static BackOff afterFailures(int count, EnsembleOptions options) {
        BackOff backOff = new BackOff(options, null);
        for (int i = 0; i < count; i++) {
            backOff.failed();
        }
        return backOff;
    }

    @Test
    void itDoublesWithEachFailure() {
        assertEquals(0, afterFailures(0, DEFAULTS).nanos());
        assertEquals(500 * Bench.MILLI, afterFailures(1, DEFAULTS).nanos());
        assertEquals(1500 * Bench.MILLI, afterFailures(2, DEFAULTS).nanos());
    }

    @Test
    void impatientRivalsComeToWaitForSignsOfLifeToo() {
        EnsembleOptions options = patience(1);

        assertTrue(afterFailures(20, options).nanos() > 4 * options.resendNanos());
    }

    @Test
    void nobodyWaitsLongerThanAnAttemptCanTake() {
        assertEquals(4000 * Bench.MILLI, afterFailures(1000, DEFAULTS).nanos());
        assertEquals(4000 * Bench.MILLI, afterFailures(1000, patience(1)).nanos());
    }

    @Test
    void eachViewTakesOneFailureBack() {
        BackOff backOff = afterFailures(1000, DEFAULTS);
        for (int view = 0; view < 4; view++) {
            backOff = new BackOff(DEFAULTS, backOff);
        }

        assertEquals(0, backOff.nanos());
        assertEquals(0, new BackOff(DEFAULTS, backOff).nanos());
    }
}
