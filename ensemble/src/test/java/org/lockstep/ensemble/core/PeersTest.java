package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.lockstep.fsync.FsyncPolicy;

class PeersTest {
    private static final EnsembleOptions OPTIONS =
            EnsembleOptions.of(List.of(1, 2, 3), FsyncPolicy.DURABLE, new UUID(1, 1));
    private static final long TIMEOUT = OPTIONS.failureTimeoutNanos();
    private static final MemberId LEARNER = member(3);

    private final Peers peers = new Peers(member(1), OPTIONS);

    private static MemberId member(int serverId) {
        return new MemberId(serverId, new UUID(0, serverId), 1);
    }

    private static ViewRecord view(long viewId, MemberId... members) {
        return new ViewRecord(viewId, new UUID(1, 1), List.of(members), List.of(), ViewRecord.Origin.SURVIVORS, member(1),
                Trim.nothing(2));
    }

    private void asksToJoin(long viewId, long now) {
        peers.heard(LEARNER, now);
        peers.asksToJoin(3, viewId, now);
    }

    @Test
    void aLearnerThatANewViewLeftOutIsLeftAloneForAWhile() {
        asksToJoin(4, 0);
        assertEquals(List.of(LEARNER), peers.joinCandidates(4, false, 0));

        peers.passedOver(view(5, member(1), member(2)), 10);
        asksToJoin(5, TIMEOUT);

        assertEquals(List.of(), peers.joinCandidates(5, false, TIMEOUT + 9));
        assertEquals(List.of(LEARNER), peers.joinCandidates(5, true, TIMEOUT + 9), "when it is needed it does not wait");
        assertEquals(List.of(LEARNER), peers.joinCandidates(5, false, TIMEOUT + 10));
    }

    @Test
    void aLearnerThatAskedInNoViewBeforeIsNotPassedOver() {
        asksToJoin(3, 0);
        peers.passedOver(view(5, member(1), member(2)), 10);
        asksToJoin(5, 20);

        assertEquals(List.of(LEARNER), peers.joinCandidates(5, false, 20));
    }

    @Test
    void failuresMakeItWaitLonger() {
        asksToJoin(4, 0);
        peers.joinFailed(LEARNER, 0);
        peers.passedOver(view(5, member(1), member(2)), 10);
        asksToJoin(5, 2 * TIMEOUT);

        assertEquals(List.of(), peers.joinCandidates(5, false, 2 * TIMEOUT - 1));
        assertEquals(List.of(LEARNER), peers.joinCandidates(5, false, 2 * TIMEOUT));
    }
}
