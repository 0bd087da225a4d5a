package org.lockstep.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32C;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/**
 * Cuts a slot into values that LMDB keeps inside its leaf pages, two to a page of 4 KiB: a value that spans pages needs
 * neighbouring free ones, which a log that deletes as it appends soon runs short of.
 *
 * <p>The first value leads with a header: format (1), {@link SlotKind} (1), unused (2), payload length (4), index of the same
 * sender's slot before this one in the view or -1 (8), CRC32C over key, header and payload (4). One writer thread per instance.
 */
final class SlotCodec {
    static final byte FORMAT = 1;
    static final int HEADER_BYTES = 20;
    /** The largest value of which two fit a leaf page: (4096 - 16) / 2, less pointer (2), node header (8), key (16). */
    static final int VALUE_BYTES = 2014;
    private static final int NODE_HEADER_BYTES = 8;
    private static final int POINTER_BYTES = 2;
    private static final int CHECKED_HEADER_BYTES = 16;
    private static final int KIND_SHIFT = 16;
    private static final SlotKind[] KINDS = SlotKind.values();
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final ByteBuffer key = ByteBuffer.allocateDirect(SlotKey.BYTES);
    private final ByteBuffer value = ByteBuffer.allocateDirect(VALUE_BYTES);
    private final byte[] checked = new byte[SlotKey.BYTES + CHECKED_HEADER_BYTES];
    private final CRC32C crc = new CRC32C();

    /** Receives the chunks; the buffers are the codec's and change with the next chunk. */
    interface Out {
        void put(ByteBuffer key, ByteBuffer value);
    }

    /** Hands every chunk of {@code slot} to {@code out}, in order. */
    void encode(Slot slot, SlotKind kind, long prevIndex, Out out) {
        byte[] payload = slot.payload();
        long high = SlotKey.high(slot.position());
        long low = SlotKey.low(slot.position());
        int first = FORMAT << 24 | kind.ordinal() << KIND_SHIFT;
        int crcValue = checksum(high, low, first, prevIndex, payload);
        value.clear();
        value.putInt(first).putInt(payload.length).putLong(prevIndex).putInt(crcValue);
        int offset = 0;
        int chunk = 0;
        do {
            int length = Math.min(value.remaining(), payload.length - offset);
            value.put(payload, offset, length).flip();
            key.putLong(0, high).putLong(8, low | chunk);
            out.put(key, value);
            value.clear();
            offset += length;
            chunk++;
        } while (offset < payload.length);
    }

    /** What a header says of its slot. */
    record Header(SlotKind kind, int length, long prevIndex, int crc) {}

    /** The header that {@code head} leads with, or null when it is none. Absolute reads only. */
    static Header header(ByteBuffer head) {
        if (head.remaining() < HEADER_BYTES) {
            return null;
        }
        int first = head.getInt(head.position());
        int kind = first >> KIND_SHIFT & 0xff;
        int length = head.getInt(head.position() + 4);
        if (first != (FORMAT << 24 | kind << KIND_SHIFT) || kind >= KINDS.length || length < 0) {
            return null;
        }
        return new Header(KINDS[kind], length, head.getLong(head.position() + 8),
                head.getInt(head.position() + 16));
    }

    /** The payload of the slot at {@code position} from its chunks, in order; null when they are not it. */
    byte[] join(Position position, Header header, List<byte[]> chunks) {
        if (chunks(header.length()) != chunks.size()) {
            return null;
        }
        byte[] payload = new byte[header.length()];
        int filled = 0;
        for (int i = 0; i < chunks.size(); i++) {
            int skip = i == 0 ? HEADER_BYTES : 0;
            int bytes = chunks.get(i).length - skip;
            if (bytes > payload.length - filled) {
                return null;
            }
            System.arraycopy(chunks.get(i), skip, payload, filled, bytes);
            filled += bytes;
        }
        boolean right = filled == payload.length
                && isRight(SlotKey.high(position), SlotKey.low(position), header, payload);
        return right ? payload : null;
    }

    /** Whether the checksum of a slot is right. */
    boolean isRight(long high, long low, Header header, byte[] payload) {
        int first = FORMAT << 24 | header.kind().ordinal() << KIND_SHIFT;
        return header.crc() == checksum(high, low, first, header.prevIndex(), payload);
    }

    /** CRC32C over the key of the first chunk, its header up to the checksum, and the payload. */
    private int checksum(long high, long low, int first, long prevIndex, byte[] payload) {
        LONG.set(checked, 0, high);
        LONG.set(checked, 8, low);
        LONG.set(checked, 16, (long) first << 32 | payload.length);
        LONG.set(checked, 24, prevIndex);
        crc.reset();
        crc.update(checked, 0, checked.length);
        crc.update(payload, 0, payload.length);
        return (int) crc.getValue();
    }

    /** What a row with so long a value takes of its page. */
    static int rowBytes(int valueBytes) {
        int node = NODE_HEADER_BYTES + SlotKey.BYTES + valueBytes;
        return POINTER_BYTES + node + (node & 1);
    }

    /** What a slot with so long a payload takes of its pages, in all its rows. */
    static long slotBytes(int payloadBytes) {
        int rows = chunks(payloadBytes);
        return (long) rows * rowBytes(0) + HEADER_BYTES + payloadBytes + (rows + 1 & ~1);
    }

    /** Chunks a payload takes. */
    static int chunks(int payloadBytes) {
        int rest = payloadBytes - (VALUE_BYTES - HEADER_BYTES);
        return rest <= 0 ? 1 : 1 + (rest + VALUE_BYTES - 1) / VALUE_BYTES;
    }
}
