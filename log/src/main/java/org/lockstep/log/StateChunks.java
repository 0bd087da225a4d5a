package org.lockstep.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * How a state travels: a header, chunks of entries, an end. Each is led by a format, a kind and a number, and followed by a
 * CRC32C over all of it, so what arrives is what was sent, in its order.
 */
final class StateChunks {
    static final byte FORMAT = 1;
    static final byte HEADER = 'H';
    static final byte DATA = 'D';
    static final byte END = 'E';
    /** Format (1), kind (1), number (8). */
    static final int LEAD_BYTES = 10;
    static final int CRC_BYTES = 4;
    /** Table (1), length of the key (2), length of the value (4). */
    static final int ENTRY_BYTES = 7;

    private StateChunks() {}

    /**
     * What a state is called: the disk and the commit it is of, so that two exports of the same name are the same, byte for byte.
     *
     * @param entries entries in all tables
     * @param mark where in the order it stands
     */
    record Header(String diskId, long txnId, long entries, byte[] mark) {
        byte[] encode() {
            byte[] disk = diskId.getBytes(StandardCharsets.UTF_8);
            ByteBuffer out = begin(ByteBuffer.allocate(LEAD_BYTES + 2 + disk.length + 2 * Long.BYTES + Integer.BYTES + mark.length
                    + CRC_BYTES), HEADER, 0);
            out.putShort((short) disk.length).put(disk).putLong(txnId).putLong(entries).putInt(mark.length).put(mark);
            return end(out);
        }

        static Header decode(byte[] bytes) {
            ByteBuffer in = open(bytes, HEADER, 0);
            try {
                byte[] disk = new byte[in.getShort()];
                in.get(disk);
                long txnId = in.getLong();
                long entries = in.getLong();
                byte[] mark = new byte[Math.min(in.getInt(), in.remaining())];
                in.get(mark);
                return new Header(new String(disk, StandardCharsets.UTF_8), txnId, entries, mark);
            } catch (java.nio.BufferUnderflowException | NegativeArraySizeException e) {
                throw new StateTransferException("the header of the state is cut short");
            }
        }
    }

    static ByteBuffer begin(ByteBuffer out, byte kind, long number) {
        return out.put(FORMAT).put(kind).putLong(number);
    }

    /** Adds the checksum; what was put into {@code out} is then the chunk. */
    static byte[] end(ByteBuffer out) {
        byte[] bytes = new byte[out.position() + CRC_BYTES];
        out.flip().get(bytes, 0, bytes.length - CRC_BYTES);
        ByteBuffer.wrap(bytes).putInt(bytes.length - CRC_BYTES, checksum(bytes));
        return bytes;
    }

    private static int checksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - CRC_BYTES);
        return (int) crc.getValue();
    }

    /** The kind of a chunk that is whole; 0 when it is too short to have one. */
    static byte kind(byte[] bytes) {
        return bytes.length < LEAD_BYTES + CRC_BYTES ? 0 : bytes[1];
    }

    /** What a chunk of this kind and number holds; throws {@link StateTransferException} when it is not that. */
    static ByteBuffer open(byte[] bytes, byte kind, long number) {
        if (bytes.length < LEAD_BYTES + CRC_BYTES || bytes[0] != FORMAT) {
            throw new StateTransferException("a chunk of a state in a format that this server does not know");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (in.getInt(bytes.length - CRC_BYTES) != checksum(bytes)) {
            throw new StateTransferException("the checksum of a chunk of a state is wrong");
        }
        if (bytes[1] != kind || in.getLong(2) != number) {
            throw new StateTransferException("chunk " + in.getLong(2) + " of kind " + bytes[1] + " where chunk " + number
                    + " of kind " + kind + " should be");
        }
        return in.position(LEAD_BYTES).limit(bytes.length - CRC_BYTES);
    }
}
