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
 * <p>The first value leads with a header: format (1), unused (3), payload length (4), index of the same sender's slot before
 * this one in the view or -1 (8), CRC32C over key, header and payload (4). One writer thread per instance.
 */
final class SlotCodec {
    static final byte FORMAT = 1;
    static final int HEADER_BYTES = 20;
    /** The largest value of which two fit a leaf page: (4096 - 16) / 2, less pointer (2), node header (8), key (16). */
    static final int VALUE_BYTES = 2014;
    private static final int CHECKED_HEADER_BYTES = 16;
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
    void encode(Slot slot, long prevIndex, Out out) {
        byte[] payload = slot.payload();
        long high = SlotKey.high(slot.position());
        long low = SlotKey.low(slot.position());
        int crcValue = checksum(high, low, prevIndex, payload);
        value.clear();
        value.putInt(FORMAT << 24).putInt(payload.length).putLong(prevIndex).putInt(crcValue);
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

    /**
     * The payload of the slot at {@code position} from its chunks, in order; null when one is missing (null), when it does not
     * name {@code prevIndex} as the one before it, or when its checksum is wrong.
     */
    byte[] join(Position position, long prevIndex, List<byte[]> chunks) {
        if (chunks.contains(null) || chunks.isEmpty() || chunks.get(0).length < HEADER_BYTES) {
            return null;
        }
        ByteBuffer head = ByteBuffer.wrap(chunks.get(0));
        int length = head.getInt(4);
        if (head.getInt(0) != FORMAT << 24 || length < 0 || head.getLong(8) != prevIndex || chunks(length) != chunks.size()) {
            return null;
        }
        byte[] payload = new byte[length];
        int filled = 0;
        for (byte[] chunk : chunks) {
            int skip = filled == 0 && chunk == chunks.get(0) ? HEADER_BYTES : 0;
            int bytes = chunk.length - skip;
            if (bytes > length - filled) {
                return null;
            }
            System.arraycopy(chunk, skip, payload, filled, bytes);
            filled += bytes;
        }
        int expected = checksum(SlotKey.high(position), SlotKey.low(position), prevIndex, payload);
        return filled == length && head.getInt(16) == expected ? payload : null;
    }

    /** CRC32C over the key of the first chunk, its header up to the checksum, and the payload. */
    int checksum(long high, long low, long prevIndex, byte[] payload) {
        LONG.set(checked, 0, high);
        LONG.set(checked, 8, low);
        LONG.set(checked, 16, (long) FORMAT << 56 | payload.length);
        LONG.set(checked, 24, prevIndex);
        crc.reset();
        crc.update(checked, 0, checked.length);
        crc.update(payload, 0, payload.length);
        return (int) crc.getValue();
    }

    /** How many chunks the slot has of which {@code head} reads as the first; 0 when it does not. */
    static int chunksAnnounced(byte[] head) {
        if (head.length < HEADER_BYTES) {
            return 0;
        }
        ByteBuffer header = ByteBuffer.wrap(head);
        int length = header.getInt(4);
        return header.getInt(0) == FORMAT << 24 && length >= 0 && length <= Integer.MAX_VALUE - 2 * VALUE_BYTES ? chunks(length) : 0;
    }

    /** Chunks a payload takes. */
    static int chunks(int payloadBytes) {
        int rest = payloadBytes - (VALUE_BYTES - HEADER_BYTES);
        return rest <= 0 ? 1 : 1 + (rest + VALUE_BYTES - 1) / VALUE_BYTES;
    }
}
