package org.lockstep.rdma.ring;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Checksums of records being written, which go over what they carry. A server sends each slot to all its peers, and mostly with the same
 * header, so writers that share one of these compute it once. One thread.
 */
public final class RecordSums {
    private final CRC32C crc = new CRC32C();
    private byte[] payload;
    private int part;
    private int length;
    private long viewId;
    private long index;
    private long previous;
    private int sum;

    /**
     * The checksum of the record at {@code offset} of {@code ring}, which is there but for this. Leaves the buffer's limit anywhere.
     *
     * @param carried what it carries {@code partLength} bytes of, from {@code from} on; not to be changed from here on; null for a mark
     */
    int of(ByteBuffer ring, int offset, byte[] carried, int from, int partLength) {
        long itsView = ring.getLong(offset + RingRecord.VIEW_AT);
        long itsIndex = ring.getLong(offset + RingRecord.INDEX_AT);
        long itsPrevious = ring.getLong(offset + RingRecord.PREVIOUS_AT);
        boolean known = carried != null && carried == payload && from == part && partLength == length && itsView == viewId
                && itsIndex == index && itsPrevious == previous;
        if (!known) {
            payload = carried;
            part = from;
            length = partLength;
            viewId = itsView;
            index = itsIndex;
            previous = itsPrevious;
            sum = RingRecord.checksum(crc, ring, offset + RingRecord.LENGTH_AT,
                    RingRecord.HEADER_BYTES - RingRecord.LENGTH_AT + partLength);
        }
        return sum;
    }
}
