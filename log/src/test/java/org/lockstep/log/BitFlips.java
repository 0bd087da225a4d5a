package org.lockstep.log;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.state.Node;
import org.lockstep.state.StateBase.Table;

/**
 * Flips bits of a file, one at a time, and reads everything in it each time. Run in a JVM of its own, since LMDB could take it
 * down. Arguments: dataDir, file (log.mdb or state.mdb), seed, flips. Prints how many were detected and how many changed nothing;
 * fails when one led to wrong content or to an exception of another kind.
 */
final class BitFlips {
    private static final int META_BYTES = 152;
    /** Up to where the log was trimmed. */
    private static final Position FLOOR = Fixtures.at(1, 199);

    private final Path dataDir;
    private final String name;

    private BitFlips(Path dataDir, String name) {
        this.dataDir = dataDir;
        this.name = name;
    }

    public static void main(String[] args) throws Exception {
        new BitFlips(Path.of(args[0]), args[1]).run(new Random(Long.parseLong(args[2])), Integer.parseInt(args[3]));
    }

    private void run(Random random, int flips) throws Exception {
        Map<String, String> expected = content();
        Path file = dataDir.resolve("lockstep-3").resolve(name);
        MetaPages meta = MetaPages.read(file);
        byte[] sound = Files.readAllBytes(file);
        int detected = 0;
        for (int i = 0; i < flips; i++) {
            int offset = offset(random, i, (int) meta.usedBytes(), meta.pageBytes);
            int bit = random.nextInt(8);
            byte[] flipped = sound.clone();
            flipped[offset] ^= (byte) (1 << bit);
            Files.write(file, flipped);
            if (isDetected(expected, "byte " + offset + " bit " + bit)) {
                detected++;
            }
            if (Files.size(file) < sound.length) {
                throw new IllegalStateException("the file was cut after a flip at byte " + offset);
            }
        }
        System.out.println("detected " + detected + " harmless " + (flips - detected));
    }

    /** Every byte of the two headers in turn, then page headers, then anything. */
    private static int offset(Random random, int i, int used, int pageBytes) {
        if (i < 2 * META_BYTES) {
            return i % META_BYTES + i / META_BYTES * pageBytes;
        }
        int page = random.nextInt(used / pageBytes) * pageBytes;
        return page + random.nextInt(i % 2 == 0 ? 64 : pageBytes);
    }

    private boolean isDetected(Map<String, String> expected, String what) {
        Map<String, String> found;
        try {
            found = content();
        } catch (DataDirectoryException | LogFailedException e) {
            if (!e.getMessage().contains(name)) {
                throw new IllegalStateException(what + ": the message names no file", e);
            }
            return true;
        }
        if (!found.equals(expected)) {
            throw new IllegalStateException(what + ": " + found + " for " + expected);
        }
        return false;
    }

    private Map<String, String> content() {
        try (DataDirectory directory = Fixtures.openDirectory(dataDir)) {
            return name.equals("log.mdb") ? log(directory) : state(directory);
        }
    }

    private static Map<String, String> log(DataDirectory directory) {
        Map<String, String> found = new TreeMap<>();
        try (LmdbLog log = Fixtures.openLog(directory, FsyncPolicy.DURABLE)) {
            log.replay(FLOOR, slot -> found.put(slot.position().toString(), digest(slot.payload())));
            found.put("last", log.last().toString());
            found.put("view", digest(log.record("view")));
        }
        return found;
    }

    private static Map<String, String> state(DataDirectory directory) {
        Map<String, String> found = new TreeMap<>();
        try (LmdbState state = LmdbState.open(directory, Fixtures.SMALL, new MetricRegistry())) {
            found.put("mark", digest(state.mark()));
            for (Table table : Table.values()) {
                state.forEach(table, (key, value) -> found.put(table + digest(key), digest(value)));
            }
            collect(state, "/", found);
        }
        return found;
    }

    private static void collect(LmdbState state, String path, Map<String, String> found) {
        Node node = state.find(path);
        found.put(path, node == null ? "none" : node.version + digest(node.data));
        state.forEachChild(path, child -> found.put(path + " > " + child, ""));
        for (String key : found.keySet().toArray(new String[0])) {
            if (key.startsWith(path + " > ")) {
                collect(state, (path.equals("/") ? "" : path) + "/" + key.substring(path.length() + 3), found);
            }
        }
    }

    private static String digest(byte[] bytes) {
        return bytes == null ? "null" : bytes.length + ":" + Arrays.hashCode(bytes);
    }
}
