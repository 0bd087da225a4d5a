package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.log.Fixtures.SMALL;
import static org.lockstep.log.Fixtures.at;
import static org.lockstep.log.Fixtures.openDirectory;
import static org.lockstep.log.Fixtures.openLog;
import static org.lockstep.log.Fixtures.slot;
import static org.lockstep.log.Fixtures.slots;
import static org.lockstep.log.Fixtures.utf8;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;

/** What {@link LmdbLog} promises, under each policy. */
class LmdbLogTest {
    @TempDir
    Path dataDir;

    private static List<Slot> replayed(LmdbLog log, Position after) {
        List<Slot> found = new ArrayList<>();
        log.replay(after, found::add);
        return found;
    }

    static void assertSame(List<Slot> expected, List<Slot> found) {
        assertEquals(expected.stream().map(Slot::position).toList(), found.stream().map(Slot::position).toList());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i).payload(), found.get(i).payload(), "slot " + expected.get(i).position());
        }
    }

    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void replaysWhatWasSecuredAfterReopening(FsyncPolicy policy) {
        List<Slot> all = new ArrayList<>();
        int[] sizes = {0, 1, 1993, 1994, 1995, 2014, 4008, 4009, 20_000, 1_100_000};
        for (int i = 0; i < sizes.length; i++) {
            all.add(slot(at(1, i), sizes[i]));
        }
        all.add(slot(at(2, 0), 10));
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = openLog(directory, policy)) {
            assertEquals(Position.START, log.last());
            log.secure(all.subList(0, 4));
            log.secure(all.subList(4, all.size()));
            assertEquals(at(2, 0), log.last());
            assertSame(all, replayed(log, Position.START));
        }
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = openLog(directory, policy)) {
            assertEquals(at(2, 0), log.last());
            assertSame(all, replayed(log, Position.START));
            assertSame(all.subList(3, all.size()), replayed(log, at(1, 2)));
            assertTrue(replayed(log, at(2, 0)).isEmpty());
            log.secure(List.of(slot(at(2, 5), 3)));
            assertEquals(at(2, 5), log.last());
        }
    }

    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void ordersSlotsOfSeveralSendersByPosition(FsyncPolicy policy) {
        Random random = new Random(7);
        List<Slot> expected = new ArrayList<>();
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = openLog(directory, policy)) {
            long[] next = new long[3];
            for (int i = 0; i < 300; i++) {
                int rank = random.nextInt(3);
                next[rank] += 1 + random.nextInt(2);
                Slot slot = slot(new Position(4, next[rank], rank), random.nextInt(5000));
                expected.add(slot);
                log.secure(List.of(slot));
                if (i % 40 == 39) {
                    log.fold(at(4, i / 6));
                }
            }
            expected.sort((a, b) -> a.position().compareTo(b.position()));
            assertSame(expected, replayed(log, Position.START));
        }
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = openLog(directory, policy)) {
            assertSame(expected, replayed(log, Position.START));
            assertEquals(expected.get(expected.size() - 1).position(), log.last());
        }
    }

    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void keepsRecords(FsyncPolicy policy) {
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = openLog(directory, policy)) {
            assertNull(log.record("view"));
            log.putRecord("view", utf8("one"));
            log.putRecord("view", utf8("two"));
            log.putRecord("promise", new byte[100_000]);
            log.record("view")[0] = 'x';
            assertArrayEquals(utf8("two"), log.record("view"));
        }
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = openLog(directory, policy)) {
            assertArrayEquals(utf8("two"), log.record("view"));
            assertEquals(100_000, log.record("promise").length);
        }
    }

    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void refusesASlotBehindItsSendersLast(FsyncPolicy policy) {
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = openLog(directory, policy)) {
            log.secure(slots(3, 0, 3, 10));
            assertThrows(IllegalArgumentException.class, () -> log.secure(slots(3, 2, 3, 10)));
            assertThrows(IllegalArgumentException.class, () -> log.secure(slots(2, 9, 10, 10)));
            assertThrows(IllegalArgumentException.class, () -> log.secure(slots(3, -1, 0, 10)));
        }
    }

    @ParameterizedTest
    @EnumSource(value = FsyncPolicy.class, names = {"NO_SYNC", "WRITE_BARRIER"})
    void aRebootKeepsWhatWasFoldedAndDropsTheRest(FsyncPolicy policy) {
        List<Slot> all = slots(1, 0, 50, 3000);
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-a"); LmdbLog log = openLog(directory, policy)) {
            log.secure(all);
            assertEquals(at(1, 29), log.fold(at(1, 29)));
            assertEquals(at(1, 29), log.fold(at(1, 10)));
        }
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-a"); LmdbLog log = openLog(directory, policy)) {
            assertSame(all, replayed(log, Position.START));
        }
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-b"); LmdbLog log = openLog(directory, policy)) {
            assertSame(all.subList(0, 30), replayed(log, Position.START));
            assertEquals(at(1, 29), log.last());
            log.secure(slots(2, 0, 5, 100));
        }
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-b"); LmdbLog log = openLog(directory, policy)) {
            assertEquals(35, replayed(log, Position.START).size());
        }
    }

    @Test
    void aChangeToDurableTakesTheTrustedTailOver() {
        List<Slot> all = slots(1, 0, 20, 100);
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-a");
                LmdbLog log = openLog(directory, FsyncPolicy.NO_SYNC)) {
            log.secure(all);
        }
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-a");
                LmdbLog log = openLog(directory, FsyncPolicy.DURABLE)) {
            assertSame(all, replayed(log, Position.START));
            assertTrue(Files.notExists(directory.tailBootFile()));
        }
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-b");
                LmdbLog log = openLog(directory, FsyncPolicy.DURABLE)) {
            assertSame(all, replayed(log, Position.START));
        }
    }

    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void growsItsMaps(FsyncPolicy policy) {
        StorageOptions tiny = new StorageOptions(256 << 10, 256 << 10, 256 << 10, 1 << 16);
        List<Slot> all = slots(1, 0, 500, 6000);
        try (DataDirectory directory = DataDirectory.open(dataDir, tiny);
                LmdbLog log = LmdbLog.open(directory, policy, tiny, new MetricRegistry())) {
            for (int i = 0; i < 500; i += 50) {
                log.secure(all.subList(i, i + 50));
            }
            log.fold(at(1, 400));
            assertSame(all, replayed(log, Position.START));
        }
        try (DataDirectory directory = DataDirectory.open(dataDir, tiny);
                LmdbLog log = LmdbLog.open(directory, policy, tiny, new MetricRegistry())) {
            assertSame(all, replayed(log, Position.START));
        }
    }
}
