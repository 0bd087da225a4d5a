package org.lockstep.rdma.ring;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The receiver's side of a ring: takes out the slots that a peer writes into it, in order and whole. What is not all visible yet,
 * or belongs to another lap, does not continue the chain or fails its checksum: it is as if it were not there.
 *
 * <p>One thread. The peer's device writes into the memory at any time.
 */
final class RingReader {
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final ByteBuffer ring;
    private final int capacity;
    private final long viewId;
    private final CRC32C crc = new CRC32C();
    /** A part is copied here before it is checked. */
    private final ByteBuffer copy;
    private long position;
    private long lastIndex;
    private long previousIndex;
    private byte[] payload;
    private int partDone;
    private byte[] complete;

    /**
     * @param memory zero at first, and written by one peer only
     * @param previousIndex the last data slot that came, or comes, in another way; -1 for none
     */
    RingReader(ByteBuffer memory, long viewId, long previousIndex) {
        ring = RingRecord.view(memory);
        capacity = ring.capacity();
        copy = ByteBuffer.allocate(RingRecord.HEADER_BYTES + RingRecord.partBytesMax(capacity)).order(ByteOrder.LITTLE_ENDIAN);
        this.viewId = viewId;
        lastIndex = previousIndex;
    }

    /** Whether another slot has come whole: {@link #payload}, {@link #lastIndex} and {@link #previousIndex} are then its. */
    boolean next() {
        complete = null;
        while (complete == null && takeRecord()) {
            // a mark, or a part that is not the last
        }
        return complete != null;
    }

    private boolean takeRecord() {
        int offset = (int) (position & capacity - 1);
        int rest = capacity - offset;
        if (rest < RingRecord.HEADER_BYTES) {
            position += rest;
            return true;
        }
        // Cheap, and mostly the end of it: nothing has come here in this lap.
        if ((long) LONG.getAcquire(ring, offset + RingRecord.VIEW_AT) != viewId
                || (long) LONG.getAcquire(ring, offset + RingRecord.PREVIOUS_AT) != lastIndex) {
            return false;
        }
        copy.put(0, ring, offset, RingRecord.HEADER_BYTES);
        int length = copy.getInt(RingRecord.LENGTH_AT);
        if (length == RingRecord.TURN) {
            return takeTurn(rest);
        }
        if (length < 0 || length > RingRecord.partBytesMax(capacity) || RingRecord.bytes(length) > rest) {
            return false;
        }
        copy.put(RingRecord.HEADER_BYTES, ring, offset + RingRecord.HEADER_BYTES, length);
        return continues(length) && copy.getLong(RingRecord.INDEX_AT) > lastIndex && takePart(length);
    }

    /** Whether the copied record is whole and the next one of the chain. */
    private boolean continues(int length) {
        int checked = RingRecord.HEADER_BYTES - RingRecord.LENGTH_AT + length;
        int checksum = RingRecord.checksum(crc, copy, RingRecord.LENGTH_AT, checked);
        copy.clear();
        return copy.getInt(0) == checksum && copy.getLong(RingRecord.VIEW_AT) == viewId
                && copy.getLong(RingRecord.PREVIOUS_AT) == lastIndex && copy.getInt(RingRecord.PART_AT) == partDone;
    }

    private boolean takeTurn(int rest) {
        if (!continues(0) || copy.getLong(RingRecord.INDEX_AT) != lastIndex) {
            return false;
        }
        position += rest;
        return true;
    }

    private boolean takePart(int length) {
        int total = copy.getInt(RingRecord.TOTAL_AT);
        if (total < 0 || length > total - partDone || payload != null && payload.length != total
                || length == 0 && total != 0) {
            return false;
        }
        if (payload == null) {
            payload = new byte[total];
        }
        copy.get(RingRecord.HEADER_BYTES, payload, partDone, length);
        partDone += length;
        position += RingRecord.bytes(length);
        if (partDone == total) {
            previousIndex = lastIndex;
            lastIndex = copy.getLong(RingRecord.INDEX_AT);
            complete = payload;
            payload = null;
            partDone = 0;
        }
        return true;
    }

    /** The slot that came last; the array is the caller's. */
    byte[] payload() {
        return complete;
    }

    /** The index of the last slot that has come whole: the chain is unbroken up to here. */
    long lastIndex() {
        return lastIndex;
    }

    /** The data slot before the one that came last. */
    long previousIndex() {
        return previousIndex;
    }

    /** Everything before this position was taken out: the peer may write there again. */
    long consumed() {
        return position;
    }
}
