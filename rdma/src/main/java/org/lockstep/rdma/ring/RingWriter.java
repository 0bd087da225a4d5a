package org.lockstep.rdma.ring;

import java.nio.ByteBuffer;

/**
 * The sender's side of a ring: puts slots into a local image of the peer's ring, of the same size, and says which ranges of it
 * have to be written to the same place there. Positions count the bytes ever put in; the offset is the position modulo the size.
 *
 * <p>A range may be overwritten once the peer has consumed it. The device may then still be repeating packets of that write whose
 * acknowledgement was lost, but the peer's device drops what it has had already.
 *
 * <p>One thread. The memory is the caller's, and this writer's alone until the lane ends.
 */
public final class RingWriter {
    private final ByteBuffer ring;
    private final int capacity;
    private final long viewId;
    private final RecordSums sums;
    private long lastIndex;
    private int partDone;
    private long end;
    private long posted;
    private long consumed;
    /** What the last turn left unused at the end of the ring, as positions: nothing to write there. */
    private long unusedFrom = Long.MAX_VALUE;
    private long unusedTo;

    /**
     * @param memory as large as the peer's ring, a power of two
     * @param previousIndex the last data slot that the peer got, or gets, in another way; -1 for none
     * @param sums may be shared with writers to other peers
     */
    public RingWriter(ByteBuffer memory, long viewId, long previousIndex, RecordSums sums) {
        this.sums = sums;
        ring = RingRecord.view(memory);
        capacity = ring.capacity();
        this.viewId = viewId;
        lastIndex = previousIndex;
    }

    /**
     * Puts in the next data slot, or as much of it as there is room for; then the same slot must be offered again, when the peer
     * has consumed more, until true is returned.
     *
     * @param previousIndex the data slot before it: the one offered last
     * @return whether the whole slot is in the ring
     * @throws IllegalArgumentException when the slot does not continue those before it
     */
    public boolean offer(long index, long previousIndex, byte[] payload) {
        if (previousIndex != lastIndex || index <= lastIndex) {
            throw new IllegalArgumentException("slot " + index + " behind " + previousIndex + " does not continue " + lastIndex);
        }
        int partMax = RingRecord.partBytesMax(capacity);
        do {
            int length = Math.min(payload.length - partDone, partMax);
            int bytes = RingRecord.bytes(length);
            if (!turnIfNeeded(bytes) || free() < bytes) {
                return false;
            }
            int offset = offset(end);
            ring.put(offset + RingRecord.HEADER_BYTES, payload, partDone, length);
            writeHeader(offset, length, length, index, payload);
            end += bytes;
            partDone += length;
        } while (partDone < payload.length);
        lastIndex = index;
        partDone = 0;
        return true;
    }

    /** Goes to the beginning of the ring when {@code bytes} do not fit before its end; false when there is no room to do so. */
    private boolean turnIfNeeded(int bytes) {
        int offset = offset(end);
        int rest = capacity - offset;
        if (bytes <= rest) {
            return true;
        }
        if (free() < rest) {
            return false;
        }
        unusedFrom = end;
        if (rest >= RingRecord.HEADER_BYTES) {
            writeHeader(offset, RingRecord.TURN, 0, lastIndex, null);
            unusedFrom += RingRecord.HEADER_BYTES;
        }
        end += rest;
        unusedTo = end;
        skipUnused();
        return true;
    }

    private void writeHeader(int offset, int lengthField, int length, long index, byte[] payload) {
        ring.putInt(offset + RingRecord.LENGTH_AT, lengthField);
        ring.putLong(offset + RingRecord.VIEW_AT, viewId);
        ring.putLong(offset + RingRecord.INDEX_AT, index);
        ring.putLong(offset + RingRecord.PREVIOUS_AT, lastIndex);
        ring.putInt(offset + RingRecord.TOTAL_AT, payload == null ? 0 : payload.length);
        ring.putInt(offset + RingRecord.PART_AT, partDone);
        int checksum = sums.of(ring, offset, payload, partDone, length);
        ring.clear().putInt(offset, checksum);
    }

    private int offset(long position) {
        return (int) (position & capacity - 1);
    }

    private long free() {
        return capacity - (end - consumed);
    }

    /**
     * The peer has taken out everything up to this position, as its row says. It may be ahead of what was posted: a peer goes on
     * by itself where the rest of the ring is too small for a header.
     */
    public void consumedTo(long position) {
        consumed = Math.max(consumed, Math.min(position, posted));
    }

    /** How many bytes at {@link #rangeOffset} must be written to the peer next; 0 for none. */
    public int rangeBytes() {
        long until = posted < unusedFrom ? Math.min(end, unusedFrom) : end;
        return (int) Math.min(until - posted, capacity - offset(posted));
    }

    public int rangeOffset() {
        return offset(posted);
    }

    /** The write of the range was handed to the device: the next range, if any, is what follows it. */
    public void rangePosted() {
        posted += rangeBytes();
        skipUnused();
    }

    private void skipUnused() {
        if (posted == unusedFrom) {
            posted = unusedTo;
        }
    }

    /** The last data slot that is wholly in the ring. */
    public long lastIndex() {
        return lastIndex;
    }

    /** Bytes put in and not yet consumed by the peer. */
    public long used() {
        return end - consumed;
    }
}
