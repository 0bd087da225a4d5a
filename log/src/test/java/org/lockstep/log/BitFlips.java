package org.lockstep.log;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.ArrayList;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;

/**
 * Flips bits of a log's file, one at a time, and opens it each time. Run in a JVM of its own, since LMDB could take it down.
 * Arguments: dataDir, seed, flips. Prints how many were detected and how many changed nothing; exits with 1 when one led to
 * wrong slots or to an exception of another kind.
 */
final class BitFlips {
    private static final int META_BYTES = 152;
    /** Up to where the log was trimmed. */
    private static final Position FLOOR = Fixtures.at(1, 199);

    private BitFlips() {}

    public static void main(String[] args) throws Exception {
        Path dataDir = Path.of(args[0]);
        Random random = new Random(Long.parseLong(args[1]));
        int flips = Integer.parseInt(args[2]);
        Path file;
        List<Slot> expected = new ArrayList<>();
        byte[] record;
        try (DataDirectory directory = Fixtures.openDirectory(dataDir);
                LmdbLog log = Fixtures.openLog(directory, FsyncPolicy.DURABLE)) {
            file = directory.logFile();
            log.replay(FLOOR, expected::add);
            record = log.record("view");
        }
        MetaPages meta = MetaPages.read(file);
        byte[] sound = Files.readAllBytes(file);
        int used = (int) (meta.lastPage + 1) * meta.pageBytes;
        int detected = 0;
        for (int i = 0; i < flips; i++) {
            int offset = offset(random, i, used, meta.pageBytes);
            int bit = random.nextInt(8);
            byte[] flipped = sound.clone();
            flipped[offset] ^= (byte) (1 << bit);
            Files.write(file, flipped);
            if (isDetected(dataDir, expected, record, "byte " + offset + " bit " + bit)) {
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

    private static boolean isDetected(Path dataDir, List<Slot> expected, byte[] record, String what) {
        List<Slot> found = new ArrayList<>();
        try (DataDirectory directory = Fixtures.openDirectory(dataDir);
                LmdbLog log = Fixtures.openLog(directory, FsyncPolicy.DURABLE)) {
            log.replay(FLOOR, found::add);
            if (!Arrays.equals(record, log.record("view"))) {
                throw new IllegalStateException(what + ": wrong record");
            }
        } catch (DataDirectoryException | LogFailedException e) {
            if (!e.getMessage().contains("log.mdb")) {
                throw new IllegalStateException(what + ": the message names no file", e);
            }
            return true;
        }
        if (found.size() != expected.size()) {
            throw new IllegalStateException(what + ": " + found.size() + " slots of " + expected.size());
        }
        for (int i = 0; i < found.size(); i++) {
            if (!found.get(i).position().equals(expected.get(i).position())
                    || !Arrays.equals(found.get(i).payload(), expected.get(i).payload())) {
                throw new IllegalStateException(what + ": wrong slot at " + expected.get(i).position());
            }
        }
        return false;
    }
}
