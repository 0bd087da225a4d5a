package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.log.Fixtures.SMALL;
import static org.lockstep.log.Fixtures.at;
import static org.lockstep.log.Fixtures.openDirectory;
import static org.lockstep.log.Fixtures.openLog;
import static org.lockstep.log.Fixtures.slot;
import static org.lockstep.log.Fixtures.slots;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.log.DataDirectoryException.Kind;

/** A file system of 6 MiB that fills up. Needs the right to mount one. */
class FullDiskTest {
    @TempDir
    Path temp;

    private Path small;

    static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), () -> String.join(" ", command) + ": " + output);
    }

    @BeforeEach
    void mount() throws Exception {
        small = Files.createDirectory(temp.resolve("small"));
        run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", small.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", small.toString());
    }

    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void theLogFailsWithAClearWordAndKeepsWhatItHad(FsyncPolicy policy) throws Exception {
        int secured = 0;
        try (DataDirectory directory = openDirectory(small); LmdbLog log = openLog(directory, policy)) {
            LogFailedException failure = null;
            while (failure == null) {
                List<Slot> slots = slots(1, secured, secured + 10, 2000);
                try {
                    log.secure(slots);
                    secured += 10;
                } catch (LogFailedException e) {
                    failure = e;
                }
            }
            assertTrue(failure.getMessage().contains("no space left") && failure.getMessage().contains(small.toString()),
                    failure.getMessage());
            assertThrows(LogFailedException.class, () -> log.secure(List.of(slot(at(9, 0), 1))));
        }
        assertTrue(secured >= 100, "secured " + secured);
        run("mount", "-o", "remount,size=12m", small.toString());
        List<Slot> found = new ArrayList<>();
        try (DataDirectory directory = openDirectory(small);
                LmdbLog log = openLog(directory, policy)) {
            log.replay(Position.START, found::add);
        }
        // Slots of the commit that failed may turn up whole: nobody was told what became of them.
        assertTrue(found.size() >= secured && found.size() <= secured + 10, "found " + found.size() + " of " + secured);
        LmdbLogTest.assertSame(slots(1, 0, found.size(), 2000), found);
    }

    @Test
    void aCheckpointFailsWithAClearWordAndLeavesTheOneBefore() {
        try (DataDirectory directory = openDirectory(small);
                LmdbState state = LmdbState.open(directory, SMALL, new MetricRegistry())) {
            state.write(new Fixtures.MapCheckpoint("m1").node("/a", Fixtures.node(1, null)));
            Fixtures.MapCheckpoint large = new Fixtures.MapCheckpoint("m2").node("/a", Fixtures.node(2, null));
            for (int i = 0; i < 10; i++) {
                large.node("/big" + i, Fixtures.node(i, new byte[1 << 20]));
            }
            LogFailedException failure = assertThrows(LogFailedException.class, () -> state.write(large));
            assertTrue(failure.getMessage().contains("no space left"), failure.getMessage());
            assertThrows(LogFailedException.class, () -> state.write(new Fixtures.MapCheckpoint("m3")));
        }
        try (DataDirectory directory = openDirectory(small);
                LmdbState state = LmdbState.open(directory, SMALL, new MetricRegistry())) {
            assertEquals("m1", new String(state.mark()));
            assertEquals(1, state.find("/a").version);
        }
    }

    @Test
    void aFullDiskCannotBeFormatted() throws IOException {
        byte[] mebibyte = new byte[1 << 20];
        for (int i = 0; Files.getFileStore(small).getUsableSpace() > 0 && i < 10; i++) {
            try {
                Files.write(small.resolve("fill" + i), mebibyte);
            } catch (IOException e) {
                assertTrue(e.getMessage().contains("space"), e.getMessage());
            }
        }
        DataDirectoryException refusal = assertThrows(DataDirectoryException.class, () -> openDirectory(small).close());
        assertEquals(Kind.DISK_FULL, refusal.kind(), refusal.getMessage());
        assertTrue(Files.notExists(small.resolve("lockstep-3")));
    }
}
