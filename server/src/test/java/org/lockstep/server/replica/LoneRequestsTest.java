package org.lockstep.server.replica;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.state.BatchWriter;
import org.lockstep.wire.OpCode;

/** When a server takes it that a client of another one waits for it. */
class LoneRequestsTest {
    private static final int OWN = 0;
    private static final int OTHER = 1;
    private final LoneRequests lone = new LoneRequests();

    private static Effect slot(int rank, int requests) {
        BatchWriter batch = new BatchWriter();
        batch.begin(0);
        for (int i = 0; i < requests; i++) {
            batch.add(OpCode.SET_DATA, 1, 0, i, new byte[0], new byte[100], 0, 100);
        }
        return new Effect.Secure(new Slot(new Position(1, 0, rank), batch.toByteArray()));
    }

    private void come(int times, Effect... together) {
        for (int i = 0; i < times; i++) {
            lone.came(List.of(together), OWN, 0);
        }
    }

    @Test
    void itTakesManyInARow() {
        come(LoneRequests.SLOTS_MIN - 1, slot(OTHER, 1));
        assertFalse(lone.come(0));
        come(1, slot(OTHER, 1));
        assertTrue(lone.come(0));
    }

    @Test
    void itLastsAMomentBeyondTheLast() {
        come(LoneRequests.SLOTS_MIN, slot(OTHER, 1));
        assertTrue(lone.come(LoneRequests.QUIET_NANOS));
        assertFalse(lone.come(LoneRequests.QUIET_NANOS + 1));
    }

    @Test
    void ofSeveralClientsNoneWaitsForThisServer() {
        come(LoneRequests.SLOTS_MIN, slot(OTHER, 2));
        assertFalse(lone.come(0), "two requests in a slot");
        come(LoneRequests.SLOTS_MIN, slot(OTHER, 1), slot(OTHER, 1));
        assertFalse(lone.come(0), "two slots in a turn");
        for (int i = 0; i < LoneRequests.SLOTS_MIN; i++) {
            come(1, slot(OTHER, 1));
            come(1, slot(OTHER + 1, 1));
        }
        assertFalse(lone.come(0), "two members");
    }

    @Test
    void ownRequestsAreNotThoseOfOthers() {
        come(LoneRequests.SLOTS_MIN, slot(OWN, 1));
        assertFalse(lone.come(0));
        come(LoneRequests.SLOTS_MIN, slot(OTHER, 1));
        come(1, slot(OWN, 1));
        assertFalse(lone.come(0), "and end the run of those");
    }
}
