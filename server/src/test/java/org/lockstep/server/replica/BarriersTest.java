package org.lockstep.server.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
    void whoWasDroppedIsNeverAnswered() {
        Barriers barriers = new Barriers();
        List<String> released = new ArrayList<>();
        barriers.add(new Position(1, 4, 0), () -> released.add("gone"));
        barriers.drop();
        barriers.release(new Position(9, 0, 0));
        assertEquals(List.of(), released);
    }
}
