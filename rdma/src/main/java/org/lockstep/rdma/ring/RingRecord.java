package org.lockstep.rdma.ring;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * A record in a ring: a part of a slot's payload, or a mark that says that the ring goes on at its beginning. Little-endian.
 *
 * <pre>
 *  0  CRC32C of all that follows, without the padding (4)
 *  4  length of the part, {@link #TURN} for the mark (4)
 *  8  view (8)    16  index of the slot (8)    24  the sender's data slot before it, -1 for none (8)
 * 32  length of the whole payload (4)          36  where in it the part begins (4)
 * 40  the part, padded to 8 bytes
 * </pre>
 * The mark has the index of the slot before it in both places.
 */
final class RingRecord {
    static final int HEADER_BYTES = 40;
    static final int TURN = -1;
    static final int LENGTH_AT = 4;
    static final int VIEW_AT = 8;
    static final int INDEX_AT = 16;
    static final int PREVIOUS_AT = 24;
    static final int TOTAL_AT = 32;
    static final int PART_AT = 36;
    private static final int ALIGNMENT = 8;

    private RingRecord() {}

    /** The bytes that a part of {@code length} bytes takes in the ring. */
    static int bytes(int length) {
        return HEADER_BYTES + length + ALIGNMENT - 1 & -ALIGNMENT;
    }

    /** The same bytes, read and written as records are; the position and limit are the view's own. */
    static ByteBuffer view(ByteBuffer memory) {
        int capacity = memory.capacity();
        if (Integer.bitCount(capacity) != 1 || capacity < ALIGNMENT * HEADER_BYTES) {
            throw new IllegalArgumentException("a ring has a power of two of bytes, at least 512, and not " + capacity);
        }
        return memory.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The longest part in a ring of {@code capacity} bytes: a quarter of it, so that a large slot moves through while the
     * reader takes out what came before.
     */
    static int partBytesMax(int capacity) {
        return capacity / 4 - HEADER_BYTES;
    }

    /** The checksum of {@code length} bytes at {@code from}. Leaves the buffer's limit at their end. */
    static int checksum(CRC32C crc, ByteBuffer buffer, int from, int length) {
        crc.reset();
        buffer.limit(from + length).position(from);
        crc.update(buffer);
        return (int) crc.getValue();
    }
}
