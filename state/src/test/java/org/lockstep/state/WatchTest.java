package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.Acl;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** Which change fires which watch, how often, in which order. Events are {@code type path zxid}. */
class WatchTest {
    private static final int CREATED = 1;
    private static final int DELETED = 2;
    private static final int CHANGED = 3;
    private static final int CHILDREN = 4;

    private final Rig rig = new Rig();
    private final Recorder watcher = new Recorder();

    private String event(int type, String path) {
        return type + " " + path + " " + rig.machine.lastZxid();
    }

    private int addWatch(String path, int mode) {
        return rig.read(OpCode.ADD_WATCH, Rig.body(out -> out.writeString(path).writeInt(mode)), watcher).err();
    }

    private int watches(int opcode, String path, int type) {
        return rig.read(opcode, Rig.body(out -> out.writeString(path).writeInt(type)), watcher).err();
    }

    @Test
    void standardWatchesFireOnce() {
        rig.made("/a", 0);
        rig.read(OpCode.GET_DATA, "/a", watcher);
        rig.read(OpCode.GET_DATA, "/a", watcher);
        rig.read(OpCode.EXISTS, "/a", watcher);
        rig.set("/a", "x", -1);
        assertEquals(List.of(event(CHANGED, "/a")), watcher.take());
        rig.set("/a", "x", -1);
        assertEquals(List.of(), watcher.take());
        assertEquals(0, rig.machine.watchCount());
    }

    @Test
    void setToTheSameValueFires() {
        rig.create("/a", "same");
        rig.read(OpCode.GET_DATA, "/a", watcher);
        rig.set("/a", "same", -1);
        assertEquals(List.of(event(CHANGED, "/a")), watcher.take());
    }

    @Test
    void existsWaitsForCreationAndGetDataDoesNot() {
        assertEquals(ErrorCode.NO_NODE, rig.read(OpCode.GET_DATA, "/a", watcher).err());
        assertEquals(0, rig.machine.watchCount());
        assertEquals(ErrorCode.NO_NODE, rig.read(OpCode.EXISTS, "/a", watcher).err());
        assertEquals(1, rig.machine.watchCount());
        rig.made("/a", 0);
        assertEquals(List.of(event(CREATED, "/a")), watcher.take());
    }

    @Test
    void childWatchesSeeChildrenAndTheEnd() {
        rig.made("/a", 0);
        rig.read(OpCode.GET_CHILDREN, "/a", watcher);
        rig.set("/a", "x", -1);
        assertEquals(List.of(), watcher.take());
        rig.made("/a/b", 0);
        assertEquals(List.of(event(CHILDREN, "/a")), watcher.take());
        rig.read(OpCode.GET_CHILDREN2, "/a", watcher);
        rig.delete("/a/b", -1);
        assertEquals(List.of(event(CHILDREN, "/a")), watcher.take());
        rig.read(OpCode.GET_CHILDREN, "/a", watcher);
        rig.delete("/a", -1);
        assertEquals(List.of(event(DELETED, "/a")), watcher.take());
        rig.read(OpCode.GET_CHILDREN, "/", watcher);
        rig.made("/c", 0);
        assertEquals(List.of(event(CHILDREN, "/")), watcher.take());
    }

    @Test
    void oneNodeDeletedForDataAndChildWatch() {
        rig.made("/a", 0);
        rig.read(OpCode.GET_DATA, "/a", watcher);
        rig.read(OpCode.GET_CHILDREN, "/a", watcher);
        rig.delete("/a", -1);
        assertEquals(List.of(event(DELETED, "/a")), watcher.take());
        assertEquals(0, rig.machine.watchCount(), "both are consumed");
        rig.made("/a", 0);
        rig.delete("/a", -1);
        assertEquals(List.of(), watcher.take());
    }

    @Test
    void setAclFiresNothing() {
        rig.made("/a", 0);
        rig.read(OpCode.GET_DATA, "/a", watcher);
        rig.read(OpCode.GET_CHILDREN, "/a", watcher);
        rig.setAcl("/a", Rig.OPEN, -1);
        assertEquals(List.of(), watcher.take());
        assertEquals(2, rig.machine.watchCount());
    }

    @Test
    void persistentWatchStaysAndSeesAllOfItsPath() {
        assertEquals(ErrorCode.OK, addWatch("/a", 0));
        List<String> expected = new ArrayList<>();
        rig.made("/a", 0);
        expected.add(event(CREATED, "/a"));
        rig.made("/a/b", 0);
        expected.add(event(CHILDREN, "/a"));
        rig.set("/a/b", "x", -1);
        rig.set("/a", "x", -1);
        expected.add(event(CHANGED, "/a"));
        rig.delete("/a/b", -1);
        expected.add(event(CHILDREN, "/a"));
        rig.delete("/a", -1);
        expected.add(event(DELETED, "/a"));
        assertEquals(expected, watcher.take());
        assertEquals(2, rig.machine.watchCount());
    }

    @Test
    void recursiveWatchSeesDescendantsButNeverChildrenChanged() {
        addWatch("/a", 1);
        List<String> expected = new ArrayList<>();
        rig.made("/a", 0);
        expected.add(event(CREATED, "/a"));
        rig.made("/a/b", 0);
        expected.add(event(CREATED, "/a/b"));
        rig.made("/a/b/c", 0);
        expected.add(event(CREATED, "/a/b/c"));
        rig.set("/a/b/c", "x", -1);
        expected.add(event(CHANGED, "/a/b/c"));
        rig.made("/ab", 0);
        rig.delete("/a/b/c", -1);
        expected.add(event(DELETED, "/a/b/c"));
        assertEquals(expected, watcher.take());
        addWatch("/", 1);
        rig.made("/a/x", 0);
        assertEquals(List.of(event(CREATED, "/a/x")), watcher.take(), "one event however many ancestors match");
    }

    @Test
    void modesCoexistAndFiringTakesOnlyTheStandardOne() {
        rig.made("/a", 0);
        addWatch("/a", 1);
        rig.read(OpCode.GET_DATA, "/a", watcher);
        rig.set("/a", "x", -1);
        assertEquals(List.of(event(CHANGED, "/a")), watcher.take());
        rig.set("/a", "y", -1);
        assertEquals(List.of(event(CHANGED, "/a")), watcher.take());
        rig.read(OpCode.GET_CHILDREN, "/a", watcher);
        rig.delete("/a", -1);
        assertEquals(List.of(event(DELETED, "/a")), watcher.take(), "the recursive watch told it, the child watch is consumed");
        assertEquals(1, rig.machine.watchCount());
    }

    @Test
    void addWatchChecksOnlyItsMode() {
        assertEquals(ErrorCode.MARSHALLING_ERROR, addWatch("/a", 2));
        assertEquals(ErrorCode.OK, addWatch("no/such path", 0));
        Rig.Answer answer = rig.read(OpCode.ADD_WATCH, Rig.body(out -> out.writeString("/a").writeInt(0)), watcher);
        assertEquals(0, (int) Rig.decode(answer.body(), JuteReader::readInt));
    }

    @Test
    void checkAndRemove() {
        int[] types = {1, 2, 4, 5};
        rig.made("/a", 0);
        for (int type : types) {
            assertEquals(ErrorCode.NO_WATCHER, watches(OpCode.CHECK_WATCHES, "/a", type));
            assertEquals(ErrorCode.NO_WATCHER, watches(OpCode.REMOVE_WATCHES, "/a", type));
        }
        assertEquals(ErrorCode.MARSHALLING_ERROR, watches(OpCode.CHECK_WATCHES, "/a", 6));
        assertEquals(ErrorCode.MARSHALLING_ERROR, watches(OpCode.REMOVE_WATCHES, "/a", 0));
        rig.read(OpCode.GET_DATA, "/a", watcher);
        rig.read(OpCode.GET_CHILDREN, "/a", watcher);
        addWatch("/a", 0);
        addWatch("/a", 1);
        for (int type : types) {
            assertEquals(ErrorCode.OK, watches(OpCode.CHECK_WATCHES, "/a", type), "type " + type);
            assertEquals(ErrorCode.OK, watches(OpCode.REMOVE_WATCHES, "/a", type), "type " + type);
            assertEquals(ErrorCode.NO_WATCHER, watches(OpCode.CHECK_WATCHES, "/a", type), "type " + type);
        }
        assertEquals(0, rig.machine.watchCount());
        rig.read(OpCode.GET_CHILDREN, "/a", watcher);
        addWatch("/a", 1);
        assertEquals(ErrorCode.OK, watches(OpCode.REMOVE_WATCHES, "/a", 3));
        assertEquals(0, rig.machine.watchCount());
        rig.set("/a", "x", -1);
        assertEquals(List.of(), watcher.take());
    }

    @Test
    void setWatchesCatchesUpInOrder() {
        rig.made("/changed", 0);
        rig.made("/kept", 0);
        rig.made("/kids", 0);
        long seen = rig.machine.lastZxid();
        rig.set("/changed", "x", -1);
        rig.made("/kids/k", 0);
        rig.made("/born", 0);
        byte[] body = Rig.body(out -> out.writeLong(seen)
                .writeStrings(List.of("/gone", "/changed", "/kept")).writeStrings(List.of("/kept", "/unborn"))
                .writeStrings(List.of("/kids", "/gone", "/kept")).writeStrings(List.of("/p")).writeStrings(List.of("/r")));
        assertEquals(ErrorCode.OK, rig.read(OpCode.SET_WATCHES2, body, watcher).err());
        assertEquals(List.of("2 /gone -1", "3 /changed -1", "1 /kept -1", "4 /kids -1", "2 /gone -1"), watcher.take());
        rig.set("/kept", "x", -1);
        assertEquals(List.of(event(CHANGED, "/kept")), watcher.take());
        rig.made("/kept/k", 0);
        assertEquals(List.of(event(CHILDREN, "/kept")), watcher.take());
        rig.made("/unborn", 0);
        assertEquals(List.of(event(CREATED, "/unborn")), watcher.take());
        rig.made("/p", 0);
        rig.made("/r", 0);
        rig.made("/r/x", 0);
        assertEquals(3, watcher.take().size());
        byte[] old = Rig.body(out -> out.writeLong(0).writeStrings(List.of("/born")).writeInt(0).writeInt(0));
        assertEquals(ErrorCode.OK, rig.read(OpCode.SET_WATCHES, old, watcher).err());
        assertEquals(List.of("3 /born -1"), watcher.take());
        byte[] broken = Rig.body(out -> out.writeLong(0).writeStrings(List.of("/born")).writeInt(-1).writeInt(0));
        assertEquals(ErrorCode.MARSHALLING_ERROR, rig.read(OpCode.SET_WATCHES, broken, watcher).err());
        assertEquals(List.of(), watcher.take());
    }

    @Test
    void failedWritesAndRolledBackMultisFireNothing() {
        rig.made("/a", 0);
        rig.read(OpCode.GET_DATA, "/a", watcher);
        rig.read(OpCode.EXISTS, "/b", watcher);
        rig.set("/a", "x", 7);
        byte[] multi = Rig.body(out -> {
            MultiWrites.writeHeader(out, OpCode.SET_DATA, false, -1);
            out.writeString("/a").writeBuffer(null).writeInt(-1);
            MultiWrites.writeHeader(out, OpCode.CREATE, false, -1);
            out.writeString("/b").writeBuffer(null).writeAcls(Rig.OPEN).writeInt(0);
            MultiWrites.writeHeader(out, OpCode.CHECK, false, -1);
            out.writeString("/a").writeInt(7);
            MultiWrites.writeHeader(out, -1, true, -1);
        });
        assertEquals(ErrorCode.OK, rig.apply(OpCode.MULTI, multi));
        assertEquals(List.of(), watcher.take());
        assertEquals(2, rig.machine.watchCount());
    }

    @Test
    void eventsOfAMultiComeInOrderWithItsZxid() {
        addWatch("/", 1);
        byte[] multi = Rig.body(out -> {
            for (String path : List.of("/x", "/x/y")) {
                MultiWrites.writeHeader(out, OpCode.CREATE, false, -1);
                out.writeString(path).writeBuffer(null).writeAcls(Rig.OPEN).writeInt(0);
            }
            MultiWrites.writeHeader(out, OpCode.SET_DATA, false, -1);
            out.writeString("/x").writeBuffer(null).writeInt(-1);
            MultiWrites.writeHeader(out, OpCode.DELETE, false, -1);
            out.writeString("/x/y").writeInt(-1);
            MultiWrites.writeHeader(out, -1, true, -1);
        });
        rig.apply(OpCode.MULTI, multi);
        assertEquals(List.of(event(CREATED, "/x"), event(CREATED, "/x/y"), event(CHANGED, "/x"), event(DELETED, "/x/y")),
                watcher.take());
    }

    @Test
    void whoMayNotReadIsNotToldButLosesTheWatch() {
        List<Acl> secret = List.of(new Acl(Perms.ALL, new Id("digest", RandomCommands.ALICE)));
        Recorder alice = new Recorder(5, new Identities(List.of(new Id("digest", RandomCommands.ALICE))));
        for (Recorder each : List.of(watcher, alice)) {
            rig.read(OpCode.EXISTS, "/s", each);
            rig.read(OpCode.GET_CHILDREN, "/", each);
        }
        rig.create("/s", "d", secret, 0);
        assertEquals(List.of(event(CHILDREN, "/")), watcher.take(), "the parent may be read");
        assertEquals(List.of(event(CREATED, "/s"), event(CHILDREN, "/")), alice.take());
        assertEquals(0, rig.machine.watchCount());
        rig.setAcl("/s", Rig.OPEN, -1);
        rig.read(OpCode.GET_DATA, "/s", watcher);
        rig.identities = alice.identities();
        rig.setAcl("/s", secret, -1);
        rig.read(OpCode.GET_DATA, "/s", watcher);
        rig.delete("/s", -1);
        assertEquals(List.of(), watcher.take(), "by the ACL it had when it was deleted");
    }

    @Test
    void closedConnectionsWatchNothing() {
        rig.made("/a", 0);
        addWatch("/a", 0);
        addWatch("/", 1);
        rig.read(OpCode.GET_DATA, "/a", watcher);
        rig.read(OpCode.GET_CHILDREN, "/", watcher);
        rig.machine.removeWatcher(watcher);
        rig.machine.removeWatcher(watcher);
        rig.set("/a", "x", -1);
        rig.made("/b", 0);
        assertEquals(List.of(), watcher.take());
        assertEquals(0, rig.machine.watchCount());
        assertEquals(0, rig.machine.dataWatchPathCount());
    }

    @Test
    void manyWatchersOfOnePath() {
        rig.made("/a", 0);
        List<Recorder> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Recorder each = new Recorder(i, Identities.NONE);
            all.add(each);
            rig.read(OpCode.GET_DATA, "/a", each);
        }
        assertEquals(100, rig.machine.dataWatchCount());
        assertEquals(1, rig.machine.dataWatchPathCount());
        assertEquals(100, rig.machine.dataWatcherCount());
        Set<Long> listed = new HashSet<>();
        rig.machine.forEachDataWatch((path, each) -> assertTrue(path.equals("/a") && listed.add(each.sessionId())));
        assertEquals(100, listed.size());
        rig.machine.removeWatcher(all.get(50));
        rig.set("/a", "x", -1);
        for (int i = 0; i < 100; i++) {
            assertEquals(i == 50 ? List.of() : List.of(event(CHANGED, "/a")), all.get(i).take(), "watcher " + i);
        }
        assertEquals(0, rig.machine.watchCount());
    }

    @Test
    void aWatcherMayGoAwayWhileItIsTold() {
        rig.made("/a", 0);
        Watcher leaving = new Watcher() {
            @Override
            public void onEvent(int type, String path, long zxid) {
                rig.machine.removeWatcher(this);
                rig.machine.removeWatcher(watcher);
            }

            @Override
            public long sessionId() {
                return 1;
            }

            @Override
            public Identities identities() {
                return Identities.NONE;
            }
        };
        rig.read(OpCode.GET_DATA, "/a", leaving);
        rig.read(OpCode.GET_CHILDREN, "/", leaving);
        rig.read(OpCode.GET_DATA, "/a", watcher);
        rig.read(OpCode.GET_CHILDREN, "/", watcher);
        rig.delete("/a", -1);
        assertEquals(0, rig.machine.watchCount());
        assertTrue(watcher.take().size() <= 1);
    }
}
