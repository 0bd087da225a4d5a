package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.log.Fixtures.SMALL;
import static org.lockstep.log.Fixtures.node;
import static org.lockstep.log.Fixtures.openDirectory;
import static org.lockstep.log.Fixtures.utf8;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.log.Fixtures.MapCheckpoint;
import org.lockstep.state.Node;
import org.lockstep.state.StateBase.Table;

class LmdbStateTest {
    @TempDir
    Path dataDir;

    private static LmdbState open(DataDirectory directory) {
        return LmdbState.open(directory, SMALL, new MetricRegistry());
    }

    private static Set<String> children(LmdbState state, String path) {
        Set<String> names = new TreeSet<>();
        state.forEachChild(path, name -> assertTrue(names.add(name), "twice: " + name));
        return names;
    }

    @Test
    void holdsWhatACheckpointWroteAcrossReopening() {
        byte[] large = new byte[1 << 20];
        large[large.length - 1] = 9;
        try (DataDirectory directory = openDirectory(dataDir); LmdbState state = open(directory)) {
            assertNull(state.mark());
            assertNull(state.find("/"));
            state.write(new MapCheckpoint("m1").node("/", node(1, null)).node("/a", node(2, utf8("x")))
                    .node("/a/b", node(3, large)).node("/ab", node(4, new byte[0]))
                    .entry(Table.META, "k", utf8("v")).entry(Table.SESSIONS, "s", new byte[0]));
            assertEquals(1, state.find("/").version);
            assertNull(state.find("/").data);
            assertEquals(0, state.find("/ab").data.length);
            state.write(new MapCheckpoint("m2").node("/ab", null).node("/a", node(5, utf8("y"))).entry(Table.META, "k", null)
                    .entry(Table.META, "never", null).node("/never", null));
            assertNull(state.find("/ab"));
            assertEquals(5, state.find("/a").version);
        }
        try (DataDirectory directory = openDirectory(dataDir); LmdbState state = open(directory)) {
            assertArrayEquals(utf8("m2"), state.mark());
            assertArrayEquals(large, state.find("/a/b").data);
            assertEquals(Set.of("a"), children(state, "/"));
            assertEquals(Set.of("b"), children(state, "/a"));
            assertEquals(Set.of(), children(state, "/a/b"));
            TreeMap<String, Integer> found = new TreeMap<>();
            for (Table table : Table.values()) {
                state.forEach(table, (key, value) -> found.put(table + new String(key), value.length));
            }
            assertEquals("{SESSIONSs=0}", found.toString());
        }
    }

    @Test
    void keepsLongNamesApart() {
        String stem = "n".repeat(500);
        String umlauts = "\u00fc".repeat(247);
        List<String> names = List.of(stem + "a", stem + "b", "n".repeat(494), "n".repeat(495), "n".repeat(100_000), umlauts,
                umlauts + "\u00fc", umlauts + "\u00f6", "\u20ac".repeat(300), "a");
        try (DataDirectory directory = openDirectory(dataDir); LmdbState state = open(directory)) {
            MapCheckpoint checkpoint = new MapCheckpoint("m").node("/p", node(0, null));
            for (int i = 0; i < names.size(); i++) {
                checkpoint.node("/p/" + names.get(i), node(i, utf8("d" + i)));
            }
            state.write(checkpoint);
            for (int i = 0; i < names.size(); i++) {
                assertEquals(i, state.find("/p/" + names.get(i)).version);
            }
            assertNull(state.find("/p/" + stem + "c"));
            assertEquals(new TreeSet<>(names), children(state, "/p"));
            state.write(new MapCheckpoint("m").node("/p/" + stem + "b", null));
            assertNull(state.find("/p/" + stem + "b"));
            assertNotNull(state.find("/p/" + stem + "a"));
        }
    }

    @Test
    void listsALargeFamily() {
        int count = 100_000;
        try (DataDirectory directory = openDirectory(dataDir); LmdbState state = open(directory)) {
            MapCheckpoint checkpoint = new MapCheckpoint("m").node("/f/x", node(1, null)).node("/g", node(1, null));
            for (int i = 0; i < count; i++) {
                checkpoint.node("/f/" + i, node(i, null));
            }
            state.write(checkpoint);
            Set<String> names = children(state, "/f");
            assertEquals(count + 1, names.size());
            assertTrue(names.contains("0") && names.contains("99999") && names.contains("x"));
        }
    }

    @Test
    void growsItsMapUnderItsReaders() {
        StorageOptions tiny = new StorageOptions(256 << 10, 256 << 10, 256 << 10, 0);
        try (DataDirectory directory = DataDirectory.open(dataDir, tiny);
                LmdbState state = LmdbState.open(directory, tiny, new MetricRegistry())) {
            state.write(new MapCheckpoint("m0").node("/first", node(1, utf8("here"))));
            LmdbState.Snapshot snapshot = state.snapshot();
            assertNotNull(state.find("/first"));
            MapCheckpoint checkpoint = new MapCheckpoint("m1");
            for (int i = 0; i < 50; i++) {
                checkpoint.node("/big" + i, node(i, new byte[100_000]));
            }
            state.write(checkpoint);
            assertArrayEquals(utf8("here"), state.find("/first").data);
            for (int i = 0; i < 50; i++) {
                assertEquals(i, state.find("/big" + i).version);
            }
            assertThrows(IllegalStateException.class, () -> snapshot.find("/first"));
            snapshot.close();
        }
    }

    @Test
    void aSnapshotStaysWhileCheckpointsGoOn() {
        try (DataDirectory directory = openDirectory(dataDir); LmdbState state = open(directory)) {
            state.write(new MapCheckpoint("m1").node("/a", node(1, null)));
            try (LmdbState.Snapshot snapshot = state.snapshot()) {
                state.write(new MapCheckpoint("m2").node("/a", node(2, null)).node("/b", node(1, null)));
                assertArrayEquals(utf8("m1"), snapshot.mark());
                assertEquals(1, snapshot.find("/a").version);
                List<String> names = new ArrayList<>();
                snapshot.forEachChild("/", names::add);
                assertEquals(List.of("a"), names);
                Node now = state.find("/a");
                assertEquals(2, now.version);
            }
        }
    }

    /** The reader stays on its own thread while checkpoints come from another. */
    @Test
    void readsWhileCheckpointsAreWritten() throws Exception {
        int rounds = 60;
        AtomicInteger written = new AtomicInteger(-1);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        StorageOptions tiny = new StorageOptions(256 << 10, 256 << 10, 256 << 10, 0);
        try (DataDirectory directory = DataDirectory.open(dataDir, tiny);
                LmdbState state = LmdbState.open(directory, tiny, new MetricRegistry())) {
            Thread writer = new Thread(() -> {
                try {
                    for (int round = 0; round < rounds; round++) {
                        MapCheckpoint checkpoint = new MapCheckpoint("m" + round);
                        for (int i = 0; i < 100; i++) {
                            checkpoint.node("/n" + i, node(round, new byte[round * 10]));
                        }
                        state.write(checkpoint.node("/r" + round, node(round, new byte[50_000])));
                        written.set(round);
                    }
                } catch (Throwable e) {
                    failure.set(e);
                }
            });
            writer.start();
            while (writer.isAlive()) {
                int before = written.get();
                Node found = state.find("/n" + (before + 100) % 100);
                if (before >= 0) {
                    assertTrue(found.version >= before, "round " + found.version + " after " + before);
                    assertEquals(found.version * 10, found.data.length);
                    assertTrue(children(state, "/").size() >= 101 + before);
                }
            }
            assertNull(failure.get());
            assertEquals(rounds - 1, state.find("/n5").version);
        }
    }
}
