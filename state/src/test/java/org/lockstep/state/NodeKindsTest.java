package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.OpCode;

/** Stats, sequences, containers, TTL nodes and the reaper, counting and listing. */
class NodeKindsTest {
    private final Rig rig = new Rig(new StateOptions(false, true, false, 1 << 20));

    private int container(String path) {
        return rig.apply(OpCode.CREATE_CONTAINER, Rig.createBody(path, "d", Rig.OPEN, CreateFlags.CONTAINER));
    }

    private List<String> due(long nowMillis, long maxNeverUsedMillis, int limit) {
        List<String> due = new ArrayList<>();
        rig.machine.reapCandidates(nowMillis, maxNeverUsedMillis, limit, (path, guard) -> due.add(path));
        return due;
    }

    private int reap(String path, long guard) {
        long session = rig.sessionId;
        rig.sessionId = 0;
        int err = rig.apply(OpCode.REAP_NODE, Rig.body(out -> out.writeString(path).writeLong(guard)));
        rig.sessionId = session;
        return err;
    }

    @Test
    void statIsMaintained() {
        rig.timeMillis = 100;
        rig.made("/a", 0);
        assertEquals(new Rig.Stat(2, 2, 100, 100, 0, 0, 0, 0, 1, 0, 2), rig.stat("/a"));
        rig.timeMillis = 200;
        rig.set("/a", "longer", -1);
        assertEquals(new Rig.Stat(2, 3, 100, 200, 1, 0, 0, 0, 6, 0, 2), rig.stat("/a"));
        rig.made("/a/b", 0);
        rig.made("/a/c", 0);
        assertEquals(new Rig.Stat(2, 3, 100, 200, 1, 2, 0, 0, 6, 2, 5), rig.stat("/a"));
        rig.set("/a/b", "x", -1);
        rig.delete("/a/b", -1);
        assertEquals(new Rig.Stat(2, 3, 100, 200, 1, 3, 0, 0, 6, 1, 7), rig.stat("/a"));
        rig.create("/null", null);
        assertNull(rig.data("/null"));
        assertEquals(0, rig.stat("/null").dataLength());
    }

    @Test
    void sequencesCountEveryCreate() {
        rig.made("/s", 0);
        assertEquals("/s/n0000000000", rig.made("/s/n", CreateFlags.PERSISTENT_SEQUENTIAL));
        rig.made("/s/plain", 0);
        assertEquals("/s/n0000000002", rig.made("/s/n", CreateFlags.EPHEMERAL_SEQUENTIAL));
        rig.delete("/s/plain", -1);
        assertEquals("/s/0000000003", rig.made("/s/", CreateFlags.PERSISTENT_SEQUENTIAL));
        rig.made("/s/n0000000005", 0);
        assertEquals(ErrorCode.NODE_EXISTS, rig.create("/s/n", "d", Rig.OPEN, CreateFlags.PERSISTENT_SEQUENTIAL));
    }

    @Test
    void suffixesAfterTheCounterWraps() {
        assertEquals("2147483647", Writes.suffix(Integer.MAX_VALUE));
        assertEquals("-2147483648", Writes.suffix(Integer.MIN_VALUE));
        assertEquals("-000000001", Writes.suffix(-1));
        assertEquals("0000000000", Writes.suffix(0));
    }

    @Test
    void kindsFollowTheOpcode() {
        rig.made("/flag4", CreateFlags.CONTAINER);
        container("/c");
        rig.apply(OpCode.CREATE_CONTAINER, Rig.createBody("/c2", "d", Rig.OPEN, 0));
        assertEquals(ErrorCode.OK, rig.createTtl("/t", CreateFlags.PERSISTENT_TTL, 50));
        assertEquals(ErrorCode.OK, rig.createTtl("/ts-", CreateFlags.PERSISTENT_SEQUENTIAL_TTL, Owner.TTL_MILLIS_MAX));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.createTtl("/x", CreateFlags.PERSISTENT_TTL, 0));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.createTtl("/x", CreateFlags.PERSISTENT_TTL, Owner.TTL_MILLIS_MAX + 1));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.createTtl("/x", CreateFlags.PERSISTENT, 5));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.createTtl("/x", CreateFlags.PERSISTENT, -1));
        assertEquals(ErrorCode.BAD_ARGUMENTS, rig.create("/x", "d", Rig.OPEN, CreateFlags.PERSISTENT_TTL));
        for (String path : List.of("/flag4", "/c", "/c2", "/t")) {
            assertEquals(0, rig.stat(path).owner(), path);
        }
        assertEquals(List.of("/c", "/c2", "/t"), due(rig.timeMillis + 51, 1, 10));
        assertEquals(0, rig.machine.ephemeralCount());
    }

    @Test
    void containersAreDueOnceTheyWereUsed() {
        container("/c");
        assertEquals(List.of(), due(rig.timeMillis + 1_000_000, 0, 10));
        assertEquals(List.of(), due(rig.timeMillis + 1000, 1000, 10));
        assertEquals(List.of("/c"), due(rig.timeMillis + 1001, 1000, 10));
        rig.made("/c/k", 0);
        assertEquals(List.of(), due(rig.timeMillis + 1_000_000, 1, 10));
        rig.delete("/c/k", -1);
        assertEquals(List.of("/c"), due(rig.timeMillis, 0, 10));
    }

    @Test
    void reapingIsCheckedAgain() {
        container("/c");
        rig.made("/c/k", 0);
        rig.delete("/c/k", -1);
        long guard = rig.stat("/c").pzxid();
        rig.made("/c/k2", 0);
        assertEquals(ErrorCode.NOT_EMPTY, reap("/c", guard));
        rig.delete("/c/k2", -1);
        assertEquals(ErrorCode.BAD_VERSION, reap("/c", guard), "it was used since");
        Recorder watcher = new Recorder();
        rig.read(OpCode.GET_DATA, "/c", watcher);
        assertEquals(ErrorCode.OK, reap("/c", rig.stat("/c").pzxid()));
        assertEquals(List.of("2 /c " + rig.machine.lastZxid()), watcher.take());
        assertEquals(ErrorCode.NO_NODE, reap("/c", 0));
        rig.made("/plain", 0);
        assertEquals(ErrorCode.BAD_VERSION, reap("/plain", rig.stat("/plain").pzxid()), "only what may be reaped");
        rig.createTtl("/t", CreateFlags.PERSISTENT_TTL, 50);
        long ttlGuard = rig.stat("/t").pzxid();
        rig.timeMillis += 50;
        assertEquals(ErrorCode.BAD_VERSION, reap("/t", ttlGuard), "not yet");
        rig.set("/t", "x", -1);
        rig.timeMillis += 50;
        assertEquals(ErrorCode.BAD_VERSION, reap("/t", ttlGuard), "a write starts the time again");
        rig.timeMillis += 1;
        assertEquals(ErrorCode.OK, reap("/t", ttlGuard));
        assertEquals(List.of(), due(Long.MAX_VALUE / 2, 1, 10));
    }

    @Test
    void theReaperTakesTurns() {
        for (int i = 0; i < 5; i++) {
            container("/c" + i);
        }
        long later = rig.timeMillis + 10;
        assertEquals(List.of("/c0", "/c1"), due(later, 1, 2));
        assertEquals(List.of("/c2", "/c3"), due(later, 1, 2));
        assertEquals(List.of("/c4", "/c0"), due(later, 1, 2));
    }

    @Test
    void listingsFollowChangesWithAndWithoutCheckpoints() {
        Rig plain = new Rig(new StateOptions(false, false, false, 0));
        plain.made("/p", 0);
        for (int i = 0; i < 20; i++) {
            plain.made("/p/a" + i, 0);
        }
        assertEquals(20, plain.children("/p").size());
        plain.checkpoint();
        assertEquals(20, plain.children("/p").size());
        Checkpoint checkpoint = plain.machine.freeze(Rig.bytes("mark"));
        assertNull(checkpoint);
        plain.delete("/p/a3", -1);
        plain.made("/p/b", 0);
        checkpoint = plain.machine.freeze(null);
        plain.made("/p/a3", 0);
        plain.delete("/p/a4", -1);
        assertEquals(20, plain.children("/p").size());
        checkpoint.writeTo(plain.base);
        assertEquals(20, plain.children("/p").size());
        plain.machine.checkpointDone(checkpoint);
        assertEquals(20, plain.children("/p").size());
        assertEquals(20, plain.stat("/p").numChildren());
    }

    @Test
    void largeListingsAreNotKept() {
        rig.made("/big", 0);
        for (int i = 0; i < ChildNames.CHILDREN_MAX + 10; i++) {
            rig.made("/big/" + i, 0);
            if (i % 500 == 0) {
                assertEquals(i + 1, rig.children("/big").size());
            }
        }
        assertEquals(ChildNames.CHILDREN_MAX + 10, rig.children("/big").size());
        for (int i = 0; i < 20; i++) {
            rig.delete("/big/" + i, -1);
        }
        rig.checkpoint();
        assertEquals(ChildNames.CHILDREN_MAX - 10, rig.children("/big").size());
        rig.made("/big/again", 0);
        assertEquals(ChildNames.CHILDREN_MAX - 9, rig.children("/big").size());
        assertEquals(ErrorCode.NODE_EXISTS, rig.create("/big/again", "d"));
        assertEquals(ErrorCode.OK, rig.create("/big/0", "d"));
    }

    @Test
    void descendantsAreCounted() {
        rig.made("/a", 0);
        rig.made("/a/b", 0);
        rig.made("/a/b/c", 0);
        rig.made("/ab", 0);
        rig.checkpoint();
        rig.made("/a/d", 0);
        assertEquals(3, allChildren("/a"));
        assertEquals(0, allChildren("/ab"));
        assertEquals(8, allChildren("/"));
        assertEquals(9, allChildren(""));
        assertEquals(10, rig.machine.nodeCount());
    }

    private int allChildren(String path) {
        return Rig.decode(rig.read(OpCode.GET_ALL_CHILDREN_NUMBER, path, null).body(), JuteReader::readInt);
    }

    @Test
    void aDeletedNodeComesBackNew() {
        rig.made("/a", 0);
        rig.made("/a/b", 0);
        rig.checkpoint();
        rig.delete("/a/b", -1);
        rig.delete("/a", -1);
        assertEquals(ErrorCode.NO_NODE, rig.exists("/a/b"));
        rig.made("/a", 0);
        assertEquals(Set.of(), rig.children("/a"));
        assertEquals(0, rig.stat("/a").cversion());
        assertEquals("/a/s0000000000", rig.made("/a/s", CreateFlags.PERSISTENT_SEQUENTIAL));
    }
}
