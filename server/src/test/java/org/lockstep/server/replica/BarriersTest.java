package org.lockstep.server.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.Position;

class BarriersTest {
    private final Barriers barriers = new Barriers();
    private final List<String> released = new ArrayList<>();

    private void add(long index) {
        barriers.add(new Position(1, index, 0), () -> released.add("b" + index));
    }

    @Test
    void aBarrierIsReleasedWhenItsPlaceIsFlushedAndNotBefore() {
        add(3);
        add(5);
        barriers.release(new Position(1, 2, 0));
        assertEquals(List.of(), released);
        barriers.release(new Position(1, 4, 0));
        assertEquals(List.of("b3"), released);
        barriers.release(new Position(1, 5, 0));
        assertEquals(List.of("b3", "b5"), released);
    }

    @Test
    void aFlushIsAskedForOnceForEachPlace() {
        assertFalse(barriers.wantFlush());
        add(3);
        assertTrue(barriers.wantFlush());
        barriers.flushRequested(new Position(1, 3, 0));
        assertFalse(barriers.wantFlush());
        add(4);
        assertTrue(barriers.wantFlush());
    }
}
