package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.log.Fixtures.at;
import static org.lockstep.log.Fixtures.openDirectory;
import static org.lockstep.log.Fixtures.slot;
import static org.lockstep.log.Fixtures.slots;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;

/** What a commit of few small slots costs, and that such slots are found wherever they are. */
class FreshRowsTest {
    private static final int PAGE_BYTES = 4096;
    private static final int SMALL_BYTES = 200;
    private static final StorageOptions OPTIONS = new StorageOptions(64 << 20, 64 << 20, 1 << 20, 0);

    @TempDir
    Path dataDir;

    private LmdbLog open(DataDirectory directory, MetricRegistry registry) {
        return LmdbLog.open(directory, FsyncPolicy.DURABLE, OPTIONS, registry);
    }

    /** Pages behind the headers that differ. */
    private static int changedPages(byte[] before, byte[] after) {
        int changed = 0;
        for (int page = MetaPages.COUNT * PAGE_BYTES; page < after.length; page += PAGE_BYTES) {
            boolean same = page + PAGE_BYTES <= before.length
                    && Arrays.equals(before, page, page + PAGE_BYTES, after, page, page + PAGE_BYTES);
            changed += same ? 0 : 1;
        }
        return changed;
    }

    @Test
    void aSmallSlotCostsTwoPagesAlsoInALogThatHasBeenLarge() throws IOException {
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = open(directory, new MetricRegistry())) {
            int next = 0;
            for (; next < 20_000; next += 50) {
                log.secure(slots(1, next, next + 50, SMALL_BYTES));
                log.deleteBelow(at(1, next - 10_000));
            }
            // What is free now comes to little; everything else is of use still, or would be free too if it were needed.
            for (int i = 0; i < 500; i++, next++) {
                log.secure(slots(1, next, next + 1, SMALL_BYTES));
                log.deleteBelow(at(1, next - 100));
            }
            List<Integer> costs = new ArrayList<>();
            byte[] before = Files.readAllBytes(directory.logFile());
            for (int i = 0; i < 200; i++, next++) {
                log.secure(slots(1, next, next + 1, SMALL_BYTES));
                log.deleteBelow(at(1, next - 100));
                byte[] after = Files.readAllBytes(directory.logFile());
                costs.add(changedPages(before, after));
                before = after;
            }
            long cheap = costs.stream().filter(pages -> pages <= 2).count();
            assertTrue(cheap >= 180, "pages written by each commit: " + costs);
        }
    }

    @Test
    void commitsOneByOneNeitherGrowTheFileNorPileUpFreePages() throws IOException {
        MetricRegistry registry = new MetricRegistry();
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = open(directory, registry)) {
            int next = 0;
            for (; next < 10_000; next += 100) {
                log.secure(slots(1, next, next + 100, SMALL_BYTES));
                log.deleteBelow(at(1, next - 2_000));
            }
            long early = Files.size(directory.logFile());
            for (int i = 0; i < 6_000; i++, next++) {
                log.secure(slots(1, next, next + 1, SMALL_BYTES));
                log.deleteBelow(at(1, next - 500));
            }
            long late = Files.size(directory.logFile());
            assertTrue(late <= early + 64 * PAGE_BYTES, "grew from " + early + " to " + late);
            long free = (Long) registry.getGauges().get("log.freelist.pages").getValue();
            assertTrue(free > 0 && free < 200, free + " free pages");
        }
    }

    @Test
    void slotsAreReadInOrderWhetherFreshOrInTheirTable() {
        Random random = new Random(5);
        long[] next = new long[3];
        List<Slot> all = new ArrayList<>();
        for (int round = 0; round < 40; round++) {
            try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = open(directory, new MetricRegistry())) {
                assertSame(all, log);
                for (int i = random.nextInt(12); i >= 0; i--) {
                    // A sender that was behind puts its slots between those of the others.
                    int rank = random.nextInt(3);
                    next[rank] += 1 + random.nextInt(3);
                    Slot slot = slot(new Position(1, next[rank], rank), random.nextInt(8) == 0 ? 5000 : random.nextInt(400));
                    log.secure(List.of(slot));
                    all.add(slot);
                }
                all.sort((a, b) -> a.position().compareTo(b.position()));
                assertSame(all, log);
                if (!all.isEmpty()) {
                    Position anywhere = all.get(random.nextInt(all.size())).position();
                    assertTrue(log.reachesBackTo(anywhere), () -> anywhere + " is there");
                }
            }
        }
    }

    private static void assertSame(List<Slot> expected, LmdbLog log) {
        List<Slot> found = new ArrayList<>();
        log.replay(Position.START, found::add);
        assertEquals(expected.stream().map(Slot::position).toList(), found.stream().map(Slot::position).toList());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i).payload(), found.get(i).payload());
        }
        Position last = expected.isEmpty() ? Position.START
                : Collections.max(expected.stream().map(Slot::position).toList());
        assertEquals(last, log.last());
    }
}
