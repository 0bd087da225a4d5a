package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.OpCode;

/** Sessions come, move and go, and their ephemerals with them. */
class SessionTest {
    private static final long OTHER = 0x100_0000_0000_0002L;
    private static final SessionOwner ELSEWHERE = new SessionOwner(2, 0x2222);
    private final Rig rig = new Rig();

    @Test
    void creationTakesAZxidAndClosingTakesOneForAll() {
        long before = rig.machine.lastZxid();
        assertEquals(ErrorCode.OK, rig.createSession(OTHER, 5000));
        assertEquals(before + 1, rig.reply.zxid);
        assertEquals(5000, rig.machine.sessionTimeoutMillis(OTHER));
        assertEquals(2, rig.machine.sessionCount());
        rig.made("/p", 0);
        rig.sessionId = OTHER;
        rig.made("/p/b", CreateFlags.EPHEMERAL);
        rig.made("/p/a", CreateFlags.EPHEMERAL);
        rig.made("/c", CreateFlags.EPHEMERAL);
        assertEquals(OTHER, rig.stat("/c").owner());
        assertEquals(3, rig.machine.ephemeralCount());
        assertEquals(Set.of("/p/a", "/p/b", "/c"), rig.machine.ephemeralsOf(OTHER));
        Recorder watcher = new Recorder();
        rig.read(OpCode.ADD_WATCH, Rig.body(out -> out.writeString("/").writeInt(1)), watcher);
        List<String> closed = new ArrayList<>();
        rig.machine.setSessionListener(id -> closed.add(Long.toHexString(id) + " " + watcher.take()));
        before = rig.machine.lastZxid();
        assertEquals(ErrorCode.OK, rig.apply(OpCode.CLOSE_SESSION, new byte[0]));
        long zxid = before + 1;
        assertEquals(zxid, rig.machine.lastZxid());
        assertEquals(List.of("100000000000002 [2 /c " + zxid + ", 2 /p/a " + zxid + ", 2 /p/b " + zxid + "]"), closed);
        assertEquals(zxid, rig.stat("/p").pzxid());
        assertEquals(4, rig.stat("/p").cversion());
        assertEquals(0, rig.machine.ephemeralCount());
        assertFalse(rig.machine.hasSession(OTHER));
        assertEquals(-1, rig.machine.attach(OTHER));
        assertEquals(-1, rig.machine.sessionTimeoutMillis(OTHER));
        assertEquals(Set.of(), rig.machine.ephemeralsOf(OTHER));
    }

    @Test
    void unknownSessionsAreRefusedAndTakeAZxid() {
        rig.sessionId = OTHER;
        long zxid = rig.machine.lastZxid();
        for (int opcode : new int[] {OpCode.CLOSE_SESSION, OpCode.EXPIRE_SESSION}) {
            assertEquals(ErrorCode.SESSION_EXPIRED, rig.apply(opcode, new byte[0]));
            assertEquals(++zxid, rig.reply.zxid);
        }
        assertEquals(ErrorCode.SESSION_EXPIRED, rig.create("/a", "d"));
        assertEquals(++zxid, rig.reply.zxid);
        assertEquals(ErrorCode.SESSION_EXPIRED, rig.apply(OpCode.SYNC, Rig.body(out -> out.writeString("/"))));
        assertEquals(ErrorCode.SESSION_EXPIRED, rig.apply(OpCode.ATTACH_SESSION, Rig.sessionBody(1, Rig.OWNER)));
        assertEquals(zxid, rig.reply.zxid);
    }

    @Test
    void movingRefusesTheOldConnectionAndItsExpiry() {
        long zxid = rig.machine.lastZxid();
        assertEquals(ErrorCode.OK, rig.apply(OpCode.ATTACH_SESSION, 0, Rig.sessionBody(8000, ELSEWHERE)));
        assertEquals(1, (int) rig.replyReader(JuteReader::readInt));
        assertEquals(zxid, rig.reply.zxid, "moving takes no zxid");
        assertEquals(8000, rig.machine.sessionTimeoutMillis(Rig.SESSION));
        assertEquals(ELSEWHERE, rig.machine.sessionOwner(Rig.SESSION));
        byte[] create = Rig.createBody("/a", "d", Rig.OPEN, 0);
        assertEquals(ErrorCode.SESSION_MOVED, rig.apply(OpCode.CREATE, 0, create));
        assertEquals(ErrorCode.SESSION_MOVED, rig.apply(OpCode.EXPIRE_SESSION, 0, new byte[0]));
        assertEquals(ErrorCode.SESSION_MOVED, rig.apply(OpCode.CLOSE_SESSION, 0, new byte[0]));
        assertTrue(rig.machine.hasSession(Rig.SESSION));
        assertEquals(ErrorCode.OK, rig.apply(OpCode.CREATE, 1, create));
        assertEquals(ErrorCode.OK, rig.apply(OpCode.EXPIRE_SESSION, 1, new byte[0]));
        assertFalse(rig.machine.hasSession(Rig.SESSION));
    }

    @Test
    void anAttachThatWasHeldUpTakesNothingAway() {
        assertEquals(ErrorCode.OK, rig.apply(OpCode.ATTACH_SESSION, 0, Rig.sessionBody(8000, ELSEWHERE)));
        assertEquals(ErrorCode.SESSION_MOVED, rig.apply(OpCode.ATTACH_SESSION, 0, Rig.sessionBody(9000, Rig.OWNER)));
        assertEquals(ELSEWHERE, rig.machine.sessionOwner(Rig.SESSION));
        assertEquals(8000, rig.machine.sessionTimeoutMillis(Rig.SESSION));
        assertEquals(1, rig.machine.attach(Rig.SESSION));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.apply(OpCode.ATTACH_SESSION, 1, Rig.sessionBody(-1, Rig.OWNER)));
        assertEquals(ErrorCode.OK, rig.apply(OpCode.ATTACH_SESSION, 1, Rig.sessionBody(9000, Rig.OWNER)));
        assertEquals(Rig.OWNER, rig.machine.sessionOwner(Rig.SESSION));
    }

    @Test
    void whoListensHearsOfMovesThatHappened() {
        List<String> heard = new ArrayList<>();
        rig.machine.setSessionListener(new SessionListener() {
            @Override
            public void sessionClosed(long sessionId) {
                heard.add("closed " + (sessionId == Rig.SESSION));
            }

            @Override
            public void sessionAttached(long sessionId, SessionOwner owner) {
                heard.add(owner + " " + rig.machine.attach(sessionId));
            }
        });
        rig.apply(OpCode.ATTACH_SESSION, 0, Rig.sessionBody(8000, ELSEWHERE));
        rig.apply(OpCode.ATTACH_SESSION, 0, Rig.sessionBody(8000, Rig.OWNER));
        rig.apply(OpCode.EXPIRE_SESSION, 0, new byte[0]);
        rig.apply(OpCode.EXPIRE_SESSION, 1, new byte[0]);
        assertEquals(List.of(ELSEWHERE + " 1", "closed true"), heard);
    }

    @Test
    void whatAnObserverHasHeardIsPassedOnUnlessItIsOutdated() {
        rig.createSession(OTHER, 5000);
        List<Long> heard = new ArrayList<>();
        rig.machine.setSessionListener(new SessionListener() {
            @Override
            public void sessionClosed(long sessionId) {
                throw new AssertionError("nothing is closed");
            }

            @Override
            public void sessionHeard(long sessionId) {
                heard.add(sessionId);
            }
        });
        long digest = rig.machine.digest();
        byte[] report = Rig.body(out -> out.writeInt(3).writeLong(OTHER).writeInt(0).writeLong(Rig.SESSION).writeInt(1)
                .writeLong(77).writeInt(0));
        long zxid = rig.machine.lastZxid();
        assertEquals(ErrorCode.OK, rig.apply(OpCode.SESSIONS_HEARD, 0, report));
        assertEquals(List.of(OTHER), heard, "one is at another counter, one does not exist");
        assertEquals(zxid, rig.machine.lastZxid());
        assertFalse(digest == rig.machine.digest(), "it is a place in the order");
        assertEquals(ErrorCode.MARSHALLING_ERROR, rig.apply(OpCode.SESSIONS_HEARD, 0, Rig.body(out -> out.writeInt(9))));
    }

    @Test
    void theOwnerIsPartOfTheDigest() {
        Rig other = new Rig();
        assertEquals(other.machine.digest(), rig.machine.digest());
        rig.apply(OpCode.ATTACH_SESSION, 0, Rig.sessionBody(8000, ELSEWHERE));
        other.apply(OpCode.ATTACH_SESSION, 0, Rig.sessionBody(8000, new SessionOwner(2, 0x2223)));
        assertFalse(other.machine.digest() == rig.machine.digest());
    }

    @Test
    void aMarkerChangesNothing() {
        String before = rig.dump().replaceFirst("digest -?\\d+", "");
        long sessionId = rig.sessionId;
        rig.sessionId = 0;
        assertEquals(ErrorCode.OK, rig.apply(OpCode.MARKER, 0, new byte[0]));
        rig.sessionId = sessionId;
        assertEquals(before, rig.dump().replaceFirst("digest -?\\d+", ""));
        assertFalse(OpCode.isClientRequest(OpCode.MARKER));
        assertTrue(OpCode.isOrdered(OpCode.MARKER));
    }

    @Test
    void anIdIsNeverTakenOver() {
        rig.made("/e", CreateFlags.EPHEMERAL);
        assertEquals(ErrorCode.SYSTEM_ERROR, rig.createSession(Rig.SESSION, 1));
        assertEquals(10_000, rig.machine.sessionTimeoutMillis(Rig.SESSION));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.createSession(0, 1));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.createSession(Node.CONTAINER_OWNER, 1), "it would own all containers");
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.createSession(Owner.ofTtl(5), 1));
    }

    @Test
    void ephemeralsOfTheCaller() {
        rig.createSession(OTHER, 1000);
        rig.made("/e1", CreateFlags.EPHEMERAL);
        rig.made("/e2", CreateFlags.EPHEMERAL);
        rig.sessionId = OTHER;
        rig.made("/e3", CreateFlags.EPHEMERAL);
        rig.sessionId = Rig.SESSION;
        for (String all : new String[] {null, "", " ", "/", " / "}) {
            assertEquals(Set.of("/e1", "/e2"), ephemerals(all), "prefix " + all);
        }
        assertEquals(Set.of("/e2"), ephemerals("/e2"));
        assertEquals(Set.of("/e1", "/e2"), ephemerals("/e"), "a text prefix, not a path");
        assertEquals(Set.of(), ephemerals("/x"));
        rig.sessionId = 99;
        assertEquals(Set.of(), ephemerals(null));
    }

    private Set<String> ephemerals(String prefix) {
        Rig.Answer answer = rig.read(OpCode.GET_EPHEMERALS, Rig.body(out -> out.writeString(prefix)), null);
        return new TreeSet<>(Rig.decode(answer.body(), JuteReader::readStrings));
    }

    @Test
    void sessionsAreListedInOrder() {
        for (long id : new long[] {7, 3, 5}) {
            rig.createSession(id, 1000);
        }
        List<Long> ids = new ArrayList<>();
        rig.machine.forEachSession(ids::add);
        assertEquals(List.of(3L, 5L, 7L, Rig.SESSION), ids);
    }

    @Test
    void viewsRaiseTheZxid() {
        rig.machine.beginView(3);
        assertEquals(3L << 32, rig.machine.lastZxid());
        rig.made("/a", 0);
        assertEquals((3L << 32) + 1, rig.reply.zxid);
        rig.machine.beginView(3);
        assertEquals((3L << 32) + 1, rig.machine.lastZxid());
    }
}
