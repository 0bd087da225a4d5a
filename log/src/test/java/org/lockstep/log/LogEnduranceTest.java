package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.log.Fixtures.SMALL;
import static org.lockstep.log.Fixtures.at;
import static org.lockstep.log.Fixtures.openDirectory;
import static org.lockstep.log.Fixtures.openLog;
import static org.lockstep.log.Fixtures.slot;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;

/** Many slots: files that stay small while slots come and go, and two threads at once under a lazy policy. */
class LogEnduranceTest {
    private static final int SLOTS = 200_000;
    private static final int KEPT = 4_000;

    @TempDir
    Path dataDir;

    @ParameterizedTest
    @EnumSource(value = FsyncPolicy.class, names = {"DURABLE", "NO_SYNC"})
    void deletingAsMuchAsAppendingKeepsTheFilesBounded(FsyncPolicy policy) throws Exception {
        StorageOptions options = new StorageOptions(16 << 20, 1 << 20, 1 << 20, 1 << 18);
        MetricRegistry registry = new MetricRegistry();
        long logBytesEarly = 0;
        try (DataDirectory directory = DataDirectory.open(dataDir, options);
                LmdbLog log = LmdbLog.open(directory, policy, options, registry)) {
            List<Slot> batch = new ArrayList<>();
            for (int i = 0; i < SLOTS; i++) {
                batch.add(slot(at(1, i), 150 + i % 100));
                if (batch.size() == 100) {
                    log.secure(batch);
                    batch.clear();
                }
                if (i % 1000 == 999) {
                    log.fold(at(1, i - 200));
                    log.deleteBelow(at(1, i - KEPT));
                }
                if (i == SLOTS / 4) {
                    logBytesEarly = Files.size(directory.logFile());
                }
            }
            long logBytes = Files.size(directory.logFile());
            assertTrue(logBytes <= logBytesEarly + (1 << 20), "log grew from " + logBytesEarly + " to " + logBytes);
            assertTrue(logBytes < 16 << 20, "log has " + logBytes);
            if (policy.isLazy()) {
                assertTrue(Files.size(directory.tailFile(0)) < 8 << 20, "tail has " + Files.size(directory.tailFile(0)));
            }
            assertTrue((Long) registry.getGauges().get("log.used.bytes").getValue() > 1 << 20);
            assertTrue((Long) registry.getGauges().get("log.freelist.pages").getValue() > 0);
        }
        try (DataDirectory directory = DataDirectory.open(dataDir, options);
                LmdbLog log = LmdbLog.open(directory, policy, options, registry)) {
            int[] count = {0};
            Position floor = at(1, SLOTS - 1 - KEPT);
            log.replay(floor, slot -> assertEquals(SLOTS - KEPT + count[0]++, slot.position().index()));
            assertEquals(KEPT, count[0]);
        }
    }

    @Test
    void aTrimmedLogDoesNotReplayFromBeforeItsTrim() {
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = openLog(directory, FsyncPolicy.DURABLE)) {
            for (int i = 0; i < 400; i++) {
                log.secure(List.of(slot(at(1, i), 100)));
                log.deleteBelow(at(1, i - 100));
            }
            log.secure(List.of(slot(at(1, 400), 200_000))); // too large for the tail: all goes to the tree
            log.deleteBelow(at(1, 300));
            log.secure(List.of(slot(at(1, 401), 200_000)));
            LogFailedException gap = assertThrows(LogFailedException.class, () -> log.replay(at(1, 3), slot -> { }));
            assertTrue(gap.getMessage().contains("is missing"), gap.getMessage());
        }
    }

    @Test
    void theTailKeepsWhatComesBehindAFoldOfEverythingThatWentFurther() {
        int slots = 300;
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-a");
                LmdbLog log = openLog(directory, FsyncPolicy.NO_SYNC)) {
            for (int i = 0; i < slots; i++) {
                log.secure(List.of(slot(at(1, i), 700)));
            }
            log.flushAll();
            // A sender that was behind goes on from there: its slots stand before the last one that was folded.
            for (int i = 0; i < slots; i++) {
                log.secure(List.of(slot(new Position(1, i, 1), 700)));
            }
        }
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-a");
                LmdbLog log = openLog(directory, FsyncPolicy.NO_SYNC)) {
            List<Position> found = new ArrayList<>();
            log.replay(Position.START, slot -> found.add(slot.position()));
            assertEquals(2 * slots, found.size());
            assertEquals(new Position(1, slots - 1, 1), found.get(2 * slots - 1));
        }
    }

    @Test
    void secureAndFoldRunOnTwoThreads() throws Exception {
        int slots = 20_000;
        AtomicReference<Throwable> failure = new AtomicReference<>();
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-a");
                LmdbLog log = openLog(directory, FsyncPolicy.WRITE_BARRIER)) {
            Thread folder = new Thread(() -> {
                try {
                    long flushed = -1;
                    while (flushed < slots - 1) {
                        flushed = log.fold(at(1, Math.max(0, log.last().index() - 20))).index();
                        log.deleteBelow(at(1, flushed - 500));
                        if (log.last().index() == slots - 1) {
                            flushed = log.fold(log.last()).index();
                        }
                    }
                    log.putRecord("done", new byte[1]);
                } catch (Throwable e) {
                    failure.set(e);
                }
            });
            folder.start();
            for (int i = 0; i < slots; i++) {
                log.secure(List.of(slot(at(1, i), i % 700)));
            }
            folder.join(60_000);
            assertNull(failure.get());
            assertEquals(at(1, slots - 1), log.last());
        }
        // As after a reboot: everything was folded, so nothing is missing.
        try (DataDirectory directory = DataDirectory.open(dataDir, SMALL, "boot-b");
                LmdbLog log = openLog(directory, FsyncPolicy.WRITE_BARRIER)) {
            long[] next = {slots - 500};
            log.replay(at(1, slots - 501), slot -> assertEquals(next[0]++, slot.position().index()));
            assertEquals(slots, next[0]);
            assertEquals(1, log.record("done").length);
        }
    }
}
