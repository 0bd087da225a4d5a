package org.lockstep.compat.consistency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.compat.consistency.Tale.set;
import static org.lockstep.compat.consistency.Tale.state;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lockstep.compat.consistency.LockCheck.FencedWrite;
import org.lockstep.wire.ErrorCode;

/** The checks other than linearizability: each accepts what is right and rejects each kind of wrong. */
class OrderChecksTest {
    private static final String A = "/a";
    private static final String B = "/b";

    private static void assertFound(String what, List<String> violations) {
        assertEquals(1, violations.size(), violations::toString);
        assertTrue(violations.get(0).contains(what), violations::toString);
    }

    private static Tale twoNodes() {
        return new Tale().ok(0, 0, 1, 10, Part.create(A, "a0")).ok(0, 2, 3, 11, Part.create(B, "b0"));
    }

    @Test
    void repliesThatContradictEachOtherAreFound() {
        assertFound("nobody wrote", twoNodes().read(1, 4, 5, A, state("phantom", 0, 10, 10)).knowledge().violations());
        assertFound("another node", twoNodes().read(1, 4, 5, A, state("b0", 0, 11, 11)).knowledge().violations());
        assertFound("two zxids", twoNodes().read(1, 4, 5, A, state("a0", 0, 12, 12)).knowledge().violations());
        assertFound("contradicts itself", twoNodes().lost(0, 4, Part.set(A, "a1", -1))
                .read(1, 4, 5, A, state("a1", 1, 12, 12)).knowledge().violations());
        assertFound("refused write took effect", twoNodes()
                .refused(0, 4, 5, 12, Part.set(A, "no", 7).answered(ErrorCode.BAD_VERSION, null))
                .read(1, 6, 7, A, state("no", 1, 10, 12)).knowledge().violations());
        assertEquals(List.of(), twoNodes().lost(0, 4, Part.set(A, "a1", -1)).read(1, 4, 5, A, state("a1", 1, 10, 12))
                .knowledge().violations());
    }

    @Test
    void zxidsMustBeUniqueAndFollowRealTimeAndSessions() {
        assertEquals(List.of(), ZxidCheck.violations(twoNodes().ok(1, 2, 9, 13, Part.delete(A, -1))
                .ok(2, 3, 8, 12, set(A, "a1", -1, 1, 10, 12)).knowledge()));
        assertFound("one zxid for two", ZxidCheck.violations(twoNodes().ok(1, 2, 5, 11, Part.delete(A, -1)).knowledge()));
        assertFound("against real time", ZxidCheck.violations(twoNodes().ok(1, 4, 5, 9, Part.delete(A, -1)).knowledge()));
        assertFound("against real time", ZxidCheck.violations(twoNodes()
                .refused(1, 4, 5, 9, Part.delete(A, 3).answered(ErrorCode.BAD_VERSION, null)).knowledge()));
        assertFound("went back in a session", ZxidCheck.violations(new Tale()
                .ok(1, 0, 1, 10, Part.create(A, "a0"))
                .ok(1, 2, 3, 9, Part.read(A).answered(0, state("a0", 0, 10, 10))).knowledge()));
        assertFound("another zxid", ZxidCheck.violations(twoNodes()
                .ok(1, 4, 5, 12, set(A, "a1", -1, 1, 10, 12), set(B, "b1", -1, 1, 11, 13)).knowledge()));
    }

    @Test
    void sequenceNumbersMustBeUniqueAndInOrder() {
        Tale good = new Tale().ok(0, 0, 1, 10, Part.create("/s/n-0000000001", "n1"))
                .ok(1, 2, 3, 11, Part.create("/s/n-0000000002", "n2"));
        assertEquals(List.of(), ZxidCheck.violations(good.knowledge()));
        assertFound("given twice", ZxidCheck.violations(good.ok(2, 4, 5, 12, Part.create("/s/m-0000000002", "n3")).knowledge()));
        assertFound("against the order", ZxidCheck.violations(new Tale()
                .ok(0, 0, 9, 10, Part.create("/s/n-0000000002", "n1"))
                .ok(1, 0, 9, 11, Part.create("/s/n-0000000001", "n2")).knowledge()));
    }

    /** Whoever created it got no reply, and never learnt its name; a read tells. */
    @Test
    void aSequentialCreateWithoutReplyHasTheNameUnderWhichItIsSeen() {
        String name = "/s/n-0000000002";
        NodeState seen = state("n2", 0, 12, 12);
        Tale good = new Tale().ok(0, 0, 1, 11, Part.create("/s/n-0000000001", "n1")).lost(1, 2, Part.create("/s/n-", "n2"))
                .syncedRead(2, 5, 6, name, seen);
        assertEquals(List.of(), good.knowledge().violations());
        assertEquals(List.of(), LinearizabilityCheck.violations(good.knowledge(), true));
        assertEquals(List.of(), SessionOrderCheck.violations(good.knowledge(), true));
        assertEquals(List.of(), ZxidCheck.violations(good.knowledge()));
        assertFound("is missing", FinalCheck.violations(good.knowledge(),
                List.of(Map.of("/s/n-0000000001", state("n1", 0, 11, 11))), Set.of()));
        assertFound("not linearizable", LinearizabilityCheck.violations(new Tale().syncedRead(2, 0, 1, name, seen)
                .lost(1, 2, Part.create("/s/n-", "n2")).knowledge(), true));
        assertFound("another node", good.syncedRead(2, 7, 8, "/s/n-0000000003", seen).knowledge().violations());
        assertFound("against the order", ZxidCheck.violations(new Tale()
                .ok(0, 0, 9, 12, Part.create("/s/n-0000000001", "n1")).lost(1, 0, Part.create("/s/n-", "n2"))
                .read(2, 10, 11, name, state("n2", 0, 10, 10)).knowledge()));
    }

    @Test
    void aSessionNeverSeesOlderThanItWroteOrSaw() {
        Tale written = twoNodes().ok(1, 4, 5, 12, set(A, "a1", 0, 1, 10, 12));
        // Another session may lag behind, a session that knows of the write may not, on whatever node it learnt of it.
        assertEquals(List.of(), SessionOrderCheck.violations(twoNodes().ok(1, 4, 5, 12, set(A, "a1", 0, 1, 10, 12))
                .read(2, 6, 7, A, state("a0", 0, 10, 10)).read(2, 8, 9, A, state("a1", 1, 10, 12)).knowledge(), false));
        assertFound("a read older", SessionOrderCheck.violations(
                written.read(1, 6, 7, A, state("a0", 0, 10, 10)).knowledge(), false));
        assertFound("a read older", SessionOrderCheck.violations(twoNodes().ok(1, 4, 5, 12, set(A, "a1", 0, 1, 10, 12))
                .read(2, 6, 7, A, state("a1", 1, 10, 12)).read(2, 8, 9, A, state("a0", 0, 10, 10)).knowledge(), false));
        assertFound("a read older", SessionOrderCheck.violations(twoNodes()
                .ok(1, 4, 5, 12, set(A, "a1", 0, 1, 10, 12)).ok(1, 6, 7, 13, set(B, "b1", 0, 1, 11, 13))
                .read(2, 8, 9, B, state("b1", 1, 11, 13)).read(2, 10, 11, A, state("a0", 0, 10, 10)).knowledge(), false));
    }

    @Test
    void aSessionNeverSeesANodeThatItKnowsDeletedNorMissesOneThatItKnowsCreated() {
        assertFound("a read older", SessionOrderCheck.violations(
                twoNodes().readNothing(0, 4, 5, A).knowledge(), false));
        assertEquals(List.of(), SessionOrderCheck.violations(twoNodes().readNothing(1, 4, 5, A).knowledge(), false));
        assertFound("a read older", SessionOrderCheck.violations(twoNodes().ok(1, 4, 5, 12, Part.delete(A, -1))
                .read(1, 6, 7, A, state("a0", 0, 10, 10)).knowledge(), false));
        assertEquals(List.of(), SessionOrderCheck.violations(twoNodes().lost(2, 4, Part.delete(A, -1))
                .readNothing(0, 6, 7, A).knowledge(), false));
        assertEquals(List.of(), SessionOrderCheck.violations(twoNodes().ok(1, 4, 5, 12, Part.delete(A, -1))
                .ok(1, 6, 7, 13, Part.create(A, "a1")).readNothing(0, 8, 9, A).knowledge(), false));
    }

    @Test
    void aSyncedReadShowsWhatAnybodyKnewBeforeOfAnyNode() {
        Tale tale = twoNodes().ok(1, 4, 5, 12, set(A, "a1", 0, 1, 10, 12)).syncedRead(2, 6, 7, A, state("a0", 0, 10, 10));
        assertFound("a read older", SessionOrderCheck.violations(tale.knowledge(), true));
        assertEquals(List.of(), SessionOrderCheck.violations(tale.knowledge(), false));
        assertEquals(List.of(), SessionOrderCheck.violations(twoNodes().ok(1, 4, 9, 12, set(A, "a1", 0, 1, 10, 12))
                .syncedRead(2, 6, 7, A, state("a0", 0, 10, 10)).knowledge(), true));
        assertFound("a read older", SessionOrderCheck.violations(twoNodes().syncedReadNothing(2, 6, 7, B).knowledge(), true));
    }

    @Test
    void aLockHasOneHolder() {
        Hold first = new Hold("a", 1, 1, 10, 20);
        assertEquals(List.of(), LockCheck.violations(List.of(first, new Hold("a", 2, 2, 21, 30)), List.of()));
        assertEquals(List.of(), LockCheck.violations(List.of(first, new Hold("b", 2, 2, 15, 30)), List.of()));
        assertEquals(List.of(), LockCheck.violations(List.of(first, new Hold("a", 2, 2, 15, 0)), List.of()), "never confirmed");
        assertFound("two holders", LockCheck.violations(List.of(new Hold("a", 2, 2, 19, 30), first), List.of()));
        assertFound("two holders", LockCheck.violations(
                List.of(new Hold("a", 1, 1, 10, 40), new Hold("a", 2, 2, 50, 60), new Hold("a", 3, 3, 30, 35)), List.of()));
    }

    @Test
    void tokensOnlyRise() {
        List<FencedWrite> good = List.of(new FencedWrite("a", 1, 10), new FencedWrite("a", 1, 11), new FencedWrite("a", 3, 12),
                new FencedWrite("b", 2, 13));
        assertEquals(List.of(), LockCheck.violations(List.of(), good));
        assertFound("token that was passed",
                LockCheck.violations(List.of(), List.of(new FencedWrite("a", 2, 10), new FencedWrite("a", 1, 11))));
        assertFound("token that was passed", LockCheck.violations(List.of(),
                List.of(new FencedWrite("a", 1, 12), new FencedWrite("a", 1, 10), new FencedWrite("a", 2, 11))));
    }

    @Test
    void theEndShowsEveryAcknowledgedWriteOnEveryServer() {
        Tale tale = twoNodes().ok(1, 4, 5, 12, set(A, "a1", 0, 1, 10, 12)).ok(1, 6, 7, 13, Part.create("/c", "c0"))
                .ok(1, 8, 9, 14, Part.delete("/c", -1));
        Map<String, NodeState> right = Map.of(A, state("a1", 1, 10, 12), B, state("b0", 0, 11, 11));
        assertEquals(List.of(), FinalCheck.violations(tale.knowledge(), List.of(right, right, right), Set.of("/e")));
        Map<String, NodeState> oldValue = Map.of(A, state("a0", 0, 10, 10), B, state("b0", 0, 11, 11));
        assertFound("is missing", FinalCheck.violations(tale.knowledge(), List.of(oldValue), Set.of()));
        assertFound("is missing", FinalCheck.violations(tale.knowledge(), List.of(Map.of(A, right.get(A))), Set.of()));
        assertFound("servers differ", FinalCheck.violations(tale.knowledge(), List.of(right, oldValue), Set.of()));
        Map<String, NodeState> back = new HashMap<>(right);
        back.put("/c", state("c0", 0, 13, 13));
        assertFound("came back", FinalCheck.violations(tale.knowledge(), List.of(back), Set.of()));
    }

    @Test
    void theEndMayLackWhatMayHaveBeenDeletedButNotShowDeadEphemerals() {
        Tale tale = twoNodes().lost(1, 4, Part.delete(A, -1));
        Map<String, NodeState> onlyB = Map.of(B, state("b0", 0, 11, 11));
        assertEquals(List.of(), FinalCheck.violations(tale.knowledge(), List.of(onlyB), Set.of()));
        Map<String, NodeState> both = Map.of(A, state("a0", 0, 10, 10), B, state("b0", 0, 11, 11));
        assertEquals(List.of(), FinalCheck.violations(tale.knowledge(), List.of(both), Set.of()));
        assertFound("outlives its session", FinalCheck.violations(tale.knowledge(), List.of(both), Set.of(A)));
    }
}
