package org.lockstep.compat.crash;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * One call that changed a file below the traced directory, as iotrace.c recorded it.
 *
 * @param file number of the file (not of the name: names move); 0 when the event is not about one
 * @param error errno of a call that failed, else 0
 * @param seq the order in which the calls began
 * @param begin System.nanoTime() just before the call
 * @param end System.nanoTime() just after it
 * @param length bytes written, or the new size
 * @param data what was written; null when it was all zeros
 * @param path name relative to the directory; {@code from\nto} for renames; null for calls on open files
 */
record IoEvent(Type type, int flags, int file, int error, long seq, long begin, long end, long offset, long length,
        byte[] data, String path) {
    static final int CREATED = 1;
    static final int DIRECTORY = 2;
    static final int DSYNC = 4;
    static final int PUNCH = 16;
    static final int KEEP_SIZE = 32;
    static final int WRITABLE_MAP = 64;

    private static final int MAGIC = 0x544f494c;
    private static final int HEADER_BYTES = 64;
    private static final int FILES_MAX = 1 << 16;
    private static final long CALLS_MAX = 1L << 40;

    /** The calls, in the order of their numbers in iotrace.c. */
    enum Type { NONE, OPEN, WRITE, TRUNCATE, ALLOCATE, FLUSH, RENAME, UNLINK, MAP, CLOSE, START }

    /** The same event with another file number. */
    IoEvent withFile(int newFile) {
        return new IoEvent(type, flags, newFile, error, seq, begin, end, offset, length, data, path);
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    boolean failed() {
        return error != 0;
    }

    /** True when the event changes a file's bytes or size. */
    boolean changesContent() {
        return !failed() && (type == Type.WRITE || type == Type.TRUNCATE || type == Type.ALLOCATE);
    }

    /** True when the event changes a name. */
    boolean changesName() {
        return !failed() && (type == Type.RENAME || type == Type.UNLINK || type == Type.OPEN && has(CREATED) && !has(DIRECTORY));
    }

    /**
     * Reads a whole trace, in the order in which the calls began. When several processes wrote it, one after the other, each has
     * file numbers of its own. A record cut off at the end is left out.
     */
    static List<IoEvent> readTrace(Path trace) throws IOException {
        List<IoEvent> events = new ArrayList<>();
        int process = 0;
        try (FileChannel channel = FileChannel.open(trace, StandardOpenOption.READ)) {
            ByteBuffer in = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()).order(ByteOrder.LITTLE_ENDIAN);
            while (in.remaining() >= HEADER_BYTES) {
                process += in.getShort(in.position() + Integer.BYTES) == Type.START.ordinal() ? 1 : 0;
                IoEvent event = read(in, process);
                if (event == null) {
                    break;
                }
                events.add(event);
            }
        }
        events.sort(Comparator.comparingLong(IoEvent::seq));
        return events;
    }

    private static IoEvent read(ByteBuffer in, int process) throws IOException {
        if (in.getInt() != MAGIC) {
            throw new IOException("not a trace record at " + (in.position() - 4));
        }
        Type type = Type.values()[in.getShort()];
        int flags = in.getShort();
        int number = in.getInt();
        int file = number == 0 ? 0 : process * FILES_MAX + number;
        int error = in.getInt();
        long seq = in.getLong() + process * CALLS_MAX;
        long begin = in.getLong();
        long end = in.getLong();
        long offset = in.getLong();
        long length = in.getLong();
        byte[] payload = new byte[in.getInt()];
        in.getInt();
        if (in.remaining() < payload.length) {
            return null;
        }
        in.get(payload);
        boolean text = type == Type.OPEN || type == Type.RENAME || type == Type.UNLINK;
        byte[] data = type == Type.WRITE && payload.length > 0 ? payload : null;
        return new IoEvent(type, flags, file, error, seq, begin, end, offset, length, data,
                text ? new String(payload, StandardCharsets.UTF_8) : null);
    }
}
