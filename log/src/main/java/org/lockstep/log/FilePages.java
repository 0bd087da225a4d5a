package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The pages of an LMDB file, mapped for reading without LMDB. The file must have them all and must not shrink meanwhile. */
final class FilePages {
    private static final long SEGMENT_BYTES = 1L << 30;

    private final ByteBuffer[] segments;
    private final int pageBytes;

    FilePages(Path file, int pageBytes, long pages) throws IOException {
        this.pageBytes = pageBytes;
        long bytes = pages * pageBytes;
        segments = new ByteBuffer[(int) ((bytes + SEGMENT_BYTES - 1) / SEGMENT_BYTES)];
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (int i = 0; i < segments.length; i++) {
                long from = i * SEGMENT_BYTES;
                segments[i] = channel.map(FileChannel.MapMode.READ_ONLY, from, Math.min(SEGMENT_BYTES, bytes - from))
                        .order(ByteOrder.nativeOrder());
            }
        }
    }

    /** The segment that holds {@code page} whole; {@link #offset} says where. */
    ByteBuffer segment(long page) {
        return segments[(int) (page * pageBytes / SEGMENT_BYTES)];
    }

    int offset(long page) {
        return (int) (page * pageBytes % SEGMENT_BYTES);
    }

    /** Eight bytes at {@code bytes} behind the start of {@code page}; aligned, so never across two segments. */
    long longAt(long page, long bytes) {
        long at = page * pageBytes + bytes;
        return segments[(int) (at / SEGMENT_BYTES)].getLong((int) (at % SEGMENT_BYTES));
    }
}
