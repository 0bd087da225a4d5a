package org.lockstep.server.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;

class DigestCheckTest {
    private final List<DigestCheck> members = new ArrayList<>();

    private void begin(int count) {
        for (int rank = 0; rank < count; rank++) {
            members.add(new DigestCheck(2));
            members.get(rank).viewBegan(7, count, rank);
        }
    }

    private void apply(long... digests) {
        for (int rank = 0; rank < digests.length; rank++) {
            assertFalse(members.get(rank).isDue());
            assertTrue(members.get(rank).isDue());
            members.get(rank).note(digests[rank]);
        }
    }

    /** Everybody speaks, everybody hears; says who may go on. */
    private List<Boolean> compare() throws Exception {
        List<Boolean> verdicts = new ArrayList<>();
        members.forEach(each -> verdicts.add(true));
        for (int speaker = 0; speaker < members.size(); speaker++) {
            JuteWriter said = members.get(speaker).take();
            assertNotNull(said);
            for (int rank = 0; rank < members.size(); rank++) {
                boolean fine = members.get(rank).hear(speaker, new JuteReader().wrap(said.array(), 0, said.length()));
                verdicts.set(rank, verdicts.get(rank) && fine);
            }
        }
        return verdicts;
    }

    @Test
    void equalStatesGoOn() throws Exception {
        begin(3);
        apply(5, 5, 5);
        assertEquals(List.of(true, true, true), compare());
        assertEquals(1, members.get(2).comparedCount());
        assertNull(members.get(0).take(), "said twice");
    }

    @Test
    void theOneThatDiffersStopsAndNobodyElse() throws Exception {
        begin(3);
        apply(6, 5, 5);
        assertEquals(List.of(false, true, true), compare());
    }

    @Test
    void ofTwoTheLowerRankIsBelieved() throws Exception {
        begin(2);
        apply(5, 6);
        assertEquals(List.of(true, false), compare());
    }

    @Test
    void whatWasSaidInAnotherViewSaysNothing() throws Exception {
        begin(2);
        apply(5, 6);
        JuteWriter said = members.get(0).take();
        members.get(1).viewBegan(8, 2, 1);
        assertTrue(members.get(1).hear(0, new JuteReader().wrap(said.array(), 0, said.length())));
        assertEquals(0, members.get(1).comparedCount());
    }
}
