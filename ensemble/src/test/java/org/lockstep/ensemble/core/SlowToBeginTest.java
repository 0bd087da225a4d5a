package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** A view has been decided, and one of its members has not begun it. The failure timeout is 1000 ms here, the slow one 5000. */
class SlowToBeginTest {
    private static final int MILLIS_MAX = 10_000;

    private static Bench withJoinerThatInstalls() {
        Bench bench = new Bench(3);
        bench.run(1000);
        bench.silence(2);
        bench.run(3000);
        bench.replace(2);
        bench.installing = 2;
        runUntil(bench, () -> membersInView(bench) == 3);
        assertNull(bench.members.get(2).view());
        return bench;
    }

    private static int membersInView(Bench bench) {
        return bench.members.get(0).view().members().size();
    }

    /** Returns after how many milliseconds. */
    private static int runUntil(Bench bench, BooleanSupplier condition) {
        int millis = 0;
        while (!condition.getAsBoolean()) {
            assertTrue(millis < MILLIS_MAX, "nothing has changed for " + MILLIS_MAX + " ms");
            bench.run(10);
            millis += 10;
        }
        return millis;
    }

    @Test
    void aJoinerWhoseDiskIsSlowIsNotPutOutAgain() {
        Bench bench = withJoinerThatInstalls();
        ViewRecord view = bench.members.get(0).view();

        bench.run(4000);
        assertEquals(view, bench.members.get(0).view());
        bench.endInstall();
        bench.run(3000);

        assertEquals(view, bench.members.get(2).view());
        assertEquals(view, bench.members.get(0).view());
        bench.submit(2, 5);
        bench.settle();
        assertEquals(5, bench.values(0).get(0));
    }

    @Test
    void aMemberThatStaysIsGivenTheSameTime() {
        Bench bench = new Bench(3);
        bench.run(1000);
        bench.installing = 1;
        bench.members.get(0).planViewChange();
        runUntil(bench, () -> bench.members.get(0).view().viewId() == 2);

        bench.run(4000);
        bench.endInstall();
        bench.run(3000);

        assertEquals(2, bench.members.get(0).view().viewId());
        assertEquals(2, bench.members.get(1).view().viewId());
    }

    @Test
    void aJoinerThatNeverBeginsIsPutOut() {
        Bench bench = withJoinerThatInstalls();

        int millis = runUntil(bench, () -> membersInView(bench) == 2);

        assertTrue(millis >= 5000, "put out after " + millis + " ms");
    }

    @Test
    void aJoinerThatDiesMeanwhileIsPutOutAsSoonAsAnyOther() {
        Bench bench = withJoinerThatInstalls();
        bench.run(2000);
        bench.silence(2);

        int millis = runUntil(bench, () -> membersInView(bench) == 2);

        assertTrue(millis < 2000, "put out after " + millis + " ms");
    }
}
