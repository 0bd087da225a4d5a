package org.lockstep.compat.crash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.CursorIterable;
import org.lmdbjava.Dbi;
import org.lmdbjava.Env;
import org.lmdbjava.Txn;

/** The tool itself: the recorder records everything, and the images are what a disk may hold, no more and no less. */
class DiskImagesTest {
    private static final int FILE = 1;

    @TempDir Path scratch;
    private Path directory;
    private Path trace;
    private long clock;
    private long seq;

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createDirectory(scratch.resolve("data")).toRealPath();
        trace = scratch.resolve("trace");
    }

    @Test
    void aTraceOfLmdbRebuildsItsFileByteForByte() throws Exception {
        List<long[]> acks = runLmdb(100, new NativeShim.Options(directory).trace(trace));
        assertEquals(100, acks.size());
        DiskImages images = new DiskImages(IoEvent.readTrace(trace));
        assertEquals(List.of(), images.differences(directory));
        assertTrue(images.events().stream().filter(event -> event.type() == IoEvent.Type.FLUSH).count() >= 100);
        assertTrue(images.events().stream().anyMatch(event -> event.type() == IoEvent.Type.WRITE && event.has(IoEvent.DSYNC)),
                "LMDB writes its meta page with O_DSYNC");
    }

    @Test
    void everyImageOfLmdbHoldsAPrefixWithAllThatWasCommitted() throws Exception {
        List<long[]> acks = runLmdb(200, new NativeShim.Options(directory).trace(trace).delayFlush(300));
        DiskImages images = new DiskImages(IoEvent.readTrace(trace));
        Random random = new Random(1);
        List<Long> cuts = new ArrayList<>();
        long first = acks.get(0)[1]; // before its first commit LMDB leaves a file that is none, and says so
        for (int i = 0; i < 200; i++) {
            long[] ack = acks.get(random.nextInt(acks.size()));
            cuts.add(i % 2 == 0 ? ack[1] + 1 : first + (long) (random.nextDouble() * (images.end() - first)));
        }
        cuts.sort(null);
        for (int i = 0; i < cuts.size(); i++) {
            long cut = cuts.get(i);
            Loss.Kind kind = Loss.POWER.get(i % Loss.POWER.size());
            Path image = Files.createDirectory(scratch.resolve("image" + i));
            images.write(cut, new Loss(kind, i), image);
            long acked = acks.stream().filter(ack -> ack[1] < cut).count();
            long found = countNumbers(image.resolve("env"));
            assertTrue(found >= acked && found <= acked + 1, kind + ": " + acked + " committed, " + found + " found");
        }
    }

    @Test
    void unflushedWritesMayBeLostKeptAndTornAndFlushedOnesMayNot() throws Exception {
        List<IoEvent> events = List.of(created("f"), write(0, "A".repeat(1024), 0), flush(), write(0, "B".repeat(1024), 0));
        Set<String> seen = contentsAt(events, clock);
        assertTrue(seen.contains("A".repeat(1024)));
        assertTrue(seen.contains("B".repeat(1024)));
        assertTrue(seen.contains("A".repeat(512) + "B".repeat(512)));
        assertTrue(seen.contains("B".repeat(512) + "A".repeat(512)));
        assertEquals(4, seen.size());
    }

    @Test
    void aFlushInProgressProvesNothing() throws Exception {
        List<IoEvent> events = List.of(created("f"), flush(), write(0, "A", 0), flush());
        long flushEnd = events.get(3).end();
        assertEquals(Set.of("", "A", "\0"), contentsAt(events, flushEnd - 1));
        assertEquals(Set.of("A"), contentsAt(events, flushEnd));
    }

    @Test
    void aWriteThatBeganBeforeTheFlushAndEndedAfterItsBeginIsNotCovered() throws Exception {
        IoEvent create = created("f");
        IoEvent firstFlush = flush();
        IoEvent late = new IoEvent(IoEvent.Type.WRITE, 0, FILE, 0, ++seq, clock + 1, clock + 100, 0, 1, new byte[] {'A'}, null);
        IoEvent flush = new IoEvent(IoEvent.Type.FLUSH, 0, FILE, 0, ++seq, clock + 50, clock + 200, 0, 0, null, null);
        assertEquals(Set.of("", "A", "\0"), contentsAt(List.of(create, firstFlush, late, flush), clock + 1000));
    }

    @Test
    void aDsyncWriteIsDurableWhenItReturnsAndWinsOverAnEarlierUnflushedOne() throws Exception {
        List<IoEvent> events = List.of(created("f"), flush(), write(0, "AA", 0), write(0, "B", IoEvent.DSYNC));
        assertEquals(Set.of("B", "BA", "B\0"), contentsAt(events, clock));
        assertTrue(contentsAt(events, clock - 1).contains("AA"));
    }

    @Test
    void aRenameThatIsNotFlushedMayBeUndone() throws Exception {
        IoEvent rename = new IoEvent(IoEvent.Type.RENAME, 0, 0, 0, ++seq, 90, 91, 0, 0, null, "f\ng");
        List<IoEvent> events = new ArrayList<>(List.of(created("f"), write(0, "A", IoEvent.DSYNC), flush(), rename));
        Set<String> names = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            Path image = Files.createDirectory(scratch.resolve("names" + seed));
            new DiskImages(events).write(1000, new Loss(Loss.Kind.RANDOM, seed), image);
            names.addAll(List.of(image.toFile().list()));
        }
        assertEquals(Set.of("f", "g"), names);
    }

    @Test
    void aDirectoryIsMovedWithAllThatIsInIt() throws Exception {
        IoEvent create = created("new/f");
        IoEvent write = write(0, "A", 0);
        IoEvent flush = flush();
        IoEvent rename = new IoEvent(IoEvent.Type.RENAME, 0, 0, 0, ++seq, ++clock, ++clock, 0, 0, null, "new\nold");
        IoEvent open = new IoEvent(IoEvent.Type.OPEN, IoEvent.DIRECTORY, 2, 0, ++seq, ++clock, ++clock, 0, 0, null, "");
        IoEvent sync = new IoEvent(IoEvent.Type.FLUSH, 0, 2, 0, ++seq, ++clock, ++clock, 0, 0, null, null);
        List<IoEvent> events = List.of(create, write, flush, rename, open, sync);
        Path before = Files.createDirectory(scratch.resolve("before"));
        Path after = Files.createDirectory(scratch.resolve("after"));
        new DiskImages(events).write(sync.end() - 1, new Loss(Loss.Kind.DROP_ALL, 1), before);
        new DiskImages(events).write(sync.end(), new Loss(Loss.Kind.DROP_ALL, 1), after);
        assertEquals("A", Files.readString(before.resolve("new/f")));
        assertEquals("A", Files.readString(after.resolve("old/f")));
        assertFalse(Files.exists(after.resolve("new/f")));
    }

    private IoEvent created(String name) {
        return new IoEvent(IoEvent.Type.OPEN, IoEvent.CREATED, FILE, 0, ++seq, ++clock, ++clock, 0, 0, null, name);
    }

    private IoEvent write(long offset, String text, int flags) {
        byte[] data = text.getBytes(UTF_8);
        return new IoEvent(IoEvent.Type.WRITE, flags, FILE, 0, ++seq, ++clock, ++clock, offset, data.length, data, null);
    }

    private IoEvent flush() {
        return new IoEvent(IoEvent.Type.FLUSH, 0, FILE, 0, ++seq, ++clock, ++clock, 0, 0, null, null);
    }

    /** Every content that some loss at {@code cut} leaves in file {@code f}. */
    private Set<String> contentsAt(List<IoEvent> events, long cut) throws IOException {
        Set<String> seen = new HashSet<>();
        for (Loss.Kind kind : Loss.POWER) {
            for (long seed = 0; seed < 40; seed++) {
                Path image = Files.createTempDirectory(scratch, "image");
                new DiskImages(events).write(cut, new Loss(kind, seed), image);
                seen.add(Files.readString(image.resolve("f")));
            }
        }
        return seen;
    }

    private List<long[]> runLmdb(int commits, NativeShim.Options options) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens", "java.base/java.nio=ALL-UNNAMED", "--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED",
                "-cp", System.getProperty("java.class.path"), LmdbWriter.class.getName(),
                directory.resolve("env").toString(), Integer.toString(commits));
        builder.environment().putAll(options.environment());
        File errors = scratch.resolve("errors").toFile();
        Process process = builder.redirectError(errors).start();
        List<long[]> acks = new ArrayList<>();
        for (String line : new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList()) {
            acks.add(new long[] {Long.parseLong(line.split(" ")[0]), Long.parseLong(line.split(" ")[1])});
        }
        assertEquals(0, process.waitFor(), () -> read(errors));
        return acks;
    }

    private static String read(File file) {
        try {
            return Files.readString(file.toPath());
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Keys in the environment, which must be 0, 1, 2 ... without a gap. */
    private static long countNumbers(Path file) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        try (Env<ByteBuffer> env = LmdbWriter.open(file)) {
            if (env.getDbiNames().isEmpty()) {
                return 0;
            }
            Dbi<ByteBuffer> numbers = env.openDbi(LmdbWriter.DATABASE);
            long count = 0;
            try (Txn<ByteBuffer> txn = env.txnRead(); CursorIterable<ByteBuffer> all = numbers.iterate(txn)) {
                for (CursorIterable.KeyVal<ByteBuffer> entry : all) {
                    String expected = "value " + count + " ";
                    assertEquals("%06d".formatted(count), UTF_8.decode(entry.key()).toString());
                    assertTrue(UTF_8.decode(entry.val()).toString().startsWith(expected));
                    count++;
                }
            }
            assertFalse(env.isClosed());
            return count;
        }
    }
}
