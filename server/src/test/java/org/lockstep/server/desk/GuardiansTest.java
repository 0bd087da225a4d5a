package org.lockstep.server.desk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.state.SessionOwner;

class GuardiansTest {
    private static final MemberId ONE = member(1);
    private static final MemberId TWO = member(2);
    private static final MemberId THREE = member(3);
    private static final SessionOwner GONE = new SessionOwner(9, 99);

    private static MemberId member(int serverId) {
        return new MemberId(serverId, new UUID(0, serverId), 0x5eed_0000L + serverId);
    }

    private static long session(int i) {
        return 0x900_0000_0000_0000L + i;
    }

    @Test
    void theOwnerKeepsItsSessionsWhileItIsInTheView() {
        List<MemberId> view = List.of(ONE, TWO, THREE);
        for (MemberId owner : view) {
            for (int i = 0; i < 100; i++) {
                assertEquals(owner, Guardians.of(session(i), new SessionOwner(owner.serverId(), owner.incarnation()), view));
            }
        }
    }

    @Test
    void anotherProcessOfTheSameServerIsNotTheOwner() {
        SessionOwner before = new SessionOwner(1, ONE.incarnation() - 1);
        List<MemberId> guardians = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            guardians.add(Guardians.of(session(i), before, List.of(ONE, TWO)));
        }
        assertTrue(guardians.contains(ONE) && guardians.contains(TWO));
    }

    @Test
    void orphansAreSharedEvenlyWhateverTheRanks() {
        Map<MemberId, Integer> shares = new HashMap<>();
        for (int i = 0; i < 3_000; i++) {
            MemberId guardian = Guardians.of(session(i), GONE, List.of(ONE, TWO, THREE));
            assertEquals(guardian, Guardians.of(session(i), GONE, List.of(THREE, ONE, TWO)));
            shares.merge(guardian, 1, Integer::sum);
        }
        shares.forEach((member, share) -> assertTrue(share > 800 && share < 1_200, member + " has " + share));
    }

    @Test
    void onlyTheOrphansOfWhoLeavesGetAnotherGuardian() {
        for (int i = 0; i < 1_000; i++) {
            MemberId before = Guardians.of(session(i), GONE, List.of(ONE, TWO, THREE));
            MemberId after = Guardians.of(session(i), GONE, List.of(ONE, THREE));
            assertTrue(before.equals(after) || before.equals(TWO));
        }
    }
}
