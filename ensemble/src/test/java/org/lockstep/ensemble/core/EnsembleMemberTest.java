package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
