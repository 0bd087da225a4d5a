package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.fsync.FsyncPolicy;

class EnsembleMemberTest {
    private static Bench inFirstView(int count) {
        Bench bench = new Bench(count);
        bench.run(1000);
        for (EnsembleMember member : bench.members) {
            assertNotNull(member.view(), "no first view at " + member.self());
        }
        return bench;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5})
    void blankServersFormTheFirstView(int count) {
        Bench bench = inFirstView(count);

        assertEquals(1, bench.members.get(0).view().viewId());
        assertEquals(count, bench.members.get(0).view().members().size());
        assertEquals(ViewRecord.Origin.BOOTSTRAP, bench.members.get(0).view().origin());
    }

    @Test
    void theFirstViewWaitsForAllBlankServers() {
        Bench bench = new Bench(3);
        bench.silence(2);

        bench.run(5000);

        assertNull(bench.members.get(0).view());
    }

    @Test
    void nobodyIsWaitedForOnceAllAreThere() {
        Bench bench = new Bench(3);

        bench.run(100); // late ones would be given 200 ms

        assertNotNull(bench.members.get(0).view());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aLoneWriterCommitsInOneRoundTrip(int writer) {
        Bench bench = inFirstView(3);

        bench.submit(writer, 7);
        assertEquals(List.of(), bench.values(writer));
        bench.hop();
        bench.hop();

        assertEquals(List.of(7), bench.values(writer));
        bench.settle();
        assertEquals(List.of(7), bench.values((writer + 1) % 3));
        assertEquals(List.of(7), bench.values((writer + 2) % 3));
    }

    @Test
    void anIdleEnsembleSaysNothingBetweenHeartbeats() {
        Bench bench = inFirstView(3);
        bench.submit(1, 1);
        bench.settle();

        assertEquals(0, bench.hop());
    }

    @Test
    void writersShareTheOrderByTurns() {
        Bench bench = inFirstView(3);
        for (int i = 0; i < 12; i++) {
            bench.submit(i % 3, i);
        }
        bench.settle();

        assertEquals(12, bench.values(0).size());
        assertEquals(bench.values(0), bench.values(1));
        assertEquals(bench.values(0), bench.values(2));
        for (int sender = 0; sender < 3; sender++) {
            int rank = sender;
            List<Integer> own = bench.values(0).stream().filter(value -> value % 3 == rank).toList();
            assertEquals(own.stream().sorted().toList(), own, "sender " + sender + " is out of order");
        }
    }

    @Test
    void aLoneMemberDeliversInTheTurnInWhichItsLogHasSecuredTheSlot() {
        EnsembleMember member = inFirstView(1).members.get(0);
        member.submit(new byte[] {5});
        Effects effects = member.effects();
        assertEquals(Effect.Secure.class, effects.get(0).getClass());
        member.secured(((Effect.Secure) effects.get(0)).slot().position());

        assertEquals(Effect.Deliver.class, effects.get(1).getClass());
        assertTrue(((Effect.Deliver) effects.get(1)).own());
        member.endTurn();
        assertTrue(effects.list().stream().noneMatch(effect -> effect instanceof Effect.Send), "there is nobody to tell");
    }

    @Test
    void theWindowClosesWhenAMemberDoesNotApply() {
        Bench bench = inFirstView(3);
        int sent = 0;
        while (bench.members.get(0).mayTakeMore() && sent < 1000) {
            bench.submit(0, sent++);
        }

        assertEquals(16, sent);
        bench.submit(0, 99);
        bench.settle();
        assertTrue(bench.members.get(0).mayTakeMore());
        assertEquals(17, bench.values(2).size());
    }

    @Test
    void survivorsCarryOnWithoutADeadMemberAndLoseNothing() {
        Bench bench = inFirstView(3);
        bench.submit(0, 1);
        bench.silence(2);
        bench.submit(1, 2);
        bench.run(3000);

        assertEquals(2, bench.members.get(0).view().viewId());
        assertEquals(ViewRecord.Origin.SURVIVORS, bench.members.get(0).view().origin());
        assertEquals(2, bench.members.get(1).view().members().size());
        assertEquals(List.of(1, 2), bench.values(0).stream().sorted().toList());
        assertEquals(bench.values(0), bench.values(1));
        bench.submit(1, 3);
        bench.settle();
        assertEquals(3, bench.values(0).get(2));
    }

    @Test
    void aMinorityIgnoresItsSuspicionsAndSaysThatItIsCutOff() {
        Bench bench = inFirstView(3);
        bench.silence(1);
        bench.silence(2);
        bench.submit(0, 1);
        bench.run(5000);

        assertEquals(1, bench.members.get(0).view().viewId());
        assertEquals(List.of(), bench.values(0));
        assertTrue(bench.others.contains(new Effect.CutOff(true)));
    }

    @Test
    void whoSleptSuspectsNobody() {
        Bench bench = inFirstView(3);
        bench.tick(60_000);
        bench.settle();
        bench.run(500);

        assertEquals(1, bench.members.get(0).view().viewId());
    }

    @Test
    void aPlannedChangeKeepsTheMembers() {
        Bench bench = inFirstView(3);
        bench.members.get(0).planViewChange();
        bench.run(500);

        ViewRecord view = bench.members.get(2).view();
        assertEquals(2, view.viewId());
        assertEquals(3, view.members().size());
        bench.submit(2, 5);
        bench.settle();
        assertEquals(List.of(5), bench.values(0));
    }

    private static Bench afterFirstView(EnsembleOptions options) {
        Bench bench = new Bench(options, 3);
        bench.run(1000);
        assertEquals(1, bench.members.get(0).view().viewId());
        return bench;
    }

    private static EnsembleOptions options() {
        return EnsembleOptions.of(Bench.ids(3), FsyncPolicy.DURABLE, new UUID(9, 9));
    }

    private static void assertGoesOnWithout(Bench bench, int left) {
        int one = (left + 1) % 3;
        int other = (left + 2) % 3;
        assertEquals(2, bench.members.get(one).view().members().size());
        assertEquals(bench.members.get(one).view(), bench.members.get(other).view());
        int before = bench.values(one).size();
        bench.submit(one, 100);
        bench.settle();
        assertEquals(before + 1, bench.values(other).size());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void whoHoldsBackStabilityForTooLongIsVotedOut(int slow) {
        Bench bench = afterFirstView(options());
        bench.stuck = slow;
        bench.submit((slow + 1) % 3, 1);
        bench.run(4500);
        assertEquals(1, bench.members.get(0).view().viewId(), "voted out before slowTimeout");
        bench.run(9000);

        assertGoesOnWithout(bench, slow);
        assertTrue(bench.isExcluded(slow));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void whoHearsNobodyIsVotedOutThoughItIsHeard(int deaf) {
        Bench bench = afterFirstView(options());
        bench.deaf = deaf;
        bench.run(4000);

        assertGoesOnWithout(bench, deaf);
    }

    @Test
    void whoSleptThroughAViewLearnsItAndLeaves() {
        Bench bench = afterFirstView(options());
        bench.silence(0);
        bench.run(3000);
        assertGoesOnWithout(bench, 0);
        assertFalse(bench.isExcluded(0));
        bench.wake(0);
        bench.run(500);

        assertTrue(bench.isExcluded(0));
        assertFalse(bench.members.get(0).mayTakeMore());
        assertThrows(IllegalStateException.class, () -> bench.members.get(0).submit(new byte[1]));
    }

    @Test
    void aMemberWhoseProcessIsReplacedIsNotWaitedFor() {
        Bench bench = afterFirstView(options());
        bench.replace(2);
        bench.run(400);

        assertGoesOnWithout(bench, 2);
    }

    @Test
    void aSuspicionThatWouldLeaveFewerThanMinViewIsIgnored() {
        EnsembleOptions all = new EnsembleOptions(Bench.ids(3), FsyncPolicy.DURABLE, 50 * Bench.MILLI, 1000 * Bench.MILLI,
                5000 * Bench.MILLI, 10_000 * Bench.MILLI, 100 * Bench.MILLI, 500 * Bench.MILLI, 3, 3, 16, 4 << 20, 2 << 20,
                new UUID(9, 9));
        Bench bench = afterFirstView(all);
        bench.silence(2);
        bench.run(8000);
        bench.submit(0, 1);
        bench.settle();
        assertEquals(1, bench.members.get(0).view().viewId());
        assertEquals(List.of(), bench.values(0), "nothing is stable without the third");

        bench.wake(2);
        bench.connect(0, 2);
        bench.connect(1, 2);
        bench.run(500);
        assertEquals(List.of(1), bench.values(2));
        assertEquals(1, bench.members.get(0).view().viewId());
    }

    @Test
    void aMemberWhoseDiskHasStoppedLeaves() {
        Bench bench = afterFirstView(options());
        // The other one cannot go on without it: two are the least majority.
        bench.silence(1);
        bench.stuck = 0;
        bench.run(4000);
        assertTrue(bench.others.stream().noneMatch(effect -> effect instanceof Effect.Excluded));
        bench.run(5000);

        assertTrue(bench.others.stream().anyMatch(effect -> effect instanceof Effect.Excluded));
        assertFalse(bench.members.get(0).mayTakeMore());
    }

    @Test
    void aNewDiskDoesNotCountForTheVotersBefore() {
        Bench bench = afterFirstView(options());
        bench.silence(2);
        bench.run(3000);
        long before = bench.members.get(0).view().viewId();
        List<MemberId> accepting = new ArrayList<>();
        bench.replace(2);
        MemberId newcomer = bench.members.get(2).self();
        bench.lostFrom = (from, message) -> {
            boolean accepts = message instanceof Message.Accepted;
            if (accepts) {
                accepting.add(from);
            }
            return accepts && from.serverId() == 2;
        };
        bench.run(5000);

        assertTrue(accepting.contains(newcomer), "the newcomer was not asked");
        assertEquals(before, bench.members.get(0).view().viewId(), "one old voter and a new disk are no majority of the old");
        bench.lostFrom = (from, message) -> false;
        bench.run(5000);
        assertEquals(3, bench.members.get(0).view().members().size());
    }

    @Test
    void attemptsThatFailedForAWhileDoNotMakeTheNextOneWaitLong() {
        Bench bench = inFirstView(3);
        bench.silence(2);
        bench.lost = message -> message instanceof Message.Accepted;
        bench.run(120_000);
        assertEquals(1, bench.members.get(0).view().viewId(), "nothing was to be decided");

        bench.lost = message -> false;
        bench.run(6000);

        assertTrue(bench.members.get(0).view().viewId() > 1, "still waiting for the next attempt");
    }

    @Test
    void whoFloodsDoesNotKeepAnotherWaiting() {
        Bench bench = afterFirstView(options());
        for (int round = 0; round < 20; round++) {
            flood(bench);
            bench.hop();
        }
        int before = bench.values(1).size();
        bench.submit(1, 77);
        for (int hops = 0; hops < 50 && !bench.values(1).contains(77); hops++) {
            flood(bench);
            bench.hop();
        }

        assertTrue(before > 50, "no flood: " + before);
        int place = bench.values(1).indexOf(77);
        assertTrue(place >= 0 && place - before <= 2 * options().windowSlots(), "it waited for " + (place - before) + " slots");
    }

    private static void flood(Bench bench) {
        while (bench.members.get(0).mayTakeMore()) {
            bench.submit(0, 1);
        }
    }

    @Test
    void aSlotThatIsTooLargeOrComesTooEarlyIsRefused() {
        Bench bench = new Bench(3);
        assertFalse(bench.members.get(0).mayTakeMore());
        assertThrows(IllegalStateException.class, () -> bench.members.get(0).submit(new byte[1]));
        bench.run(1000);
        assertThrows(IllegalArgumentException.class, () -> bench.members.get(0).submit(new byte[(2 << 20) + 1]));
    }

    @Test
    void membersThatSuspectEachOtherDoNotWaitForALearnerThatCannotBeAdmitted() {
        Bench bench = inFirstView(3);
        bench.silence(2);
        bench.run(5000);
        bench.lost = message -> message instanceof Message.Transfer;
        bench.replace(2);
        bench.run(2000);
        EnsembleMember first = bench.members.get(0);
        EnsembleMember second = bench.members.get(1);
        assertEquals(List.of(first.self(), second.self()), first.view().members());
        long before = first.view().viewId();

        first.processGone(second.self());
        second.processGone(first.self());
        bench.run(10_000);

        assertTrue(first.view().viewId() > before, "no view follows " + before);
        assertEquals(List.of(first.self(), second.self()), first.view().members());
        assertEquals(first.view(), second.view());
    }
}
