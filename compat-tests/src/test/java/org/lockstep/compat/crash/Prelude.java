package org.lockstep.compat.crash;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Puts the files that were there when a trace began in front of it, as if they had been written and flushed just before. */
final class Prelude {
    private static final int BLOCK = 1 << 16;
    private static final int JUST_BEFORE_NANOS = 1000;

    private final List<IoEvent> events = new ArrayList<>();
    private final long time;

    private Prelude(long time) {
        this.time = time;
    }

    /** @param directory a copy of what the traced directory held at first */
    static List<IoEvent> of(Path directory, List<IoEvent> trace) throws IOException {
        Prelude prelude = new Prelude(trace.get(0).begin() - JUST_BEFORE_NANOS);
        List<Path> files;
        try (var walk = Files.walk(directory)) {
            files = walk.filter(Files::isRegularFile).sorted().toList();
        }
        for (int i = 0; i < files.size(); i++) {
            prelude.add(i + 1, directory.relativize(files.get(i)).toString(), files.get(i));
        }
        prelude.events.addAll(trace);
        return prelude.events;
    }

    /** Numbers from 1 on are free: the first process of a trace has its own behind those. */
    private void add(int number, String name, Path path) throws IOException {
        event(IoEvent.Type.OPEN, IoEvent.CREATED, number, 0, 0, null, name);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            byte[] block = new byte[BLOCK];
            for (long at = 0; at < file.length(); at += BLOCK) {
                int length = (int) Math.min(BLOCK, file.length() - at);
                file.readFully(block, 0, length);
                if (!isZero(block, length)) {
                    event(IoEvent.Type.WRITE, 0, number, at, length, Arrays.copyOf(block, length), null);
                }
            }
            event(IoEvent.Type.TRUNCATE, 0, number, 0, file.length(), null, null);
        }
        event(IoEvent.Type.FLUSH, 0, number, 0, 0, null, null);
    }

    private void event(IoEvent.Type type, int flags, int file, long offset, long length, byte[] data, String path) {
        events.add(new IoEvent(type, flags, file, 0, events.size(), time, time, offset, length, data, path));
    }

    private static boolean isZero(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
