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
    void aLearnerWhoseDiskIsStuckDoesNotStopTheView() {
        Bench bench = new Bench(3);
        bench.run(1000);
        bench.silence(2);
        bench.run(3000);
        bench.replace(2);
        bench.stuck = 2;
        bench.submit(0, 1);
        ViewRecord before = bench.members.get(0).view();
        for (int i = 0; i < 1000; i++) {
            bench.run(10);
            assertTrue(bench.members.get(0).mayTakeMore() && bench.members.get(1).mayTakeMore(), "the view stands still");
        }

        assertEquals(before, bench.members.get(0).view());
        assertEquals(upTo(1), bench.values(2), "it has followed, and only its disk keeps it out");
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
    void anObserverThatRestartsInTheMidstOfAViewLearnsWhoIsInIt() {
        Bench bench = withObserver();
        bench.submit(0, 1);
        bench.settle();
        ViewRecord view = bench.members.get(0).view();
        bench.silence(OBSERVER);
        bench.run(5000);
        bench.restart(OBSERVER);
        bench.run(2000);

        assertEquals(view, bench.members.get(0).view(), "an observer that goes and comes changes no view");
        int known = bench.others.indexOf(new Effect.StandsIn(view));
        assertTrue(known >= 0, "it does not know who is in the view");
        assertTrue(known < bench.others.indexOf(new Effect.CutOff(false)), "it serves before it knows who is in the view");
        bench.submit(OBSERVER, 2);
        bench.settle();
        assertEquals(upTo(2), bench.values(OBSERVER));
    }

    @Test
    void membersTellWhoIsMissingAndObserversWhomTheyFollow() {
        Bench bench = withObserver();
        Standing standing = bench.members.get(0).standing();
        assertEquals(new Standing(bench.members.get(0).view(), List.of(), List.of(), List.of(4), -1), standing);
        assertEquals(new Standing(standing.view(), List.of(), List.of(), List.of(), feeder(bench) + 1),
                bench.members.get(OBSERVER).standing());
        bench.silence(OBSERVER);
        bench.silence(2);
        bench.lost = message -> message instanceof Message.Prepare; // no view follows
        bench.run(1500);
        assertEquals(new Standing(standing.view(), List.of(3), List.of(), List.of(), -1), bench.members.get(1).standing());
        bench.lost = message -> false;
        bench.run(3000);
        bench.lost = message -> message instanceof Message.JoinRequest; // and nobody is admitted
        bench.replace(2);
        bench.run(1000);
        ViewRecord next = bench.members.get(0).view();
        assertEquals(2, next.members().size());
        assertEquals(new Standing(next, List.of(), List.of(3), List.of(), -1), bench.members.get(0).standing());
    }

    @Test
    void anObserverThatLooksForAFeederIsNotCountedAsServing() {
        Bench bench = withObserver();
        bench.lost = message -> message instanceof Message.Feed;
        bench.run(3000);
        assertEquals(List.of(), bench.members.get(0).standing().observers());
        bench.lost = message -> false;
        bench.run(1000);
        assertEquals(List.of(4), bench.members.get(0).standing().observers());
    }

    @Test
    void aServerOfIdZeroIsFollowedAsAnyOther() {
        EnsembleMember learner = new EnsembleMember(new MemberId(2, new UUID(2, 0), 1),
                EnsembleOptions.of(List.of(0, 1, 2), FsyncPolicy.DURABLE, new UUID(9, 9)), Recovered.BLANK);
        learner.tick(Bench.MILLI);
        learner.message(new MemberId(0, new UUID(1, 0), 1), new Message.Status(7, 7, false, false));
        learner.tick(2 * Bench.MILLI);

        Effect follow = new Effect.Send(0, new Message.Follow(1, Position.START), 0);
        assertTrue(learner.effects().list().contains(follow), learner.effects().list().toString());
    }

    @Test
    void aVoterIsNoObserver() {
        assertThrows(IllegalArgumentException.class, () -> EnsembleOptions.of(Bench.ids(3), FsyncPolicy.DURABLE, new UUID(9, 9))
                .withObservers(List.of(3)));
    }
}
