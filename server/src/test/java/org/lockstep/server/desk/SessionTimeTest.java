package org.lockstep.server.desk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lockstep.server.desk.DeskRig.Server;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.OpCode;

/** Whose time runs, who counts it, and who is not expired: fail-over, pauses, servers that slept or were cut off. */
class SessionTimeTest {
    private static final int EPHEMERAL = 1;
    private static final int TIMEOUT_MILLIS = DeskClient.TIMEOUT_MILLIS;
    private static final int TICK_MILLIS = 100;
    private DeskRig rig;
    private Server one;
    private Server two;
    private Server three;

    @BeforeEach
    void start() throws Exception {
        rig = new DeskRig(3);
        one = rig.server(1);
        two = rig.server(2);
        three = rig.server(3);
        rig.beginView();
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    private boolean lives(long sessionId) {
        AtomicInteger count = new AtomicInteger();
        rig.everywhere(state -> count.addAndGet(state.hasSession(sessionId) ? 1 : 0));
        return count.get() > 0;
    }

    /** A session at server one whose client has gone away. */
    private DeskClient abandoned() throws Exception {
        int others = rig.on(() -> one.desk.connectionCount());
        DeskClient client = one.connect();
        assertEquals(ErrorCode.OK, client.create("/e", EPHEMERAL));
        client.close();
        DeskRig.await(() -> rig.on(() -> one.desk.connectionCount()) == others);
        return client;
    }

    private Server guardianOf(long sessionId) {
        List<Server> found = new ArrayList<>();
        rig.run(() -> {
            for (Server server : rig.servers) {
                server.desk.sessions().forEachExpiry((id, at) -> {
                    if (id == sessionId) {
                        found.add(server);
                    }
                });
            }
        });
        assertEquals(1, found.size(), "guardians of the session");
        return found.get(0);
    }

    @Test
    void onlyTheOwnerExpiresAndTheEphemeralsGoWithTheSession() throws Exception {
        DeskClient client = abandoned();
        rig.advance(TIMEOUT_MILLIS);
        assertTrue(lives(client.sessionId));
        rig.advance(2 * TICK_MILLIS);
        assertFalse(lives(client.sessionId));
        rig.everywhere(state -> assertEquals(0, state.ephemeralCount()));
        assertEquals(1, one.expiredCount());
        assertEquals(0, two.expiredCount() + three.expiredCount());
        assertEquals(0, one.guardedCount());
    }

    @Test
    void whoIsHeardOfLives() throws Exception {
        try (DeskClient client = one.connect()) {
            for (int i = 0; i < 5; i++) {
                rig.advance(TIMEOUT_MILLIS - TICK_MILLIS);
                assertEquals(ErrorCode.OK, client.ping());
            }
            rig.advance(TIMEOUT_MILLIS + 2 * TICK_MILLIS);
            assertTrue(client.isClosedWithoutAWord());
            assertFalse(lives(client.sessionId));
        }
    }

    @Test
    void aMoveThatComesBeforeTheExpiryInTheOrderWins() throws Exception {
        DeskClient client = abandoned();
        one.hold();
        rig.advance(TIMEOUT_MILLIS + 2 * TICK_MILLIS);
        one.awaitHeld(1);
        try (DeskClient after = two.resume(client).welcomed()) {
            one.release();
            rig.advance(TICK_MILLIS);
            assertTrue(lives(client.sessionId));
            assertEquals(ErrorCode.OK, after.exists("/e"));
            assertEquals(0, one.expiredCount());
        }
    }

    @Test
    void anExpiryThatTheMoveOvertookIsRefused() throws Exception {
        DeskClient client = abandoned();
        rig.run(() -> one.desk.sessions().expire(client.sessionId, 0));
        one.hold();
        rig.everywhere(state -> assertFalse(state.hasSession(client.sessionId)));
        one.release();
        DeskClient other = abandoned();
        one.hold();
        rig.run(() -> one.desk.sessions().expire(other.sessionId, 0));
        try (DeskClient after = two.resume(other).welcomed()) {
            one.release();
            assertTrue(lives(other.sessionId));
            assertEquals(1, one.expiredCount(), "the first one only");
            assertEquals(ErrorCode.OK, after.exists("/e"));
        }
    }

    @Test
    void aMoveThatComesBehindTheExpiryIsTold() throws Exception {
        DeskClient client = abandoned();
        two.hold();
        try (DeskClient late = two.resume(client)) {
            two.awaitHeld(1);
            rig.advance(TIMEOUT_MILLIS + 2 * TICK_MILLIS);
            two.release();
            assertEquals(0, late.welcomed().timeoutMillis);
            assertFalse(lives(client.sessionId));
            assertEquals(0, two.guardedCount());
        }
    }

    @Test
    void twoServersThatExpireTheSameSessionEndItOnce() throws Exception {
        DeskClient client = abandoned();
        long zxid = rig.on(() -> one.state.lastZxid());
        rig.run(() -> {
            one.desk.sessions().expire(client.sessionId, 0);
            two.desk.sessions().expire(client.sessionId, 0);
        });
        DeskRig.await(() -> rig.on(() -> three.state.lastZxid()) == zxid + 2);
        assertFalse(lives(client.sessionId));
        assertEquals(1, one.expiredCount() + two.expiredCount());
    }

    // ---- changes of view

    @Test
    void aChangeOfViewIsOnlyAPauseForClientsOfItsMembers() throws Exception {
        try (DeskClient client = two.connect()) {
            assertEquals(ErrorCode.OK, client.create("/a", 0));
            rig.advance(TIMEOUT_MILLIS / 2);
            one.exclude();
            rig.beginView(two, three);
            assertEquals(ErrorCode.OK, client.create("/b", 0));
            rig.beginView(two, three, one);
            assertEquals(ErrorCode.OK, client.create("/c", 0));
            assertEquals(1, two.guardedCount());
            rig.everywhere(state -> assertEquals(0, state.attach(client.sessionId)));
        }
    }

    @Test
    void orphansGetAFullTimeoutFromTheNewViewOnAndExpireOnce() throws Exception {
        DeskClient client = abandoned();
        rig.advance(TIMEOUT_MILLIS - TICK_MILLIS);
        one.exclude();
        rig.beginView(two, three);
        rig.advance(TIMEOUT_MILLIS);
        assertTrue(lives(client.sessionId));
        Server guardian = guardianOf(client.sessionId);
        rig.advance(2 * TICK_MILLIS);
        assertFalse(lives(client.sessionId));
        assertEquals(1, guardian.expiredCount());
        assertEquals(1, two.expiredCount() + three.expiredCount());
        rig.everywhere(state -> assertEquals(0, state.ephemeralCount()));
    }

    @Test
    void anOrphanWhoseClientComesInTimeLives() throws Exception {
        DeskClient client = abandoned();
        one.exclude();
        rig.beginView(two, three);
        rig.advance(TIMEOUT_MILLIS - TICK_MILLIS);
        Server other = guardianOf(client.sessionId) == two ? three : two;
        try (DeskClient after = other.resume(client).welcomed()) {
            assertEquals(client.sessionId, after.sessionId);
            assertEquals(other, guardianOf(client.sessionId));
            for (int i = 0; i < 4; i++) {
                rig.advance(TIMEOUT_MILLIS / 2);
                assertEquals(ErrorCode.OK, after.exists("/e"));
            }
            assertTrue(lives(client.sessionId));
        }
    }

    @Test
    void anOrphansTimeGoesOnUnderTheSameGuardianAndBeginsAnewUnderAnother() throws Exception {
        DeskClient client = abandoned();
        one.exclude();
        rig.beginView(two, three);
        Server guardian = guardianOf(client.sessionId);
        Server other = guardian == two ? three : two;
        rig.advance(TIMEOUT_MILLIS / 2);
        rig.beginView(two, three);
        assertEquals(guardian, guardianOf(client.sessionId));
        rig.advance(TIMEOUT_MILLIS / 2 - TICK_MILLIS);
        guardian.exclude();
        rig.beginView(other);
        assertEquals(other, guardianOf(client.sessionId));
        rig.advance(TIMEOUT_MILLIS);
        assertTrue(lives(client.sessionId), "a new guardian gives a full timeout");
        rig.advance(2 * TICK_MILLIS);
        assertFalse(lives(client.sessionId));
    }

    @Test
    void flappingViewsDoNotKeepADeadClientAlive() throws Exception {
        DeskClient client = abandoned();
        one.exclude();
        for (int i = 0; i < 4; i++) {
            rig.beginView(two, three);
            rig.advance(TIMEOUT_MILLIS / 3);
        }
        assertFalse(lives(client.sessionId));
    }

    @Test
    void aRestartedServerIsNotTheOwnerOfItsOldSessions() throws Exception {
        DeskClient client = abandoned();
        rig.advance(TIMEOUT_MILLIS - TICK_MILLIS);
        one.exclude();
        rig.beginView(one, two, three);
        rig.advance(TIMEOUT_MILLIS);
        assertTrue(lives(client.sessionId));
        rig.advance(2 * TICK_MILLIS);
        assertFalse(lives(client.sessionId));
        assertEquals(1, one.expiredCount() + two.expiredCount() + three.expiredCount());
    }

    @Test
    void whoIsAskedToDoThingsOnceIsTheFirstOfTheView() {
        assertTrue(rig.on(() -> one.desk.isInCharge()));
        assertFalse(rig.on(() -> two.desk.isInCharge()));
        one.exclude();
        rig.beginView(three, two);
        assertFalse(rig.on(() -> one.desk.isInCharge()));
        assertTrue(rig.on(() -> three.desk.isInCharge()));
        three.cutOff(true);
        assertFalse(rig.on(() -> three.desk.isInCharge()));
    }

    // ---- time that does not count

    @Test
    void whileTheOrderStandsStillNobodyExpiresWhoComesToAnyServer() throws Exception {
        DeskClient client = abandoned();
        rig.advance(TIMEOUT_MILLIS - 2 * TICK_MILLIS);
        rig.stall(true);
        int ordered = rig.orderedCount();
        rig.advance(4 * TICK_MILLIS); // the time is up; the owner's marker waits in the order
        rig.awaitOrdered(ordered + 1);
        try (DeskClient after = two.resume(client)) {
            rig.awaitOrdered(ordered + 2);
            rig.stall(false);
            assertEquals(client.sessionId, after.welcomed().sessionId);
            assertTrue(lives(client.sessionId));
            assertEquals(ErrorCode.OK, after.exists("/e"));
        }
    }

    @Test
    void whoIsDueWhileTheOrderStandsStillForLongGetsATimeoutMore() throws Exception {
        DeskClient client = abandoned();
        rig.stall(true);
        rig.advance(2 * TIMEOUT_MILLIS);
        rig.stall(false);
        rig.advance(TIMEOUT_MILLIS);
        assertTrue(lives(client.sessionId));
        rig.advance(2 * TICK_MILLIS);
        assertFalse(lives(client.sessionId));
    }

    @Test
    void anOrderThatIsAlwaysSlowDoesNotKeepADeadClientAlive() throws Exception {
        DeskClient client = abandoned();
        for (int i = 0; i < 5; i++) {
            rig.stall(true);
            rig.advance(TIMEOUT_MILLIS * 3 / 5);
            rig.stall(false);
        }
        assertFalse(lives(client.sessionId));
    }

    @Test
    void aServerThatSleptExpiresNobodyOnWakingUp() throws Exception {
        try (DeskClient client = one.connect()) {
            DeskClient away = abandoned();
            rig.leap(10 * TIMEOUT_MILLIS);
            assertTrue(lives(client.sessionId));
            assertEquals(ErrorCode.OK, client.ping());
            rig.advance(TIMEOUT_MILLIS + 2 * TICK_MILLIS);
            assertFalse(lives(away.sessionId));
            assertFalse(lives(client.sessionId));
        }
    }

    @Test
    void whoIsNotReadFromDoesNotExpire() throws Exception {
        try (DeskClient client = one.connect()) {
            one.hold();
            one.full(true);
            client.ask(OpCode.CREATE, DeskClient.createBody("/a", 0));
            one.awaitHeld(1); // now its connection is not read
            rig.advance(TIMEOUT_MILLIS + 2 * TICK_MILLIS);
            one.release();
            assertTrue(lives(client.sessionId));
            assertEquals(ErrorCode.OK, client.answer().err());
            one.full(false);
            rig.advance(TIMEOUT_MILLIS - 2 * TICK_MILLIS);
            assertEquals(ErrorCode.OK, client.ping());
            rig.advance(TIMEOUT_MILLIS + 2 * TICK_MILLIS);
            assertFalse(lives(client.sessionId));
        }
    }

    // ---- observers

    @Test
    void aMemberKeepsTheTimeOfAnObserversSessionsAndHearsOfThem() throws Exception {
        rig.beginView(List.of(one), two, three);
        assertFalse(rig.on(() -> one.desk.isInCharge()));
        try (DeskClient client = one.connect()) {
            assertEquals(ErrorCode.OK, client.create("/e", EPHEMERAL));
            assertEquals(1, two.guardedCount() + three.guardedCount());
            for (int i = 0; i < 6; i++) {
                rig.advance(TIMEOUT_MILLIS / 2);
                assertEquals(ErrorCode.OK, client.ping());
            }
            rig.beginView(List.of(one), three, two);
            assertEquals(ErrorCode.OK, client.exists("/e"));
            rig.advance(TIMEOUT_MILLIS + 3 * TICK_MILLIS);
            assertTrue(client.isClosedWithoutAWord());
            assertFalse(lives(client.sessionId));
            assertEquals(1, two.expiredCount() + three.expiredCount());
            assertEquals(0, one.guardedCount() + two.guardedCount() + three.guardedCount());
        }
    }

    @Test
    void aSessionGoesToAnObserverAndBack() throws Exception {
        rig.beginView(List.of(one), two, three);
        try (DeskClient before = two.connect(); DeskClient after = one.resume(before).welcomed()) {
            assertTrue(before.isClosedWithoutAWord());
            assertEquals(ErrorCode.OK, after.create("/e", EPHEMERAL));
            assertEquals(1, two.guardedCount() + three.guardedCount());
            try (DeskClient again = two.resume(after).welcomed()) {
                assertEquals(ErrorCode.OK, again.exists("/e"));
                assertEquals(0, one.guardedCount());
                assertEquals(two, guardianOf(before.sessionId));
            }
        }
    }

    @Test
    void anObserverServesNobodyBeforeItHasCaughtUp() throws Exception {
        one.beginCutOff();
        rig.beginView(List.of(one), two, three);
        try (DeskClient early = one.client().hello(false)) {
            assertTrue(early.isClosedWithoutAWord());
        }
        one.cutOff(false);
        try (DeskClient client = one.connect()) {
            assertEquals(ErrorCode.OK, client.create("/a", 0));
        }
    }

    @Test
    void theSessionsOfAnObserverThatIsGoneExpire() throws Exception {
        rig.beginView(List.of(one), two, three);
        DeskClient client = abandoned();
        one.exclude();
        rig.advance(TIMEOUT_MILLIS + 3 * TICK_MILLIS);
        assertFalse(lives(client.sessionId));
    }

    // ---- cut off and excluded

    @Test
    void aServerThatIsCutOffSendsItsClientsAwayAndExpiresNobody() throws Exception {
        try (DeskClient client = one.connect()) {
            one.cutOff(true);
            assertTrue(client.isClosedWithoutAWord());
            try (DeskClient again = one.resume(client)) {
                assertTrue(again.isClosedWithoutAWord());
            }
            assertFalse(rig.on(() -> one.desk.isServing()));
            rig.advance(2 * TIMEOUT_MILLIS);
            assertTrue(lives(client.sessionId));
            one.cutOff(false);
            rig.advance(TIMEOUT_MILLIS - TICK_MILLIS);
            try (DeskClient again = one.resume(client).welcomed()) {
                assertEquals(client.sessionId, again.sessionId);
            }
        }
    }

    @Test
    void anExpiryDecidedBeforeTheServerWasCutOffIsLookedAtAgain() throws Exception {
        DeskClient client = abandoned();
        one.hold();
        rig.advance(TIMEOUT_MILLIS + 2 * TICK_MILLIS);
        one.awaitHeld(1);
        one.cutOff(true);
        one.release();
        assertTrue(lives(client.sessionId));
        one.cutOff(false);
        rig.advance(TIMEOUT_MILLIS - TICK_MILLIS);
        assertTrue(lives(client.sessionId));
        rig.advance(3 * TICK_MILLIS);
        assertFalse(lives(client.sessionId));
    }

    @Test
    void anExcludedServerDropsItsClientsAndServesAgainAsAnother() throws Exception {
        try (DeskClient client = one.connect()) {
            assertEquals(ErrorCode.OK, client.create("/e", EPHEMERAL));
            one.hold();
            rig.advance(TIMEOUT_MILLIS + 2 * TICK_MILLIS);
            one.awaitHeld(1); // a marker that will never have its turn
            one.exclude();
            assertTrue(client.isClosedWithoutAWord());
            try (DeskClient again = one.resume(client)) {
                assertTrue(again.isClosedWithoutAWord());
            }
            assertEquals(0, one.guardedCount());
            rig.beginView(two, three);
            rig.advance(TIMEOUT_MILLIS / 2);
            rig.beginView(two, three, one);
            try (DeskClient again = one.resume(client).welcomed()) {
                assertEquals(ErrorCode.OK, again.exists("/e"));
                assertEquals(one, guardianOf(client.sessionId));
            }
            rig.advance(TIMEOUT_MILLIS + 2 * TICK_MILLIS);
            assertFalse(lives(client.sessionId), "its new life counts time again");
        }
    }

    @Test
    void aServerWithoutAViewRefusesClients() throws Exception {
        try (DeskRig young = new DeskRig(1); DeskClient early = young.server(1).client().hello(false)) {
            assertTrue(early.isClosedWithoutAWord());
            assertFalse(young.on(() -> young.server(1).desk.isServing()));
            young.beginView();
            try (DeskClient client = young.server(1).connect()) {
                assertEquals(ErrorCode.OK, client.create("/a", 0));
            }
        }
    }
}
