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
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.log.DataDirectoryException.Kind;
import org.lockstep.state.StateBase.Table;

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
            log.secure(List.of(slot(at(1, 400), 5000)));
            for (int i = 401; i < 406; i++) {
                log.secure(List.of(slot(at(1, i), 300)));
            }
        }
    }

    private Path file(String name) {
        return dataDir.resolve("lockstep-3").resolve(name);
    }

    private DataDirectoryException refusal() {
        return assertThrows(DataDirectoryException.class, () -> {
            try (DataDirectory directory = openDirectory(dataDir)) {
                LmdbLog.open(directory, FsyncPolicy.DURABLE, SMALL, new MetricRegistry()).close();
                LmdbState.open(directory, SMALL, new MetricRegistry()).close();
            }
        });
    }

    /** A state with nodes large and small, changed several times. */
    private void fillState() {
        Random random = new Random(12);
        try (DataDirectory directory = openDirectory(dataDir);
                LmdbState state = LmdbState.open(directory, SMALL, new MetricRegistry())) {
            for (int i = 0; i < 10; i++) {
                Fixtures.MapCheckpoint checkpoint = new Fixtures.MapCheckpoint("m" + i).node("/", Fixtures.node(i, null))
                        .node("/d", Fixtures.node(i, null)).entry(Table.SESSIONS, "s" + i, new byte[20])
                        .node("/" + "l".repeat(600) + i, Fixtures.node(i, new byte[3]));
                for (int j = 0; j < 40; j++) {
                    byte[] data = new byte[random.nextInt(40) == 0 ? 20_000 : random.nextInt(300)];
                    checkpoint.node("/d/" + random.nextInt(200), random.nextInt(4) == 0 ? null : Fixtures.node(i, data));
                }
                state.write(checkpoint);
            }
        }
    }

    @Test
    void aFlippedBitInTheLogIsDetectedOrHarmless() throws Exception {
        fillLog();
        flipBits("log.mdb", 800);
    }

    @Test
    void aFlippedBitInASmallStateIsDetectedOrHarmless() throws Exception {
        fillState();
        flipBits("state.mdb", 800);
    }

    private void flipBits(String name, int flips) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (argument.startsWith("--add-opens")) {
                command.add(argument);
            }
        }
        command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path"), BitFlips.class.getName(),
                dataDir.toString(), name, "5", String.valueOf(flips)));
        Path output = dataDir.resolve("output");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            assertTrue(process.waitFor(180, TimeUnit.SECONDS), "the flips hang");
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(output);
        assertEquals(0, process.exitValue(), text);
        String[] words = text.substring(text.lastIndexOf("detected")).split("\\s+");
        assertTrue(Integer.parseInt(words[1]) > flips / 4, text);
    }

    private void flip(Path file, long offset) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(offset);
            int value = bytes.read();
            bytes.seek(offset);
            bytes.write(value ^ 4);
        }
    }

    private static int find(byte[] in, byte[] what) {
        for (int i = 0; i + what.length <= in.length; i++) {
            if (java.util.Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
                return i;
            }
        }
        throw new AssertionError("not in the file");
    }

    @Test
    void aFlippedBitInASlotNamesFileAndPlace() throws IOException {
        Slot marked = slot(at(1, 7), 1000);
        try (DataDirectory directory = openDirectory(dataDir); LmdbLog log = openLog(directory, FsyncPolicy.DURABLE)) {
            log.secure(slots(1, 0, 7, 1000));
            log.secure(List.of(marked));
            log.fold(at(1, 7)); // from the tail into the tree
        }
        byte[] before = Files.readAllBytes(file("log.mdb"));
        flip(file("log.mdb"), find(before, marked.payload()) + 500);
        byte[] flipped = Files.readAllBytes(file("log.mdb"));
        LogDamagedException failure = assertThrows(LogDamagedException.class, () -> {
            try (DataDirectory directory = openDirectory(dataDir)) {
                openLog(directory, FsyncPolicy.DURABLE).close();
            }
        });
        assertTrue(failure.getMessage().contains("log.mdb") && failure.getMessage().contains("index=7"), failure.getMessage());
        assertFalse(failure.getMessage().contains("\n"));
        assertArrayEquals(flipped, Files.readAllBytes(file("log.mdb")));
    }

    /** A small state is checked when it is opened; in a large one a damaged node is found when it is read. */
    @Test
    void aFlippedBitInANodeIsFound() throws IOException {
        byte[] data = utf8("these bytes stand in the file just once");
        try (DataDirectory directory = openDirectory(dataDir);
                LmdbState state = LmdbState.open(directory, SMALL, new MetricRegistry())) {
            state.write(new Fixtures.MapCheckpoint("m").node("/a", Fixtures.node(1, data)).node("/b", Fixtures.node(2, null)));
        }
        long offset = find(Files.readAllBytes(file("state.mdb")), data) + 3;
        flip(file("state.mdb"), offset);
        DataDirectoryException refusal = refusal();
        assertEquals(Kind.DAMAGED, refusal.kind());
        assertTrue(refusal.getMessage().contains("state.mdb"), refusal.getMessage());
        flip(file("state.mdb"), offset);
        try (DataDirectory directory = openDirectory(dataDir);
                LmdbState state = LmdbState.open(directory, SMALL, new MetricRegistry())) {
            Fixtures.MapCheckpoint large = new Fixtures.MapCheckpoint("m").node("/a", Fixtures.node(3, data));
            for (int i = 0; i < 40; i++) {
                large.node("/large" + i, Fixtures.node(i, new byte[1 << 20]));
            }
            state.write(large);
            assertEquals(3, state.find("/a").version);
        }
        byte[] bytes = Files.readAllBytes(file("state.mdb"));
        for (int at = 0; at < bytes.length - data.length; at++) {
            if (java.util.Arrays.equals(bytes, at, at + data.length, data, 0, data.length)) {
                flip(file("state.mdb"), at + 3);
            }
        }
        try (DataDirectory directory = openDirectory(dataDir);
                LmdbState state = LmdbState.open(directory, SMALL, new MetricRegistry())) {
            assertEquals(2, state.find("/b").version);
            DataDirectoryException damage = assertThrows(DataDirectoryException.class, () -> state.find("/a"));
            assertEquals(Kind.DAMAGED, damage.kind());
        }
    }

    @Test
    void aCutFileIsRefused() throws IOException {
        fillLog();
        for (String name : List.of("log.mdb", "state.mdb")) {
            byte[] whole = Files.readAllBytes(file(name));
            MetaPages meta = MetaPages.read(file(name));
            int used = (int) meta.usedBytes();
            int insideRoot = (int) (meta.main.root() + 1) * 4096 - 1; // the very last page may be free, and missed by nobody
            for (int length : new int[] {insideRoot, used / 2, 8192, 4096, 100, 1, 0}) {
                byte[] cut = java.util.Arrays.copyOf(whole, length);
                Files.write(file(name), cut);
                DataDirectoryException refusal = refusal();
                boolean tiny = length > 0 && length < 152;
                assertEquals(tiny ? Kind.FOREIGN_FORMAT : Kind.DAMAGED, refusal.kind(), refusal.getMessage());
                assertTrue(refusal.getMessage().contains(name), refusal.getMessage());
                assertArrayEquals(cut, Files.readAllBytes(file(name)));
            }
            Files.delete(file(name));
            assertEquals(Kind.DAMAGED, refusal().kind());
            assertFalse(Files.exists(file(name)), "made afresh");
            Files.write(file(name), whole);
        }
    }

    @Test
    void aForeignFileIsRefused() throws IOException {
        openDirectory(dataDir).close();
        byte[] sqlite = new byte[8192];
        System.arraycopy(utf8("SQLite format 3\0"), 0, sqlite, 0, 16);
        byte[] random = new byte[20_000];
        new Random(3).nextBytes(random);
        for (String name : List.of("log.mdb", "state.mdb")) {
            byte[] sound = Files.readAllBytes(file(name));
            for (byte[] foreign : List.of(sqlite, random, utf8("hello"))) {
                Files.write(file(name), foreign);
                assertEquals(Kind.FOREIGN_FORMAT, refusal().kind());
                assertArrayEquals(foreign, Files.readAllBytes(file(name)));
            }
            Files.write(file(name), sound);
        }
    }

    @Test
    void anEnvironmentOfAnotherProgramIsRefused() throws IOException {
        openDirectory(dataDir).close();
        Files.delete(file("log.mdb"));
        try (Env<ByteBuffer> env = Env.create().setMapSize(1 << 20).setMaxDbs(2)
                .open(file("log.mdb").toFile(), EnvFlags.MDB_NOSUBDIR)) {
            Dbi<ByteBuffer> main = env.openDbi((byte[]) null);
            try (Txn<ByteBuffer> txn = env.txnWrite()) {
                ByteBuffer word = ByteBuffer.allocateDirect(4).put(utf8("word")).flip();
                main.put(txn, word, word);
                txn.commit();
            }
        }
        assertEquals(Kind.DAMAGED, refusal().kind());
    }

    @Test
    void filesOfAnotherDirectoryAreRefused() throws IOException {
        Path other = dataDir.resolve("other");
        openDirectory(dataDir).close();
        openDirectory(other).close();
        for (String name : List.of("log.mdb", "state.mdb")) {
            byte[] sound = Files.readAllBytes(file(name));
            Files.copy(other.resolve("lockstep-3").resolve(name), file(name),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            assertEquals(Kind.FOREIGN_FORMAT, refusal().kind());
            Files.write(file(name), sound);
        }
    }

    /** A tail torn by a power loss is not even looked at; one that only its process left is. */
    @Test
    void aTornTailNeverStopsTheStart() throws IOException {
        List<Slot> flushed = slots(1, 0, 10, 500);
        List<Slot> all = slots(1, 0, 20, 500);
        for (byte[] torn : List.of(new byte[0], new byte[100_000], utf8("garbage"))) {
            Path dir = dataDir.resolve("d" + torn.length);
            try (DataDirectory directory = DataDirectory.open(dir, SMALL, "boot-a");
                    LmdbLog log = openLog(directory, FsyncPolicy.NO_SYNC)) {
                log.secure(all);
                log.fold(at(1, 9));
            }
            Files.write(dir.resolve("lockstep-3").resolve("tail.0"), torn);
            try (DataDirectory directory = DataDirectory.open(dir, SMALL, "boot-b");
                    LmdbLog log = openLog(directory, FsyncPolicy.NO_SYNC)) {
                List<Slot> found = new ArrayList<>();
                log.replay(Position.START, found::add);
                LmdbLogTest.assertSame(flushed, found);
                log.secure(List.of(slot(at(2, 0), 10)));
            }
        }
    }

    @Test
    void aMissingOrTornBootFileMeansAnUntrustedTail() throws IOException {
        for (String torn : List.of("", "boot", "none")) {
            Path dir = dataDir.resolve("d-" + torn);
            try (DataDirectory directory = DataDirectory.open(dir, SMALL, "boot-a");
                    LmdbLog log = openLog(directory, FsyncPolicy.NO_SYNC)) {
                log.secure(slots(1, 0, 10, 500));
            }
            Path boot = dir.resolve("lockstep-3").resolve("tail.boot");
            if (torn.equals("none")) {
                Files.delete(boot);
            } else {
                Files.writeString(boot, torn);
            }
            try (DataDirectory directory = DataDirectory.open(dir, SMALL, "boot-a");
                    LmdbLog log = openLog(directory, FsyncPolicy.NO_SYNC)) {
                assertEquals(Position.START, log.last());
                assertTrue(log.tailDiscarded());
            }
            try (DataDirectory directory = DataDirectory.open(dir, SMALL, "boot-a");
                    LmdbLog log = openLog(directory, FsyncPolicy.NO_SYNC)) {
                assertEquals(Position.START, log.last(), "what was not believed once never is");
                assertFalse(log.tailDiscarded());
            }
        }
    }
}
