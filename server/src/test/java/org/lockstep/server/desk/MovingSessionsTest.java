package org.lockstep.server.desk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lockstep.server.desk.DeskRig.Server;
import org.lockstep.state.SessionOwner;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;

/** Sessions that go from server to server of an ensemble: what the client keeps, what the old connection can still do. */
class MovingSessionsTest {
    private static final int EPHEMERAL = 1;
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

    @Test
    void aSessionGoesOnAtAnotherServerAndTheOldConnectionIsClosed() throws Exception {
        try (DeskClient before = one.connect()) {
            assertEquals(1, before.sessionId >>> 56, "the server's number is the high byte");
            assertArrayEquals(SessionPasswords.of(before.sessionId), before.password);
            assertEquals(ErrorCode.OK, before.create("/e", EPHEMERAL));
            try (DeskClient after = two.resume(before).welcomed()) {
                assertEquals(before.sessionId, after.sessionId);
                assertFalse(after.readOnly);
                assertTrue(before.isClosedWithoutAWord());
                assertEquals(ErrorCode.OK, after.exists("/e"));
                assertEquals(ErrorCode.OK, after.create("/e2", EPHEMERAL));
                assertEquals(0, one.guardedCount());
                assertEquals(1, two.guardedCount());
                rig.everywhere(state -> {
                    assertEquals(new SessionOwner(2, two.self().incarnation()), state.sessionOwner(before.sessionId));
                    assertEquals(1, state.attach(before.sessionId));
                    assertEquals(Set.of("/e", "/e2"), state.ephemeralsOf(before.sessionId));
                });
            }
            try (DeskClient back = one.resume(before).welcomed()) {
                assertEquals(ErrorCode.OK, back.create("/e3", EPHEMERAL));
                assertEquals(1, one.guardedCount());
                assertEquals(0, two.guardedCount());
            }
        }
    }

    @Test
    void aSessionMovesBetweenConnectionsOfOneServerToo() throws Exception {
        try (DeskClient before = one.connect(); DeskClient after = one.resume(before).welcomed()) {
            assertTrue(before.isClosedWithoutAWord());
            assertEquals(ErrorCode.OK, after.create("/a", 0));
            assertEquals(1, one.guardedCount());
            assertEquals(1, rig.on(() -> one.state.attach(before.sessionId)));
        }
    }

    @Test
    void sessionsOfDifferentServersNeverShareAnId() throws Exception {
        try (DeskClient a = one.connect(); DeskClient b = two.connect(); DeskClient c = one.connect()) {
            assertEquals(2, b.sessionId >>> 56);
            assertNotEquals(a.sessionId, c.sessionId);
            rig.everywhere(state -> assertEquals(3, state.sessionCount()));
        }
    }

    @Test
    void aRequestThatTheMoveOvertookDoesNothing() throws Exception {
        try (DeskClient before = one.connect()) {
            one.hold();
            before.ask(OpCode.CREATE, DeskClient.createBody("/late", 0));
            one.awaitHeld(1);
            try (DeskClient after = two.resume(before).welcomed()) {
                one.release();
                assertTrue(before.isClosedWithoutAWord());
                assertEquals(ErrorCode.NO_NODE, after.exists("/late"));
            }
        }
    }

    @Test
    void aServerThatHasNotHeardOfTheMoveClosesAtTheFirstRefusedRequest() throws Exception {
        try (DeskClient before = one.connect()) {
            one.lag(true);
            try (DeskClient after = two.resume(before).welcomed()) {
                before.ask(OpCode.CREATE, DeskClient.createBody("/late", 0));
                rig.awaitOrdered(3);
                one.lag(false);
                assertTrue(before.isClosedWithoutAWord());
                assertEquals(ErrorCode.NO_NODE, after.exists("/late"));
                assertEquals(ErrorCode.OK, after.create("/late", 0));
            }
            rig.everywhere(state -> assertEquals(1, state.attach(before.sessionId)));
        }
    }

    @Test
    void aWrongPasswordDoesNotDisturbTheSession() throws Exception {
        try (DeskClient owner = one.connect(); DeskClient stranger = two.client()) {
            stranger.as(owner).password = new byte[16];
            stranger.hello(false).welcomed();
            assertEquals(0, stranger.timeoutMillis);
            assertEquals(0, stranger.sessionId);
            assertTrue(stranger.isClosedWithoutAWord());
            assertEquals(ErrorCode.OK, owner.create("/a", 0));
            rig.everywhere(state -> assertEquals(0, state.attach(owner.sessionId)));
        }
    }

    @Test
    void whoReturnsToAClosedSessionIsToldSoByEveryServer() throws Exception {
        try (DeskClient client = one.connect()) {
            assertEquals(ErrorCode.OK, client.call(OpCode.CLOSE_SESSION, new JuteWriter()));
            assertTrue(client.isClosedWithoutAWord());
            for (Server server : rig.servers) {
                try (DeskClient late = server.resume(client).welcomed()) {
                    assertEquals(0, late.timeoutMillis);
                }
            }
        }
    }

    @Test
    void aServerThatIsBehindDoesNotTakeANewSessionForAnExpiredOne() throws Exception {
        two.lag(true);
        try (DeskClient before = one.connect(); DeskClient after = two.client()) {
            assertEquals(ErrorCode.OK, before.create("/a", 0));
            after.as(before).lastZxid = 0; // so that only the session is unknown
            after.hello(false);
            rig.awaitOrdered(3);
            assertFalse(two.hasSession(before.sessionId));
            two.lag(false);
            after.welcomed();
            assertEquals(before.sessionId, after.sessionId);
            assertEquals(ErrorCode.OK, after.exists("/a"));
        }
    }

    @Test
    void noClientGoesBackInTime() throws Exception {
        two.lag(true);
        try (DeskClient before = one.connect(); DeskClient after = two.client(); DeskClient fresh = two.client()) {
            assertEquals(ErrorCode.OK, before.create("/a", 0));
            after.as(before).hello(false);
            fresh.lastZxid = before.lastZxid;
            fresh.hello(false);
            rig.awaitOrdered(4); // both wait behind a marker
            two.lag(false);
            assertEquals(before.sessionId, after.welcomed().sessionId);
            assertEquals(ErrorCode.OK, after.exists("/a"));
            assertTrue(after.lastZxid >= before.lastZxid);
            assertNotEquals(0, fresh.welcomed().sessionId);
            assertEquals(ErrorCode.OK, fresh.exists("/a"));
        }
    }

    @Test
    void whoHasSeenWhatNobodyHasDoneIsClosedWithoutAWord() throws Exception {
        int ordered = rig.orderedCount();
        try (DeskClient stray = one.client()) {
            stray.lastZxid = Long.MAX_VALUE;
            assertTrue(stray.hello(false).isClosedWithoutAWord());
        }
        assertEquals(ordered + 1, rig.orderedCount(), "a marker was asked");
        rig.everywhere(state -> assertEquals(0, state.sessionCount()));
        rig.beginView(one);
        try (DeskClient stray = one.client()) {
            stray.lastZxid = Long.MAX_VALUE;
            assertTrue(stray.hello(false).isClosedWithoutAWord());
        }
        assertEquals(ordered + 1, rig.orderedCount(), "alone, nobody needs to be asked");
    }

    @Test
    void whoHasSeenWhatAPowerLossTookBackIsExpiredEverywhere() throws Exception {
        try (DeskClient before = one.connect()) {
            assertEquals(ErrorCode.OK, before.create("/e", EPHEMERAL));
            rig.run(() -> two.lostWrites.add(before.lastZxid - 1, before.lastZxid));
            try (DeskClient after = two.resume(before).welcomed()) {
                assertEquals(0, after.timeoutMillis);
            }
            assertTrue(before.isClosedWithoutAWord());
            rig.everywhere(state -> assertEquals(0, state.sessionCount() + state.ephemeralCount()));
        }
    }

    @Test
    void anAttachThatWasHeldUpDoesNotTakeTheSessionFromTheLiveConnection() throws Exception {
        try (DeskClient before = one.connect()) {
            two.hold();
            DeskClient impatient = two.resume(before);
            two.awaitHeld(1);
            impatient.close();
            DeskRig.await(() -> rig.on(() -> two.desk.connectionCount()) == 0);
            try (DeskClient after = three.resume(before).welcomed()) {
                two.release();
                assertEquals(ErrorCode.OK, after.create("/a", 0));
                rig.everywhere(state -> assertEquals(1, state.attach(before.sessionId)));
                assertEquals(1, three.guardedCount());
                assertEquals(0, two.guardedCount());
            }
        }
    }

    @Test
    void ofTwoThatWaitTheLaterOneInTheOrderHasTheSession() throws Exception {
        try (DeskClient before = one.connect()) {
            two.hold();
            try (DeskClient slow = two.resume(before); DeskClient quick = three.resume(before).welcomed()) {
                two.awaitHeld(1);
                two.release();
                assertEquals(before.sessionId, slow.welcomed().sessionId);
                assertTrue(quick.isClosedWithoutAWord());
                assertEquals(ErrorCode.OK, slow.create("/a", 0));
                rig.everywhere(state -> assertEquals(2, state.attach(before.sessionId)));
            }
        }
    }

    @Test
    void aClientThatIsGoneBeforeItsSessionIsMadeLeavesOneThatExpires() throws Exception {
        one.hold();
        DeskClient gone = one.client().hello(false);
        one.awaitHeld(1);
        gone.close();
        DeskRig.await(() -> rig.on(() -> one.desk.connectionCount()) == 0);
        one.release();
        rig.everywhere(state -> assertEquals(1, state.sessionCount()));
        rig.advance(1_200);
        rig.everywhere(state -> assertEquals(0, state.sessionCount()));
        assertEquals(1, one.expiredCount());
    }
}
