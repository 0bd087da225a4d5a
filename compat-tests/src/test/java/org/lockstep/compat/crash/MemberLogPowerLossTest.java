package org.lockstep.compat.crash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.log.DataDirectory;
import org.lockstep.log.LmdbLog;

/**
 * The power goes while an ensemble member's log secures, flushes, promises and installs: every image that a disk may hold then
 * has each promise and each installed view that was reported done, everything secured as the policy says, and nothing that an
 * install has cut away.
 *
 * <p>{@code -Dlockstep.crash.memberImages=N} and {@code -Dlockstep.crash.seed=N} make it longer and different.
 */
class MemberLogPowerLossTest {
    private static final int IMAGES = Integer.getInteger("lockstep.crash.memberImages", 240);
    private static final long SEED = Long.getLong("lockstep.crash.seed", 1);
    private static final int LYING_IMAGES = 60;
    private static final int STEPS = 250;
    private static final String BOOT_ID = "lockstep.bootId";

    @TempDir Path scratch;
    private final long[] doneAt = new long[STEPS + 10];
    private int reported;

    @AfterEach
    void forgetBootId() {
        System.clearProperty(BOOT_ID);
    }

    @ParameterizedTest
    @EnumSource(value = FsyncPolicy.class, names = {"DURABLE", "NO_SYNC"})
    void everyImageHoldsWhatWasDone(FsyncPolicy policy) throws Exception {
        DiskImages images = record(policy, 0);
        assertEquals(List.of(), images.differences(scratch.resolve("data").toRealPath()),
                "the trace rebuilds the real files byte for byte");
        Set<Long> views = checkImages(policy, images, IMAGES);
        assertTrue(views.size() > 5, "few views seen: " + views);
    }

    /** The check can fail: a disk that lies about every third flush is found out. */
    @Test
    void aSkippedFlushIsFoundOut() throws Exception {
        DiskImages images = record(FsyncPolicy.DURABLE, 3);
        assertThrows(Throwable.class, () -> checkImages(FsyncPolicy.DURABLE, images, LYING_IMAGES));
    }

    private Set<Long> checkImages(FsyncPolicy policy, DiskImages images, int count) throws Exception {
        MemberSteps steps = new MemberSteps(policy.isLazy(), SEED, STEPS);
        assertEquals(steps.count() + 1, reported);
        Random random = new Random(SEED);
        Set<Long> views = new HashSet<>();
        int[] behind = random.ints(count, 0, reported - 1).sorted().toArray();
        long cut = 0;
        for (int i = 0; i < count; i++) {
            int step = behind[i];
            // Just after a step, or at any moment of the next one.
            long moment = i % 3 == 0 ? 1 : (long) (random.nextDouble() * (doneAt[step + 1] - doneAt[step]));
            cut = Math.max(cut, doneAt[step] + moment); // images are made in the order of time
            Loss.Kind kind = Loss.POWER.get(i % Loss.POWER.size());
            Path image = Files.createDirectory(scratch.resolve("image" + i));
            images.write(cut, new Loss(kind, i), image);
            System.setProperty(BOOT_ID, "after the power cut " + i);
            views.add(check(policy, image, steps, step, "image " + i + ", " + kind + " behind step " + step));
        }
        return views;
    }

    /** @param liesEach every so manieth flush does nothing; 0 for an honest disk */
    private DiskImages record(FsyncPolicy policy, int liesEach) throws Exception {
        Path directory = Files.createDirectory(scratch.resolve("data")).toRealPath();
        Path trace = scratch.resolve("trace");
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens", "java.base/java.nio=ALL-UNNAMED", "--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED",
                "-cp", System.getProperty("java.class.path"), MemberLogWriter.class.getName(), directory.toString(),
                policy.name(), String.valueOf(SEED), String.valueOf(STEPS));
        NativeShim.Options options = new NativeShim.Options(directory).trace(trace).delayFlush(200);
        builder.environment().putAll((liesEach == 0 ? options : options.skipFlush(liesEach)).environment());
        Path errors = scratch.resolve("errors");
        Process process = builder.redirectError(errors.toFile()).start();
        for (String line : new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList()) {
            if (line.startsWith("done ")) {
                doneAt[reported++] = Long.parseLong(line.split(" ")[2]);
            }
        }
        assertEquals(0, process.waitFor(), Files.readString(errors));
        return new DiskImages(IoEvent.readTrace(trace));
    }

    /** @return the view found */
    private static long check(FsyncPolicy policy, Path image, MemberSteps steps, int done, String what) {
        try (DataDirectory directory = DataDirectory.open(image, MemberLogWriter.OPTIONS);
                LmdbLog log = LmdbLog.openMember(directory, policy, MemberLogWriter.OPTIONS, new MetricRegistry())) {
            Recovered found = log.recovered();
            MemberSteps.Content least = steps.after(done);
            MemberSteps.Content most = steps.after(done + 1);
            boolean after = !matches(found, least);
            assertTrue(!after || matches(found, most), () -> what + ": found " + found.installed() + " and " + found.acceptor());
            MemberSteps.Content sure = after ? most : least;
            assertEquals(false, found.damaged(), what);
            checkBase(log, sure, most.deleted, what);
            if (found.installed() == null) {
                return 0;
            }
            assertEquals(!policy.isLazy(), found.intact(), what);
            boolean sameView = least.installed != null && least.installed.equals(most.installed);
            checkView(log, found, sure, sameView ? most : sure, what);
            return found.installed().viewId();
        }
    }

    private static boolean matches(Recovered found, MemberSteps.Content content) {
        return java.util.Objects.equals(found.installed(), content.installed)
                && java.util.Objects.equals(found.acceptor(), content.acceptor);
    }

    private static void checkBase(LmdbLog log, MemberSteps.Content sure, Position from, String what) {
        List<Slot> replayed = new ArrayList<>();
        log.replay(from, new MemberLog.Visitor() {
            @Override
            public void view(ViewRecord view) {}

            @Override
            public void slot(Slot slot) {
                replayed.add(slot);
            }
        });
        assertSlots(List.copyOf(sure.base.tailMap(from, false).values()), replayed, what);
    }

    /** Of each sender at least what is sure, at most what was under way, without a gap; and of the stable part no hole. */
    private static void checkView(LmdbLog log, Recovered found, MemberSteps.Content sure, MemberSteps.Content most, String what) {
        long viewId = found.installed().viewId();
        Trim last = found.last();
        for (int k = 0; k < last.ranks(); k++) {
            long low = lastOf(sure.main, k);
            long high = lastOf(most.main, k);
            assertTrue(low <= last.lastIndex(k) && last.lastIndex(k) <= high, what + ": rank " + k + " ends at "
                    + last.lastIndex(k) + ", not from " + low + " to " + high);
        }
        List<Slot> expected = most.main.values().stream()
                .filter(slot -> last.covers(slot.position().index(), slot.position().rank())).toList();
        Position start = sure.base.isEmpty() ? Position.START : sure.base.lastKey();
        assertSlots(expected, log.read(start, viewId, last, Integer.MAX_VALUE).slots(), what);
        long mark = found.flushedMark();
        assertTrue(sure.mark <= mark && mark <= most.mark, what + ": flushed up to " + mark);
        if (mark != Order.NONE) {
            Position end = new Position(viewId, Order.index(mark), Order.rank(mark));
            assertTrue(expected.containsAll(most.main.headMap(end, true).values()), what + ": a hole below the mark");
        }
    }

    private static long lastOf(TreeMap<Position, Slot> slots, int rank) {
        return slots.keySet().stream().filter(position -> position.rank() == rank).mapToLong(Position::index).max().orElse(-1);
    }

    private static void assertSlots(List<Slot> expected, List<Slot> found, String what) {
        assertEquals(expected.stream().map(Slot::position).toList(), found.stream().map(Slot::position).toList(), what);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i).payload(), found.get(i).payload(), what);
        }
    }
}
