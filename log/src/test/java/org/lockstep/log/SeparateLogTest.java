package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.log.Fixtures.SMALL;
import static org.lockstep.log.Fixtures.at;
import static org.lockstep.log.Fixtures.openLog;
import static org.lockstep.log.Fixtures.slots;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.log.DataDirectoryException.Kind;

/** The log on a disk of its own (dataLogDir). */
class SeparateLogTest {
    @TempDir
    Path temp;
    private Path data;
    private Path logs;

    @BeforeEach
    void name() {
        data = temp.resolve("data");
        logs = temp.resolve("logs");
    }

    private DataDirectory open() {
        return DataDirectory.open(data, logs, SMALL);
    }

    private DataDirectoryException refused(Path dataLogDir, Kind kind) {
        DataDirectoryException refusal = assertThrows(DataDirectoryException.class,
                () -> DataDirectory.open(data, dataLogDir, SMALL).close());
        assertEquals(kind, refusal.kind(), refusal.getMessage());
        return refusal;
    }

    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void everyFileOfTheLogLiesInDataLogDir(FsyncPolicy policy) throws IOException {
        try (DataDirectory directory = open(); LmdbLog log = openLog(directory, policy)) {
            log.secure(slots(1, 1, 4, 100));
            assertTrue(Files.exists(logs.resolve("lockstep-3/log.mdb")));
            assertTrue(Files.exists(logs.resolve("lockstep-3/tail.0")));
            assertEquals(policy.isLazy(), Files.exists(logs.resolve("lockstep-3/tail.boot")));
            assertFalse(hasAny(data.resolve("lockstep-3"), "{log,tail}.*"));
            assertTrue(hasAny(data.resolve("lockstep-3"), "state.mdb"));
        }
        try (DataDirectory directory = open(); LmdbLog log = openLog(directory, policy)) {
            assertEquals(at(1, 3), log.last());
        }
    }

    private static boolean hasAny(Path directory, String glob) throws IOException {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, glob)) {
            return found.iterator().hasNext();
        }
    }

    @Test
    void oneDirectoryUnderTwoNamesIsOne() throws IOException {
        Files.createDirectories(data);
        Path link = Files.createSymbolicLink(temp.resolve("link"), data);
        try (DataDirectory directory = DataDirectory.open(data, link, SMALL)) {
            assertEquals(directory.path(), directory.logPath());
        }
    }

    @Test
    void twoServersDoNotShareALogDirectory() {
        try (DataDirectory first = open()) {
            DataDirectoryException refusal = assertThrows(DataDirectoryException.class,
                    () -> DataDirectory.open(temp.resolve("data2"), logs, SMALL).close());
            assertEquals(Kind.IN_USE, refusal.kind());
            assertTrue(refusal.getMessage().startsWith("dataLogDir " + logs), refusal.getMessage());
            assertTrue(Files.exists(first.logPath()));
        }
        open().close();
    }

    @Test
    void aLogThatLiesWithTheStateStaysThere() {
        DataDirectory.open(data, SMALL).close();
        assertTrue(refused(logs, Kind.UNUSABLE).getMessage().contains("remove dataLogDir"));
        DataDirectory.open(data, SMALL).close();
    }

    @Test
    void forgettingDataLogDirIsNoLossOfTheLog() {
        open().close();
        assertTrue(refused(data, Kind.UNUSABLE).getMessage().contains("set dataLogDir"));
        open().close();
    }

    @Test
    void aLogThatIsGoneIsDamage() throws IOException {
        open().close();
        Files.move(logs, temp.resolve("elsewhere"));
        refused(logs, Kind.DAMAGED);
        assertFalse(Files.exists(logs.resolve("lockstep-3")), "a new log was made in place of the lost one");
    }

    @Test
    void theLogOfAnotherServerIsLeftAlone() throws IOException {
        open().close();
        byte[] before = Files.readAllBytes(logs.resolve("lockstep-3/log.mdb"));
        data = temp.resolve("data2");
        refused(logs, Kind.FOREIGN_FORMAT);
        assertEquals(-1, Arrays.mismatch(before, Files.readAllBytes(logs.resolve("lockstep-3/log.mdb"))));
    }

    @Test
    void aCrashBetweenTheTwoDirectoriesIsMadeGood() throws IOException {
        String id;
        try (DataDirectory directory = open()) {
            id = directory.diskId();
        }
        Files.move(data.resolve("lockstep-3"), data.resolve("lockstep-3.new"));
        try (DataDirectory directory = open(); LmdbLog log = openLog(directory, FsyncPolicy.DURABLE)) {
            assertNotEquals(id, directory.diskId());
            log.secure(slots(1, 1, 2, 10));
        }
    }
}
