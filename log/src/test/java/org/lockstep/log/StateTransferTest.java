package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.log.Fixtures.SMALL;
import static org.lockstep.log.Fixtures.utf8;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.state.StateBase.Table;

/** A state goes from one data directory to another: whole, or not at all. */
class StateTransferTest {
    private static final int NODES = 50_000;
    private static final int CHUNK_BYTES = 64 << 10;
    private static final long NO_BOUND = Long.MAX_VALUE;

    @TempDir
    Path scratch;

    private DataDirectory source;
    private LmdbState state;
    private DataDirectory target;

    @BeforeEach
    void open() {
        source = DataDirectory.open(scratch.resolve("source"), SMALL);
        state = LmdbState.open(source, SMALL, new MetricRegistry());
        target = DataDirectory.open(scratch.resolve("target"), SMALL);
    }

    @AfterEach
    void close() {
        state.close();
        source.close();
        target.close();
    }

    private void fill(int nodes) {
        Random random = new Random(3);
        Fixtures.MapCheckpoint checkpoint = new Fixtures.MapCheckpoint("first").node("/", Fixtures.node(1, null));
        for (int i = 0; i < nodes; i++) {
            byte[] data = new byte[random.nextInt(1000) == 0 ? 200_000 : random.nextInt(200)];
            checkpoint.node("/d" + i % 7 + (i % 500 == 0 ? "/" + "x".repeat(700) + i : "/n" + i), Fixtures.node(i, data));
        }
        for (Table table : Table.values()) {
            if (table != Table.QUOTAS) {
                checkpoint.entry(table, "key of " + table, utf8("value of " + table)).entry(table, "k", new byte[0]);
            }
        }
        state.write(checkpoint);
    }

    private static Map<String, String> contents(LmdbState of) {
        Map<String, String> all = new TreeMap<>();
        for (int d = 0; d < 7; d++) {
            String parent = "/d" + d;
            of.forEachChild(parent, name -> all.put(parent + "/" + name, ""));
        }
        all.replaceAll((path, nothing) -> of.find(path).version + " " + java.util.Arrays.hashCode(of.find(path).data));
        for (Table table : Table.values()) {
            of.forEach(table, (key, value) -> all.put(table + new String(key), new String(value)));
        }
        return all;
    }

    private List<byte[]> chunks() {
        List<byte[]> all = new ArrayList<>();
        try (StateExport export = state.export(CHUNK_BYTES, NO_BOUND)) {
            all.add(export.header());
            for (byte[] chunk = export.next(); chunk != null; chunk = export.next()) {
                all.add(chunk);
            }
        }
        return all;
    }

    private void assertArrived(Map<String, String> expected, String mark) {
        try (LmdbState arrived = LmdbState.open(target, SMALL, new MetricRegistry())) {
            assertArrayEquals(utf8(mark), arrived.mark());
            assertEquals(expected, contents(arrived));
            arrived.write(new Fixtures.MapCheckpoint("next").node("/d1/new", Fixtures.node(4, null)));
        }
        try (LmdbState again = LmdbState.open(target, SMALL, new MetricRegistry())) {
            assertArrayEquals(utf8("next"), again.mark());
            assertEquals(expected.size() + 1, contents(again).size());
        }
    }

    @Test
    void aStateOfManyNodesArrivesThoughTheReceiverIsKilledAgainAndAgain() throws Exception {
        fill(NODES);
        Map<String, String> expected = contents(state);
        List<byte[]> chunks = chunks();
        assertTrue(chunks.size() > 200, "only " + chunks.size() + " chunks");
        Path files = Files.createDirectory(scratch.resolve("chunks"));
        for (int i = 0; i < chunks.size(); i++) {
            Files.write(files.resolve(String.valueOf(i)), chunks.get(i));
        }
        target.close();
        for (int taken : new int[] {0, chunks.size() * 2 / 3, 20, chunks.size() / 6}) {
            importAndDie(files, taken);
        }
        target = DataDirectory.open(scratch.resolve("target"), SMALL);
        try (StateImport rest = StateImport.open(target, SMALL, chunks.get(0));
                StateExport export = state.export(CHUNK_BYTES, NO_BOUND)) {
            int first = (int) StateExport.ResumePoint.decode(rest.resumePoint()).number();
            assertTrue(first > 50 && first < chunks.size() - 1, "goes on at " + first + " of " + chunks.size());
            export.resume(rest.resumePoint());
            for (int i = first; i < chunks.size(); i++) {
                byte[] chunk = export.next();
                assertArrayEquals(chunks.get(i), chunk, "chunk " + i);
                assertFalse(rest.isWhole());
                rest.write(chunk);
            }
            assertNull(export.next());
            assertTrue(rest.isWhole());
        }
        // Whole and not in its place yet: as if killed between the two.
        assertNull(markOfTarget());
        try (StateImport whole = StateImport.whole(target, SMALL)) {
            assertTrue(whole.isWhole());
            assertArrayEquals(utf8("first"), whole.mark());
            whole.activate();
        }
        assertArrived(expected, "first");
    }

    private byte[] markOfTarget() {
        try (LmdbState old = LmdbState.open(target, SMALL, new MetricRegistry())) {
            return old.mark();
        }
    }

    private void importAndDie(Path chunks, int taken) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(each -> each.startsWith("--add-opens"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), HaltedImport.class.getName(),
                scratch.resolve("target").toString(), chunks.toString(), String.valueOf(taken)));
        Path output = scratch.resolve("output");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the import hangs");
        } finally {
            process.destroyForcibly();
        }
        assertEquals(HaltedImport.EXIT_CODE, process.exitValue(), Files.readString(output));
    }

    @Test
    void anExportStaysWhatItWasWhileTheStateGoesOn() {
        fill(2000);
        Map<String, String> expected = contents(state);
        try (StateExport export = state.export(CHUNK_BYTES, NO_BOUND);
                StateImport into = StateImport.open(target, SMALL, export.header())) {
            int count = 0;
            for (byte[] chunk = export.next(); chunk != null; chunk = export.next()) {
                into.write(chunk);
                state.write(new Fixtures.MapCheckpoint("later" + count).node("/d1/n" + (1 + 7 * count), Fixtures.node(77, null))
                        .node("/d2/other" + count++, Fixtures.node(5, new byte[9])));
            }
            assertArrayEquals(utf8("first"), export.mark());
            into.activate();
        }
        assertArrived(expected, "first");
    }

    @Test
    void anotherStateIsBegunAnew() {
        fill(2000);
        List<byte[]> old = chunks();
        assertNull(StateImport.whole(target, SMALL));
        try (StateImport into = StateImport.open(target, SMALL, old.get(0))) {
            into.write(old.get(1));
        }
        assertNull(StateImport.whole(target, SMALL), "it is not whole");
        state.write(new Fixtures.MapCheckpoint("second").node("/d1/n1", Fixtures.node(99, null)));
        List<byte[]> chunks = chunks();
        try (StateImport into = StateImport.open(target, SMALL, chunks.get(0))) {
            assertEquals(1, StateExport.ResumePoint.decode(into.resumePoint()).number());
            assertThrows(StateTransferException.class, () -> into.write(chunks.get(2)));
            for (byte[] chunk : chunks.subList(1, chunks.size())) {
                into.write(chunk);
            }
            into.activate();
        }
        assertArrived(contents(state), "second");
    }

    @Test
    void whatIsDamagedOrMissingIsNotTaken() {
        fill(1000);
        List<byte[]> chunks = chunks();
        try (StateImport into = StateImport.open(target, SMALL, chunks.get(0))) {
            Random random = new Random(9);
            for (int i = 0; i < 200; i++) {
                byte[] flipped = chunks.get(1).clone();
                flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
                assertThrows(StateTransferException.class, () -> into.write(flipped));
            }
            assertThrows(StateTransferException.class, () -> into.write(new byte[0]));
            into.write(chunks.get(1));
            assertThrows(StateTransferException.class, () -> into.write(chunks.get(1)));
            assertThrows(StateTransferException.class, () -> into.write(chunks.get(chunks.size() - 1)));
            assertFalse(into.isWhole());
            assertThrows(IllegalStateException.class, into::activate);
            byte[] header = chunks.get(0).clone();
            header[12]++;
            assertThrows(StateTransferException.class, () -> StateImport.open(target, SMALL, header));
        }
        assertNull(markOfTarget());
    }

    @Test
    void aDamagedImportFileIsBegunAnew() throws IOException {
        fill(1000);
        List<byte[]> chunks = chunks();
        Files.write(target.path().resolve("state.mdb.import"), new byte[10_000]);
        try (StateImport into = StateImport.open(target, SMALL, chunks.get(0))) {
            assertEquals(1, StateExport.ResumePoint.decode(into.resumePoint()).number());
        }
        StateImport.discard(target);
        assertFalse(Files.exists(target.path().resolve("state.mdb.import")));
    }

    @Test
    void anOpenStateIsNotReplaced() {
        fill(100);
        List<byte[]> chunks = chunks();
        try (StateImport into = StateImport.open(target, SMALL, chunks.get(0));
                LmdbState old = LmdbState.open(target, SMALL, new MetricRegistry())) {
            chunks.subList(1, chunks.size()).forEach(into::write);
            assertThrows(IllegalStateException.class, into::activate);
            assertNull(old.mark());
        }
    }

    @Test
    void anExportThatKeepsTooManyPagesIsEnded() {
        assertNull(state.export(CHUNK_BYTES, NO_BOUND), "there is nothing before the first checkpoint");
        fill(5000);
        try (StateExport bounded = state.export(CHUNK_BYTES, 1 << 20); StateExport free = state.export(CHUNK_BYTES, NO_BOUND)) {
            assertNotNull(bounded.next());
            for (int i = 0; i < 20; i++) {
                Fixtures.MapCheckpoint checkpoint = new Fixtures.MapCheckpoint("m" + i);
                for (int j = 0; j < 300; j++) {
                    checkpoint.node("/d" + j % 7 + "/n" + j, Fixtures.node(i, new byte[300]));
                }
                state.write(checkpoint);
            }
            assertThrows(StateTransferException.class, bounded::next);
            assertNotNull(free.next());
        }
    }
}
