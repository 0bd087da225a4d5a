package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.log.Fixtures.SMALL;
import static org.lockstep.log.Fixtures.at;
import static org.lockstep.log.Fixtures.openLog;
import static org.lockstep.log.Fixtures.slot;
import static org.lockstep.log.Fixtures.slots;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;

/** The tail's files, as kills, power cuts and flipped bits leave them. */
class TailTest {
    private static final int PAGE_BYTES = 4096;

    @TempDir
    Path scratch;

    private DataDirectory open(Path dir) {
        return DataDirectory.open(dir, SMALL, "boot-a");
    }

    private static Path tail(Path dir, int number) {
        return dir.resolve("lockstep-3").resolve("tail." + number);
    }

    /** What is found there. */
    private List<Slot> found(Path dir, FsyncPolicy policy) {
        List<Slot> found = new ArrayList<>();
        try (DataDirectory directory = open(dir); LmdbLog log = openLog(directory, policy)) {
            log.replay(Position.START, found::add);
        }
        return found;
    }

    private Path write(String name, FsyncPolicy policy, List<Slot> slots) {
        Path dir = scratch.resolve(name);
        try (DataDirectory directory = open(dir); LmdbLog log = openLog(directory, policy)) {
            slots.forEach(slot -> log.secure(List.of(slot)));
        }
        return dir;
    }

    /** A copy of a directory, as another disk with the same content. */
    private Path copy(Path dir, String name) throws IOException {
        Path to = Files.createDirectories(scratch.resolve(name).resolve("lockstep-3"));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(dir.resolve("lockstep-3"))) {
            for (Path file : files) {
                Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return to.getParent();
    }

    /** Everything that was flushed is there whichever page of the last record the power has torn; that record need not be. */
    @Test
    void aTornLastRecordIsDroppedAndNothingElse() throws IOException {
        List<Slot> all = slots(1, 0, 8, 700);
        Path dir = write("torn", FsyncPolicy.DURABLE, all);
        Random random = new Random(5);
        for (int i = 0; i < 30; i++) {
            Path torn = copy(dir, "torn" + i);
            byte[] bytes = Files.readAllBytes(tail(torn, 0));
            int from = 7 * PAGE_BYTES + random.nextInt(600);
            Arrays.fill(bytes, from, from + 1 + random.nextInt(100), (byte) i);
            Files.write(tail(torn, 0), bytes);
            LmdbLogTest.assertSame(all.subList(0, 7), found(torn, FsyncPolicy.DURABLE));
        }
        LmdbLogTest.assertSame(all, found(dir, FsyncPolicy.DURABLE));
    }

    /** Slots are never missing in front of others that are there, and never another's bytes; each is of a sender of its own. */
    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void aFlippedBitIsDetectedOrHarmlessOrInTheLastRecord(FsyncPolicy policy) throws IOException {
        List<Slot> all = new ArrayList<>();
        for (int rank = 0; rank < 12; rank++) {
            all.add(slot(new Position(1, 0, rank), 300));
        }
        Path dir = write("flip", policy, all);
        Random random = new Random(9);
        int detected = 0;
        int used = 12 * (policy.isLazy() ? 360 : PAGE_BYTES);
        for (int i = 0; i < 300; i++) {
            Path flipped = copy(dir, "flipped");
            byte[] bytes = Files.readAllBytes(tail(flipped, 0));
            int record = random.nextInt(11);
            int offset = policy.isLazy() ? random.nextInt(used - 360) : record * PAGE_BYTES + random.nextInt(360);
            bytes[offset] ^= (byte) (1 << random.nextInt(8));
            Files.write(tail(flipped, 0), bytes);
            try {
                LmdbLogTest.assertSame(all, found(flipped, policy));
            } catch (LogDamagedException e) {
                assertTrue(e.getMessage().contains("tail.0") && !e.getMessage().contains("\n"), e.getMessage());
                detected++;
            }
        }
        assertTrue(detected > 200, "detected " + detected);
    }

    /** Both files are written over many times, with what was there before behind what is new. */
    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void oldRecordsBehindNewOnesAreNotTaken(FsyncPolicy policy) {
        Path dir = scratch.resolve("many");
        Random random = new Random(3);
        List<Slot> expected = new ArrayList<>();
        int[] next = new int[2];
        for (int life = 0; life < 12; life++) {
            try (DataDirectory directory = open(dir); LmdbLog log = openLog(directory, policy)) {
                for (int i = random.nextInt(60); i >= 0; i--) {
                    List<Slot> together = new ArrayList<>();
                    for (int rank = 0; rank < 2; rank++) {
                        for (int count = random.nextInt(4); count > 0; count--) {
                            next[rank] += 1 + random.nextInt(2);
                            together.add(slot(new Position(3, next[rank], rank), random.nextInt(2500)));
                        }
                    }
                    together.sort((a, b) -> a.position().compareTo(b.position()));
                    expected.addAll(together);
                    log.secure(together);
                    if (policy.isLazy() && i % 40 == 20) {
                        log.flushAll();
                    }
                }
            }
            expected.sort((a, b) -> a.position().compareTo(b.position()));
            LmdbLogTest.assertSame(expected, found(dir, policy));
        }
        assertTrue(expected.size() > 500, "only " + expected.size());
    }

    @Test
    void changesOfPolicyKeepEverythingAndARebootTakesOnlyWhatWasNotFlushed() {
        Path dir = scratch.resolve("changes");
        FsyncPolicy[] policies = {FsyncPolicy.DURABLE, FsyncPolicy.NO_SYNC, FsyncPolicy.DURABLE, FsyncPolicy.WRITE_BARRIER};
        List<Slot> all = slots(1, 0, 40, 200);
        for (int i = 0; i < policies.length; i++) {
            try (DataDirectory directory = open(dir); LmdbLog log = openLog(directory, policies[i])) {
                all.subList(10 * i, 10 * i + 10).forEach(slot -> log.secure(List.of(slot)));
            }
        }
        try (DataDirectory directory = DataDirectory.open(dir, SMALL, "boot-b");
                LmdbLog log = openLog(directory, FsyncPolicy.DURABLE)) {
            assertTrue(log.tailDiscarded());
            assertEquals(at(1, 29), log.last());
            log.secure(List.of(slot(at(2, 0), 5)));
        }
        try (DataDirectory directory = DataDirectory.open(dir, SMALL, "boot-c");
                LmdbLog log = openLog(directory, FsyncPolicy.NO_SYNC)) {
            assertFalse(log.tailDiscarded());
            assertEquals(at(2, 0), log.last());
        }
    }

    /** A slot that names one before it that is nowhere is not taken for the next. */
    @Test
    void aMissingFileIsNoticed() throws IOException {
        Path dir = write("both", FsyncPolicy.NO_SYNC, slots(1, 0, 100, 1500));
        write("both", FsyncPolicy.NO_SYNC, slots(1, 100, 200, 1500));
        assertEquals(200, found(copy(dir, "whole"), FsyncPolicy.NO_SYNC).size());
        Files.delete(tail(dir, 0));
        LogDamagedException e = assertThrows(LogDamagedException.class, () -> found(dir, FsyncPolicy.NO_SYNC));
        assertTrue(e.getMessage().contains("is missing"), e.getMessage());
    }

    /** Files of another directory hold nothing that this one would take. */
    @Test
    void recordsOfAnotherDiskAreNotTaken() throws IOException {
        Path one = write("one", FsyncPolicy.DURABLE, slots(1, 0, 3, 100));
        Path other = write("other", FsyncPolicy.DURABLE, slots(1, 0, 9, 100));
        Files.copy(tail(other, 0), tail(one, 0), StandardCopyOption.REPLACE_EXISTING);
        assertEquals(List.of(), found(one, FsyncPolicy.DURABLE));
    }

    /** While some are folded on a thread of their own others are secured, and all are found, in order. */
    @Test
    void slotsAreSecuredWhileOthersAreFolded() {
        Path dir = scratch.resolve("fold");
        StorageOptions options = new StorageOptions(64 << 20, 64 << 10, 1 << 20, 1 << 16);
        List<Slot> all = slots(1, 0, 3000, 400);
        try (DataDirectory directory = DataDirectory.open(dir, options);
                LmdbLog log = LmdbLog.open(directory, FsyncPolicy.DURABLE, options, new com.codahale.metrics.MetricRegistry())) {
            for (int i = 0; i < all.size(); i += 3) {
                log.secure(all.subList(i, i + 3));
                assertEquals(all.get(i + 2).position(), log.last());
            }
        }
        List<Slot> found = new ArrayList<>();
        try (DataDirectory directory = DataDirectory.open(dir, options);
                LmdbLog log = LmdbLog.open(directory, FsyncPolicy.DURABLE, options, new com.codahale.metrics.MetricRegistry())) {
            log.replay(Position.START, found::add);
        }
        LmdbLogTest.assertSame(all, found);
    }

    @Test
    void aLogThatFailedTakesNothingMore() {
        Path dir = scratch.resolve("failed");
        DataDirectory directory = open(dir);
        LmdbLog log = openLog(directory, FsyncPolicy.DURABLE);
        log.secure(slots(1, 0, 1, 10));
        Thread.currentThread().interrupt(); // closes the file under the write
        LogFailedException failure = assertThrows(LogFailedException.class, () -> log.secure(slots(1, 1, 2, 10)));
        assertTrue(Thread.interrupted());
        assertTrue(failure.getMessage().contains("tail.0"), failure.getMessage());
        assertThrows(LogFailedException.class, () -> log.secure(slots(1, 2, 3, 10)));
        log.close();
        directory.close();
        assertEquals(List.of(at(1, 0)), found(dir, FsyncPolicy.DURABLE).stream().map(Slot::position).toList());
    }
}
