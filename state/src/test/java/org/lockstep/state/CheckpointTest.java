package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.OpCode;

/** A checkpoint holds exactly the state at its freeze, whatever is applied meanwhile, and a machine opened from it goes on. */
class CheckpointTest {
    private static final StateOptions SMALL_CACHE = new StateOptions(false, true, true, 3000);
    private static final StateOptions NO_CACHE = new StateOptions(false, true, true, 0);
    private static final StateOptions LARGE_CACHE = new StateOptions(false, true, true, 64L << 20);

    /** Checkpoints at random points, written late; the undisturbed twin must not be tellable apart, step by step. */
    @Test
    void lateCheckpointsDoNotShow() {
        List<StateOptions> options = List.of(SMALL_CACHE, NO_CACHE, LARGE_CACHE);
        RandomCommands.forSeeds(90, seed -> runWithCheckpoints(seed, options.get((int) (seed % 3))));
    }

    private static void runWithCheckpoints(long seed, StateOptions options) {
        Random random = new Random(seed * 31);
        Rig plain = new Rig(new MapBase(), LARGE_CACHE);
        Rig checked = new Rig(new MapBase(), options);
        Checkpoint pending = null;
        for (RandomCommands.Cmd cmd : new RandomCommands(seed).program(400)) {
            assertEquals(RandomCommands.apply(plain, cmd), RandomCommands.apply(checked, cmd));
            if (pending == null && random.nextInt(12) == 0) {
                pending = checked.machine.freeze(Rig.bytes("m" + plain.machine.lastZxid()));
            } else if (pending != null && random.nextInt(8) == 0) {
                pending.writeTo(checked.base);
                if (random.nextBoolean()) {
                    // The base is ahead of what the machine was told: it must not matter.
                    RandomCommands.apply(checked, new RandomCommands(seed).program(1).get(0));
                    RandomCommands.apply(plain, new RandomCommands(seed).program(1).get(0));
                }
                checked.machine.checkpointDone(pending);
                pending = null;
            }
            if (random.nextInt(10) == 0) {
                assertEquals(plain.dump(), checked.dump());
            }
        }
        assertEquals(plain.dump(), checked.dump());
    }

    /** Freeze, go on, write late, reopen from the base as it then is: that is the state at the freeze; replay gives the rest. */
    @Test
    void reopenAndReplay() {
        RandomCommands.forSeeds(150, seed -> {
            List<RandomCommands.Cmd> program = new RandomCommands(seed).program(300);
            Random random = new Random(seed);
            Rig rig = new Rig(new MapBase(), SMALL_CACHE);
            Rig atFreeze = new Rig(new MapBase(), LARGE_CACHE);
            int earlier = random.nextInt(150);
            int freezeAt = earlier + 1 + random.nextInt(100);
            for (int i = 0; i < earlier; i++) {
                RandomCommands.apply(rig, program.get(i));
                RandomCommands.apply(atFreeze, program.get(i));
            }
            rig.checkpoint();
            for (int i = earlier; i < freezeAt; i++) {
                RandomCommands.apply(rig, program.get(i));
                RandomCommands.apply(atFreeze, program.get(i));
            }
            Checkpoint checkpoint = rig.machine.freeze(Rig.bytes("here"));
            for (int i = freezeAt; i < program.size(); i++) {
                RandomCommands.apply(rig, program.get(i));
            }
            if (checkpoint != null) {
                checkpoint.writeTo(rig.base);
                checkpoint.writeTo(rig.base);
            }
            Rig reopened = new Rig(rig.base.copy(), NO_CACHE);
            if (checkpoint != null) {
                assertArrayEquals(Rig.bytes("here"), reopened.machine.mark());
            }
            assertEquals(atFreeze.dump(), reopened.dump());
            for (int i = freezeAt; i < program.size(); i++) {
                RandomCommands.apply(reopened, program.get(i));
            }
            assertEquals(rig.dump(), reopened.dump());
        });
    }

    @Test
    void writesWhileApplyingOnAnotherThread() throws Exception {
        ExecutorService writer = Executors.newSingleThreadExecutor();
        try {
            Rig rig = new Rig(new MapBase(), SMALL_CACHE);
            Rig plain = new Rig(new MapBase(), LARGE_CACHE);
            Checkpoint pending = null;
            Future<?> done = null;
            int checkpoints = 0;
            String frozenDump = null;
            for (RandomCommands.Cmd cmd : new RandomCommands(4711).program(30_000)) {
                assertEquals(RandomCommands.apply(plain, cmd), RandomCommands.apply(rig, cmd));
                if (pending == null) {
                    pending = rig.machine.freeze(null);
                    frozenDump = checkpoints % 20 == 0 ? plain.dump() : null;
                    Checkpoint writing = pending;
                    done = pending == null ? null : writer.submit(() -> writing.writeTo(rig.base));
                } else if (done.isDone()) {
                    done.get();
                    if (frozenDump != null) {
                        assertEquals(frozenDump, new Rig(rig.base.copy(), NO_CACHE).dump());
                    }
                    rig.machine.checkpointDone(pending);
                    pending = null;
                    checkpoints++;
                }
            }
            assertTrue(checkpoints > 20, "only " + checkpoints + " checkpoints ran beside the commands");
            assertEquals(plain.dump(), rig.dump());
        } finally {
            writer.shutdownNow();
        }
    }

    @Test
    void heapDoesNotGrowWithTheTree() {
        Rig rig = new Rig(new MapBase(), new StateOptions(false, true, false, 100_000));
        rig.sessionId = Rig.SESSION;
        rig.createSession(Rig.SESSION, 1000);
        for (int i = 0; i < 50; i++) {
            rig.made("/p" + i, 0);
            for (int j = 0; j < 400; j++) {
                rig.made("/p" + i + "/c" + j, 0);
            }
            rig.checkpoint();
        }
        assertEquals(20_055, rig.machine.nodeCount());
        while (rig.machine.trimCache(1000)) {
            // until all is tidy
        }
        assertTrue(rig.machine.heapNodeCount() < 600, "in the heap: " + rig.machine.heapNodeCount());
        for (int i = 0; i < 50; i++) {
            assertEquals(400, rig.children("/p" + i).size());
            rig.exists("/p" + i + "/c7");
        }
        assertTrue(rig.machine.heapNodeCount() < 600, "in the heap: " + rig.machine.heapNodeCount());
    }

    /** What was only made leaves with its checkpoint; what was looked at in between, or changed, is still in the heap. */
    @Test
    void nodesNobodyLookedAtLeaveTheHeap() {
        Rig rig = new Rig(LARGE_CACHE);
        rig.made("/p", 0);
        for (int i = 0; i < 500; i++) {
            rig.made("/p/n" + i, 0);
        }
        rig.exists("/p/n3");
        rig.set("/p/n4", "d", -1);
        int before = rig.machine.heapNodeCount();
        rig.checkpoint();
        while (rig.machine.trimCache(1000)) {
            // until all is tidy
        }
        int others = before - 500;
        assertTrue(rig.machine.heapNodeCount() <= others + 2, before + " became " + rig.machine.heapNodeCount());
        int after = rig.machine.heapNodeCount();
        rig.exists("/p/n3");
        rig.exists("/p/n4");
        assertEquals(after, rig.machine.heapNodeCount(), "neither had to be read again");
        rig.exists("/p/n5");
        assertEquals(after + 1, rig.machine.heapNodeCount());
        assertEquals(500, rig.children("/p").size());
    }

    @Test
    void keptNamesAreBounded() {
        Rig rig = new Rig(new StateOptions(false, true, false, 200 * 2 * ChildNames.BYTES_PER_NAME));
        for (int i = 0; i < 10; i++) {
            rig.made("/p" + i, 0);
            for (int j = 0; j < 50; j++) {
                rig.made("/p" + i + "/c" + j, 0);
            }
            assertEquals(50, rig.children("/p" + i).size());
        }
        assertEquals(200, rig.machine.keptNames());
        rig.made("/p0/one-too-many", 0);
        assertEquals(150, rig.machine.keptNames());
        assertEquals(51, rig.children("/p0").size());
        for (int j = 0; j < 50; j++) {
            rig.delete("/p1/c" + j, -1);
        }
        rig.delete("/p1", -1);
        assertEquals(100, rig.machine.keptNames());
        rig.children("/p2");
        assertEquals(50, rig.children("/p9").size());
        assertEquals(150, rig.machine.keptNames());
    }

    @Test
    void nothingChangedMeansNoCheckpoint() {
        Rig rig = new Rig();
        rig.checkpoint();
        assertNull(rig.machine.freeze(Rig.bytes("mark")));
        rig.exists("/");
        assertNull(rig.machine.freeze(Rig.bytes("mark")));
        Checkpoint moved = rig.machine.freeze(Rig.bytes("another place"));
        assertEquals(0, moved.nodeCount(), "the place moved, and nothing else");
        rig.machine.checkpointDone(moved);
        rig.create("/missing/x", "d");
        assertNotNull(rig.machine.freeze(null), "a failed write moved the zxid");
        assertThrows(IllegalStateException.class, () -> rig.machine.freeze(null));
        assertThrows(IllegalArgumentException.class, () -> rig.machine.checkpointDone(null));
    }

    @Test
    void attachSurvivesAndDamageIsNamed() {
        Rig rig = new Rig();
        rig.create("/e", "d", Rig.OPEN, CreateFlags.EPHEMERAL);
        rig.apply(OpCode.ATTACH_SESSION, Rig.sessionBody(7000, new SessionOwner(2, 0x2222)));
        rig.checkpoint();
        Rig reopened = new Rig(rig.base.copy(), StateOptions.DEFAULTS);
        assertEquals(1, reopened.machine.attach(Rig.SESSION));
        assertEquals(7000, reopened.machine.sessionTimeoutMillis(Rig.SESSION));
        assertEquals(new SessionOwner(2, 0x2222), reopened.machine.sessionOwner(Rig.SESSION));
        assertEquals(1, reopened.machine.ephemeralCount());
        MapBase damaged = rig.base.copy();
        damaged.entry(StateBase.Table.SESSIONS, Rig.body(out -> out.writeLong(Rig.SESSION)), null);
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> new Rig(damaged, StateOptions.DEFAULTS));
        assertEquals("damaged state: ephemeral node /e belongs to session 0x100000000000001, which does not exist",
                e.getMessage());
        MapBase rootless = rig.base.copy();
        rootless.node("/", null);
        assertThrows(IllegalStateException.class, () -> new Rig(rootless, StateOptions.DEFAULTS));
    }
}
