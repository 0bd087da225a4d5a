package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Dbi;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.log.DataDirectoryException.Kind;

/** Files that are damaged, cut, foreign or missing: one clear line, nothing changed, never a wrong slot, never a dead JVM. */
class DamageTest {
    @TempDir
    Path dataDir;

    /** A log with slots of many sizes, a trimmed front, free pages, and a record that spans pages. */
    private void fillLog() {
        Random random = new Random(11);
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = openLog(directory, FsyncPolicy.DURABLE)) {
            for (int i = 0; i < 400; i++) {
                log.secure(List.of(slot(at(1, i), random.nextInt(100) == 0 ? 30_000 : random.nextInt(3000))));
                log.deleteBelow(at(1, i - 200));
                if (i % 50 == 0) {
                    log.putRecord("view", new byte[9000 + i]);
                }
            }
        }
    }

    private Path file(String name) {
        return dataDir.resolve("lockstep-1").resolve(name);
    }

    private DataDirectoryException refusal() {
        return assertThrows(DataDirectoryException.class, () -> {
            try (DataDirectory directory = openDirectory(dataDir)) {
                LmdbLog.open(directory, FsyncPolicy.DURABLE, SMALL, new MetricRegistry()).close();
                LmdbState.open(directory, SMALL, new MetricRegistry()).close();
            }
        });
    }

    @Test
    void aFlippedBitIsDetectedOrHarmless() throws Exception {
        fillLog();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (argument.startsWith("--add-opens")) {
                command.add(argument);
            }
        }
        command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path"), BitFlips.class.getName(),
                dataDir.toString(), "5", "1500"));
        Path output = dataDir.resolve("output");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the flips hang");
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(output);
        assertEquals(0, process.exitValue(), text);
        String[] words = text.substring(text.lastIndexOf("detected")).split("\\s+");
        assertTrue(Integer.parseInt(words[1]) > 500, text);
    }
}
