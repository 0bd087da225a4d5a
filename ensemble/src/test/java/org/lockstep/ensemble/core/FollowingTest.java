package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lockstep.fsync.FsyncPolicy;

/** Learners and observers: what they receive, and what observers forward. Server 4, index 3, observes. */
class FollowingTest {
    private static final int OBSERVER = 3;

    private static Bench withObserver() {
        EnsembleOptions options = EnsembleOptions.of(Bench.ids(3), FsyncPolicy.DURABLE, new UUID(9, 9)).withObservers(List.of(4));
        Bench bench = new Bench(options, 4);
        bench.run(2000);
        assertTrue(bench.members.get(OBSERVER).serves(), "the observer does not serve");
        return bench;
    }

    private static List<Integer> upTo(int count) {
        return IntStream.rangeClosed(1, count).boxed().toList();
    }

    @Test
    void anObserverIsInNoViewAndReceivesEverything() {
        Bench bench = withObserver();
        upTo(20).forEach(value -> bench.submit(value % 3, value));
        bench.settle();

        assertNull(bench.members.get(OBSERVER).view());
        assertEquals(3, bench.members.get(0).view().members().size());
        assertEquals(20, bench.values(0).size());
        assertEquals(bench.values(0), bench.values(OBSERVER));
        assertEquals(List.of(), bench.own.get(OBSERVER));
    }

    @Test
    void whatAnObserverSubmitsIsOrderedAndIsItsOwn() {
        Bench bench = withObserver();
        upTo(10).forEach(value -> bench.submit(OBSERVER, value));
        bench.settle();

        assertEquals(upTo(10), bench.values(1));
        assertEquals(upTo(10), bench.own.get(OBSERVER));
        for (int member = 0; member < 3; member++) {
            assertEquals(List.of(), bench.own.get(member), "what is forwarded is no request of member " + member);
        }
    }

    @Test
    void anObserverThatStopsDelaysNoWrite() {
        Bench bench = withObserver();
        bench.silence(OBSERVER);
        for (int value : upTo(100)) {
            assertTrue(bench.members.get(0).mayTakeMore(), "no room for " + value);
            bench.submit(0, value);
            bench.settle();
        }

        assertEquals(upTo(100), bench.values(0));
    }

    @Test
    void aForwardSurvivesItsFeederAndIsDoneOnce() {
        for (boolean ordered : new boolean[] {true, false}) {
            Bench bench = withObserver();
            int feeder = feeder(bench);
            bench.submit(OBSERVER, 1);
            bench.settle();
            // The second is ordered and the observer does not hear of it, or the feeder dies with it.
            bench.lost = message -> message instanceof Message.Feed;
            bench.submit(OBSERVER, 2);
            if (ordered) {
                bench.settle();
            }
            bench.silence(feeder);
            bench.lost = message -> false;
            bench.submit(OBSERVER, 3);
            bench.run(6000);

            assertEquals(upTo(3), bench.values((feeder + 1) % 3));
            assertEquals(upTo(3), bench.values(OBSERVER));
            assertEquals(upTo(3), bench.own.get(OBSERVER));
        }
    }

    private static int feeder(Bench bench) {
        for (int member = 0; member < 3; member++) {
            if (bench.members.get(member).neededByFollowers() != null) {
                return member;
            }
        }
        throw new AssertionError("nobody feeds the observer");
    }

    @Test
    void aBrokenConnectionLosesNoForward() {
        Bench bench = withObserver();
        int feeder = feeder(bench);
        bench.lost = message -> message instanceof Message.Forward || message instanceof Message.Feed;
        bench.submit(OBSERVER, 1);
        bench.submit(OBSERVER, 2);
        bench.settle();
        assertEquals(List.of(), bench.values(0));
        bench.lost = message -> false;
        bench.connect(feeder, OBSERVER);
        bench.settle();

        assertEquals(upTo(2), bench.values(0));
        assertEquals(upTo(2), bench.own.get(OBSERVER));
    }

    @Test
    void nothingIsForwardedBeforeEveryMemberHasClosedEarlierStreams() {
        Bench bench = withObserver();
        int feeder = feeder(bench);
        bench.lost = message -> message instanceof Message.ForwardsClosed;
        bench.connect(feeder, OBSERVER);
        bench.submit(OBSERVER, 1);
        bench.run(300);
        assertEquals(List.of(), bench.values(0));
        bench.lost = message -> false;
        bench.run(300);

        assertEquals(upTo(1), bench.values(0));
    }

    @Test
    void aForwardThatIsInASlotAlreadyIsNotSentAgain() {
        Bench bench = withObserver();
        int feeder = feeder(bench);
        bench.lost = message -> message instanceof Message.RowUpdate;
        bench.submit(OBSERVER, 1);
        bench.settle();
        bench.connect(feeder, OBSERVER);
        bench.settle();
        assertEquals(List.of(), bench.values(feeder), "it is in a slot, and not stable");
        bench.lost = message -> false;
        bench.run(500);

        assertEquals(upTo(1), bench.values(feeder));
        assertEquals(upTo(1), bench.own.get(OBSERVER));
    }

    @Test
    void whatAFollowerMissesItAsksForAgain() {
        Bench bench = withObserver();
        bench.submit(0, 1);
        bench.lost = message -> message instanceof Message.Feed;
        bench.submit(0, 2);
        bench.settle();
        bench.lost = message -> false;
        bench.submit(0, 3);
        bench.settle();

        assertEquals(upTo(3), bench.values(OBSERVER));
    }

    @Test
    void aFollowersWindowBoundsWhatIsUnderWayToIt() {
        Bench bench = withObserver();
        bench.lost = message -> message instanceof Message.FeedAck;
        for (int i = 0; i < 10; i++) {
            bench.members.get(0).submit(new byte[1 << 20]);
            bench.run(10);
        }
        assertEquals(10, bench.values(0).size());
        assertTrue(bench.values(OBSERVER).size() <= 5, "of 10 MiB came " + bench.values(OBSERVER).size());
        bench.lost = message -> false;
        bench.run(300);

        assertEquals(10, bench.values(OBSERVER).size());
    }

    @Test
    void whoIsBehindTheLogCopiesTheState() {
        Bench bench = withObserver();
        upTo(5).forEach(value -> bench.submit(0, value));
        bench.settle();
        bench.silence(OBSERVER);
        bench.run(8000);
        upTo(5).forEach(value -> bench.submit(0, 5 + value));
        bench.settle();
        bench.logsAreShort = true;
        bench.replace(OBSERVER);
        bench.run(3000);

        assertTrue(bench.others.stream().anyMatch(effect -> effect instanceof Effect.FetchState));
        bench.submit(1, 11);
        bench.settle();
        assertEquals(upTo(11), bench.values(OBSERVER));
    }

    @Test
    void aReplacedServerLearnsAndIsAdmitted() {
        Bench bench = new Bench(3);
        bench.run(1000);
        bench.silence(2);
        bench.submit(0, 1);
        bench.run(3000);
        bench.submit(1, 2);
        bench.settle();
        bench.replace(2);
        bench.run(5000);

        ViewRecord view = bench.members.get(2).view();
        assertNotNull(view, "the learner was not admitted");
        assertEquals(3, view.members().size());
        assertEquals(upTo(2), bench.values(2), "what the learner followed");
        bench.submit(2, 3);
        bench.settle();
        assertEquals(upTo(3), bench.values(0));
    }

    @Test
    void anObserverServesNobodyBeforeItHasCaughtUpOrWhenItIsAlone() {
        EnsembleOptions options = EnsembleOptions.of(Bench.ids(3), FsyncPolicy.DURABLE, new UUID(9, 9)).withObservers(List.of(4));
        Bench bench = new Bench(options, 4);
        assertFalse(bench.members.get(OBSERVER).mayTakeMore());
        assertThrows(IllegalStateException.class, () -> bench.members.get(OBSERVER).submit(new byte[1]));
        bench.run(2000);
        assertTrue(bench.others.contains(new Effect.CutOff(false)));
        assertFalse(bench.others.contains(new Effect.CutOff(true)));
        for (int member = 0; member < 3; member++) {
            bench.silence(member);
        }
        bench.run(4000);

        assertTrue(bench.others.contains(new Effect.CutOff(true)));
        assertFalse(bench.members.get(OBSERVER).serves());
    }

    @Test
    void aVoterIsNoObserver() {
        assertThrows(IllegalArgumentException.class, () -> EnsembleOptions.of(Bench.ids(3), FsyncPolicy.DURABLE, new UUID(9, 9))
                .withObservers(List.of(3)));
    }
}
