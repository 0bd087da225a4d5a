package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32C;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/**
 * One of the two files of the {@link Tail}: records one behind the other, each of them slots that were secured together. Written
 * over from the front when all of it is in the main log, so what stands behind the last record is zeros or older records.
 *
 * <p>A record: CRC32C over what follows it (4), length of the whole (4, a multiple of 8), mark (4: flushed before it counted, or
 * not), how many slots (4), the disk's id in short (8); then of each slot view (8), index (8), rank (4), length of its payload
 * (4), index of the same sender's slot before it or -1 (8), payload; then zeros. The disk's id is random, so no payload can look
 * like a record. One thread at a time.
 */
final class TailFile implements AutoCloseable {
    static final int HEADER_BYTES = 24;
    private static final int SLOT_BYTES = 32;
    private static final int FLUSHED_MARK = 0x4c54_4631;
    private static final int WRITTEN_MARK = 0x4c54_5731;
    private static final int STEP_BYTES = 8;
    private static final int BUFFER_BYTES = 1 << 14;

    /** Receives what a file holds; returns false for a slot that is of no use any more. */
    interface Visitor {
        boolean slot(Slot slot, long prevIndex, boolean flushed);
    }

    private final Path file;
    private final long diskMark;
    private final boolean flushes;
    private final FileChannel channel;
    private final CRC32C crc = new CRC32C();
    private ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private long endBytes;
    private Position highest = Position.START;

    /** @param flushes whether records to come say that they were flushed, which {@link #flush} must then do */
    TailFile(Path file, long diskMark, boolean flushes) throws IOException {
        this.file = file;
        this.diskMark = diskMark;
        this.flushes = flushes;
        this.channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    Path file() {
        return file;
    }

    /** Where the next record goes. */
    long endBytes() {
        return endBytes;
    }

    /** The last place, in the order, of the slots in the records up to {@link #endBytes}. */
    Position highest() {
        return highest;
    }

    /** What a record of {@code slots} takes when it is padded to a multiple of {@code padBytes}. */
    static int recordBytes(List<Slot> slots, int padBytes) {
        int bytes = HEADER_BYTES;
        for (int i = 0; i < slots.size(); i++) {
            bytes += SLOT_BYTES + slots.get(i).payload().length;
        }
        return (bytes + padBytes - 1) / padBytes * padBytes;
    }

    /**
     * Writes one record behind the others, into the page cache.
     *
     * @param padBytes the record is padded to a multiple of it: a multiple of 8
     */
    void append(List<Slot> slots, long[] prevIndexes, int padBytes) throws IOException {
        int length = recordBytes(slots, padBytes);
        ByteBuffer out = cleared(length);
        int mark = flushes ? FLUSHED_MARK : WRITTEN_MARK;
        out.putInt(0).putInt(length).putInt(mark).putInt(slots.size()).putLong(diskMark);
        for (int i = 0; i < prevIndexes.length; i++) {
            Position position = slots.get(i).position();
            byte[] payload = slots.get(i).payload();
            out.putLong(position.viewId()).putLong(position.index()).putInt(position.rank());
            out.putInt(payload.length).putLong(prevIndexes[i]).put(payload);
            highest = position.compareTo(highest) > 0 ? position : highest;
        }
        while (out.position() < length) {
            out.put((byte) 0);
        }
        out.flip();
        out.putInt(0, checksum(out, 0, length));
        while (out.hasRemaining()) {
            channel.write(out, endBytes + out.position());
        }
        endBytes += length;
    }

    private ByteBuffer cleared(int bytes) {
        if (buffer.capacity() < bytes) {
            buffer = ByteBuffer.allocateDirect(Integer.highestOneBit(bytes) << 1);
        }
        return buffer.clear();
    }

    private int checksum(ByteBuffer in, int from, int length) {
        crc.reset();
        crc.update(in.duplicate().limit(from + length).position(from + Integer.BYTES));
        return (int) crc.getValue();
    }

    /** Puts on the medium what the file holds; also what a process that was killed has written and not flushed. */
    void flush() throws IOException {
        channel.force(false);
    }

    /** Begins again at the front; what the file holds is not needed any more. */
    void rewind() {
        endBytes = 0;
        highest = Position.START;
    }

    /** Takes away everything, on the medium as well. */
    void erase() throws IOException {
        channel.truncate(0);
        channel.force(true);
    }

    /** As {@link #rewind()}, and gives back what the file has behind {@code bytesMax}. */
    void rewind(long bytesMax) throws IOException {
        if (endBytes > bytesMax) {
            channel.truncate(bytesMax);
        }
        rewind();
    }

    /**
     * Hands every slot of every record to {@code visitor}; the next record goes behind the first ones, where they stop being
     * records. Slots that the visitor takes behind that place mean that a record before them was damaged.
     *
     * @return whether they did
     */
    boolean read(Visitor visitor) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(Math.toIntExact(channel.size()));
        while (in.hasRemaining() && channel.read(in, in.position()) > 0) {
            continue;
        }
        in.flip();
        rewind();
        boolean gap = false;
        boolean takenBehindGap = false;
        int at = 0;
        while (at + HEADER_BYTES <= in.limit()) {
            int length = recordAt(in, at);
            if (length == 0) {
                gap = true;
                at += STEP_BYTES;
                continue;
            }
            boolean taken = readRecord(in, at, visitor);
            takenBehindGap |= gap && taken;
            at += length;
            endBytes = gap ? endBytes : at;
        }
        return takenBehindGap;
    }

    /** The length of the record that stands there, 0 for none. */
    private int recordAt(ByteBuffer in, int at) {
        int length = in.getInt(at + 4);
        int mark = in.getInt(at + 8);
        boolean possible = (mark == FLUSHED_MARK || mark == WRITTEN_MARK) && in.getLong(at + 16) == diskMark && length >= HEADER_BYTES
                && length % STEP_BYTES == 0 && length <= in.limit() - at;
        return possible && in.getInt(at) == checksum(in, at, length) ? length : 0;
    }

    private boolean readRecord(ByteBuffer in, int at, Visitor visitor) {
        boolean flushed = in.getInt(at + 8) == FLUSHED_MARK;
        boolean taken = false;
        int next = at + HEADER_BYTES;
        for (int i = in.getInt(at + 12); i > 0; i--) {
            Position position = new Position(in.getLong(next), in.getLong(next + 8), in.getInt(next + 16));
            byte[] payload = new byte[in.getInt(next + 20)];
            long prevIndex = in.getLong(next + 24);
            in.get(next + SLOT_BYTES, payload);
            next += SLOT_BYTES + payload.length;
            if (visitor.slot(new Slot(position, payload), prevIndex, flushed)) {
                taken = true;
                highest = position.compareTo(highest) > 0 ? position : highest;
            }
        }
        return taken;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
