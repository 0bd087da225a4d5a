package org.lockstep.server.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.Position;

/** Each slot here takes 1000 bytes with all that belongs to it; after every tenth there is a checkpoint. */
class LogRetentionTest {
    private static final int PAYLOAD_BYTES = 1000 - 128;

    private final LogRetention retention = new LogRetention(100_000);

    private static Position at(long index) {
        return new Position(3, index, 0);
    }

    private void applyUpTo(long first, long last) {
        for (long index = first; index <= last; index++) {
            retention.applied(PAYLOAD_BYTES);
            if (index % 10 == 0) {
                retention.checkpointed(at(index));
            }
        }
    }

    @Test
    void aCompleteViewKeepsOneCheckpointMore() {
        assertEquals(Position.START, retention.floor(true, false, null, List.of()));
        applyUpTo(1, 10);
        assertEquals(Position.START, retention.floor(true, false, null, List.of()));
        assertEquals(at(10), retention.floor(true, true, null, List.of()), "alone: nobody else comes back");
        applyUpTo(11, 500);
        assertEquals(at(490), retention.floor(true, false, null, List.of()));
        assertEquals(at(500), retention.floor(true, true, null, List.of()));
    }

    @Test
    void forWhoIsAwayTheLogIsKeptAndNotForEver() {
        applyUpTo(1, 100);
        assertEquals(at(10), retention.floor(false, false, null, List.of()));
        applyUpTo(101, 5000);
        assertEquals(at(4900), retention.floor(false, false, null, List.of()));
        assertEquals(at(4990), retention.floor(true, false, null, List.of()), "everybody is back");
    }

    @Test
    void aSlowFollowerIsWaitedForAndNotForEver() {
        applyUpTo(1, 1000);
        assertEquals(at(950), retention.floor(true, false, at(950), List.of()));
        assertEquals(at(990), retention.floor(true, false, at(999), List.of()));
        assertEquals(at(900), retention.floor(true, false, at(3), List.of()));
    }

    @Test
    void whoCopiesAStateFindsWhatFollowsIt() {
        applyUpTo(1, 1000);
        assertEquals(at(20), retention.floor(true, false, at(950), List.of(at(40), at(20))));
        assertEquals(at(20), retention.floor(false, true, null, List.of(at(20))));
    }

    @Test
    void aCheckpointLargerThanWhatIsKeptIsStillNotLetGoTooEarly() {
        retention.applied(1000);
        retention.checkpointed(at(1));
        for (int i = 0; i < 300; i++) {
            retention.applied(PAYLOAD_BYTES);
        }
        retention.checkpointed(at(301));
        assertEquals(at(1), retention.floor(false, false, null, List.of()), "who is in the view may stand there");
        assertEquals(at(1), retention.floor(true, false, null, List.of()));
    }

    @Test
    void whatIsRememberedIsFew() {
        for (long index = 1; index <= 100_000; index++) {
            retention.applied(0);
            retention.checkpointed(at(index));
        }
        Position kept = retention.floor(false, false, null, List.of());
        long slots = 100_000 - kept.index();
        assertTrue(slots * 128 > 90_000 && slots * 128 <= 100_000, "kept slots: " + slots);
    }
}
