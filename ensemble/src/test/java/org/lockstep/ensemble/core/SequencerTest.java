package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SequencerTest {
    private final Sequencer sequencer = new Sequencer(3);
    private final SharedTable table = new SharedTable(3);
    private final List<String> delivered = new ArrayList<>();

    @BeforeEach
    void nothingIsDeliveredFromNothing() {
        deliver();
        assertEquals(List.of(), delivered);
    }

    private static Slot slot(long index, int rank) {
        return new Slot(new Position(1, index, rank), new byte[0]);
    }

    private void deliver() {
        sequencer.deliverStable(table, slot -> delivered.add(slot.position().index() + "." + slot.position().rank()));
    }

    private void securedByAll(int rank, long index) {
        for (int m = 0; m < 3; m++) {
            table.raiseSecured(m, rank, index);
        }
    }

    @Test
    void dataWaitsUntilEveryMemberHasSecuredIt() {
        sequencer.add(slot(0, 0));
        table.raiseSecured(0, 0, 0);
        table.raiseSecured(1, 0, 0);
        deliver();
        assertEquals(List.of(), delivered);

        table.raiseSecured(2, 0, 0);
        deliver();
        assertEquals(List.of("0.0"), delivered);
    }

    @Test
    void aSlotOfUnknownContentHoldsBackWhatFollows() {
        sequencer.add(slot(0, 2));
        securedByAll(2, 0);
        sequencer.raiseClaim(1, 0);
        deliver();
        assertEquals(List.of(), delivered);

        sequencer.raiseClaim(0, 0);
        deliver();
        assertEquals(List.of("0.2"), delivered);
    }

    @Test
    void emptySlotsAreSkippedWithoutBeingStable() {
        sequencer.add(slot(5, 1));
        securedByAll(1, 5);
        sequencer.raiseClaim(0, 5);
        sequencer.raiseClaim(2, 4);
        deliver();

        assertEquals(List.of("5.1"), delivered);
        assertEquals(Order.of(5, 1), sequencer.delivered());
    }

    @Test
    void theOrderIsRoundRobin() {
        for (int k = 2; k >= 0; k--) {
            sequencer.add(slot(0, k));
            sequencer.add(slot(1, k));
            securedByAll(k, 1);
        }
        deliver();

        assertEquals(List.of("0.0", "0.1", "0.2", "1.0", "1.1", "1.2"), delivered);
    }

    @Test
    void theRestOfAViewIsWhatTheTrimCovers() {
        sequencer.add(slot(0, 0));
        sequencer.add(slot(2, 1));
        sequencer.add(slot(3, 1));
        sequencer.deliverRest(Trim.of(4, 2, -1), slot -> delivered.add(slot.position().index() + "." + slot.position().rank()));

        assertEquals(List.of("0.0", "2.1"), delivered);
        assertEquals(List.of(slot(3, 1).position()), sequencer.pending(1).stream().map(Slot::position).toList());
        assertEquals(Order.of(3, 1), sequencer.firstPendingOrder());
        assertFalse(Trim.of(4, 2, -1).covers(0, 2));
    }

    @Test
    void aCutInTheOrderIsATrim() {
        Trim cut = Trim.upTo(Order.of(7, 1), 3);

        assertEquals(Trim.of(7, 7, 6), cut);
        assertTrue(cut.covers(Order.of(7, 1)));
        assertFalse(cut.covers(Order.of(7, 2)));
        assertEquals(Trim.nothing(3), Trim.upTo(Order.NONE, 3));
    }
}
