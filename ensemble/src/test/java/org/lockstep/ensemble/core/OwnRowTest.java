package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Member 0 of three: who gets its row, and when. */
class OwnRowTest {
    private static final long NOBODY = 0;
    private static final long ONE = 1 << 1;
    private static final long TWO = 1 << 2;

    private final OwnRow row = new OwnRow(3, 0);

    @BeforeEach
    void theFirstRowGoesToAll() {
        assertEquals(ONE | TWO, row.take(NOBODY, false));
        assertFalse(row.takeAsk());
    }

    @Test
    void nothingNewIsNotSaid() {
        assertEquals(NOBODY, row.take(ONE | TWO, false));
        assertFalse(row.takeAsk());
    }

    @Test
    void whoseSlotIsUnderWayHearsOfItAtOnceAndTheOtherIsOwed() {
        row.hasNews();
        assertEquals(ONE, row.take(ONE, false));
        assertTrue(row.takeAsk());
        assertFalse(row.takeAsk(), "asked for once");
        assertEquals(TWO, row.takeOwed());
        assertEquals(NOBODY, row.takeOwed());
    }

    @Test
    void theNewsThatDeliversASlotGoesToItsSender() {
        row.hasNews();
        row.delivered(2);
        assertEquals(TWO, row.take(NOBODY, false));
        row.hasNews();
        assertEquals(NOBODY, row.take(NOBODY, false), "that was the step before");
    }

    @Test
    void whoIsOwedGetsItWhenHisOwnSlotComes() {
        row.hasNews();
        assertEquals(NOBODY, row.take(NOBODY, false));
        assertEquals(NOBODY, row.take(ONE, true), "the log is to report on the slot in a moment");
        assertEquals(ONE, row.take(ONE, false));
    }

    @Test
    void whatConcernsTheMembersGoesToAllAndPaysWhatIsOwed() {
        row.hasNews();
        row.take(ONE, false);
        assertTrue(row.takeAsk());
        row.changed();
        assertEquals(ONE | TWO, row.take(NOBODY, true));
        assertEquals(NOBODY, row.takeOwed());
        row.hasNews();
        row.take(ONE, false);
        assertTrue(row.takeAsk(), "the earlier one was answered");
    }
}
