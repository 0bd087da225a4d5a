package org.lockstep.server.desk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lockstep.server.desk.DeskRig.Server;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;

/** What a server that is cut off does for clients that are content with reading. */
class ReadOnlyModeTest {
    private static final int PATIENCE_MILLIS = 2_000;
    private DeskRig rig;
    private Server one;
    private Server two;

    @BeforeEach
    void start() throws Exception {
        rig = new DeskRig(3, true);
        one = rig.server(1);
        two = rig.server(2);
        rig.beginView();
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    private void cutOffForLong() {
        one.cutOff(true);
        rig.advance(PATIENCE_MILLIS);
    }

    private DeskClient reader() throws Exception {
        return one.client().hello(true).welcomed();
    }

    @Test
    void itBeginsOnlyAfterAWhileAndEndsWithTheNextView() throws Exception {
        one.cutOff(true);
        assertFalse(rig.on(() -> one.desk.isReadOnly()));
        try (DeskClient early = one.client().hello(true)) {
            assertTrue(early.isClosedWithoutAWord());
        }
        rig.advance(PATIENCE_MILLIS);
        assertTrue(rig.on(() -> one.desk.isReadOnly()));
        try (DeskClient client = reader()) {
            assertTrue(client.readOnly);
            one.cutOff(false);
            assertTrue(client.isClosedWithoutAWord());
        }
        assertFalse(rig.on(() -> one.desk.isReadOnly()));
        try (DeskClient client = reader()) {
            assertFalse(client.readOnly, "who would be content with reading gets more if there is more");
            assertEquals(ErrorCode.OK, client.create("/a", 0));
        }
    }

    @Test
    void readsAreAnsweredAndWritesAreNot() throws Exception {
        try (DeskClient writer = two.connect()) {
            assertEquals(ErrorCode.OK, writer.create("/a", 0));
        }
        cutOffForLong();
        int sessions = rig.on(() -> one.state.sessionCount());
        int ordered = rig.orderedCount();
        try (DeskClient client = reader()) {
            assertEquals(1_000, client.timeoutMillis);
            assertFalse(one.hasSession(client.sessionId), "nothing of it is replicated");
            assertEquals(ErrorCode.OK, client.exists("/a"));
            assertEquals(ErrorCode.NO_NODE, client.exists("/b"));
            assertEquals(ErrorCode.NOT_READ_ONLY, client.create("/b", 0));
            assertEquals(ErrorCode.NOT_READ_ONLY, client.create("/e", 1));
            assertEquals(ErrorCode.NOT_READ_ONLY, client.call(OpCode.SYNC, new JuteWriter().writeString("/")));
            assertEquals(ErrorCode.NOT_READ_ONLY,
                    client.call(OpCode.MULTI, new JuteWriter().writeInt(-1).writeBoolean(true).writeInt(-1)));
            assertEquals(ErrorCode.OK, client.ping());
            assertEquals(ErrorCode.OK, client.call(OpCode.GET_DATA, new JuteWriter().writeString("/a").writeBoolean(true)));
            assertEquals(ErrorCode.OK, client.call(OpCode.CLOSE_SESSION, new JuteWriter()));
            assertTrue(client.isClosedWithoutAWord());
        }
        assertEquals(sessions, rig.on(() -> one.state.sessionCount()));
        assertEquals(ordered, rig.orderedCount());
    }

    @Test
    void whoWantsToWriteIsSentAway() throws Exception {
        cutOffForLong();
        try (DeskClient client = one.client().hello(false)) {
            assertTrue(client.isClosedWithoutAWord());
        }
        try (DeskClient ahead = one.client()) {
            ahead.lastZxid = Long.MAX_VALUE;
            assertTrue(ahead.hello(true).isClosedWithoutAWord());
        }
    }

    @Test
    void aSessionFromBeforeCanBeReadUnderAndIsWrittenUnderElsewhere() throws Exception {
        try (DeskClient before = one.connect()) {
            assertEquals(ErrorCode.OK, before.create("/e", 1));
            cutOffForLong();
            try (DeskClient reading = one.client().as(before).hello(true).welcomed()) {
                assertTrue(reading.readOnly);
                assertEquals(before.sessionId, reading.sessionId);
                assertEquals(ErrorCode.OK, reading.exists("/e"));
                assertEquals(ErrorCode.NOT_READ_ONLY, reading.call(OpCode.CLOSE_SESSION, new JuteWriter()));
                try (DeskClient writing = two.resume(reading).welcomed()) {
                    assertFalse(writing.readOnly);
                    assertEquals(before.sessionId, writing.sessionId);
                    assertEquals(ErrorCode.OK, writing.create("/e2", 1));
                }
            }
        }
    }

    @Test
    void strangersAreToldApart() throws Exception {
        DeskClient known = two.connect();
        one.lag(true);
        DeskClient young = two.connect();
        cutOffForLong();
        try (DeskClient wrong = one.client(); DeskClient unseen = one.client()) {
            wrong.as(known).password = new byte[16];
            assertEquals(0, wrong.hello(true).welcomed().timeoutMillis);
            // Made on the other side of the cut: that it is not known here does not mean that it has expired.
            unseen.as(young).lastZxid = 0;
            assertTrue(unseen.hello(true).isClosedWithoutAWord());
        }
        known.close();
        young.close();
    }

    @Test
    void aSilentReaderIsDisconnected() throws Exception {
        cutOffForLong();
        try (DeskClient client = reader(); DeskClient other = reader()) {
            assertNotEquals(client.sessionId, other.sessionId);
            rig.advance(800);
            assertEquals(ErrorCode.OK, other.ping());
            rig.advance(400);
            assertTrue(client.isClosedWithoutAWord());
            assertEquals(ErrorCode.OK, other.ping());
        }
    }
}
