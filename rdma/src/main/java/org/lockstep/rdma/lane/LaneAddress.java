package org.lockstep.rdma.lane;

import java.nio.ByteBuffer;

/**
 * Where a peer is to write, and the keys that let it: sent to the peer over the control connection when a lane is set up, and
 * good until the lane's memory is closed.
 *
 * @param ringBytes the size of the ring, a power of two: the writer's image of it has the same
 */
public record LaneAddress(long ring, int ringKey, int ringBytes, long row, int rowKey) {
    /** The length of the encoded form. */
    public static final int BYTES = 2 * Long.BYTES + 3 * Integer.BYTES;

    /** Appends the encoded form, big-endian. */
    public void encode(ByteBuffer into) {
        into.putLong(ring).putInt(ringKey).putInt(ringBytes).putLong(row).putInt(rowKey);
    }

    /** Takes an encoded form from the buffer, which has {@link #BYTES} left at least. */
    public static LaneAddress decode(ByteBuffer from) {
        return new LaneAddress(from.getLong(), from.getInt(), from.getInt(), from.getLong(), from.getInt());
    }
}
