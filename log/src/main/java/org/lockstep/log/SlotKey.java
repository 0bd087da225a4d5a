package org.lockstep.log;

import java.nio.ByteBuffer;
import org.lockstep.ensemble.core.Position;

/**
 * The 16-byte key of one chunk of a slot: view (4), index (8), rank (1), chunk number (3), big-endian, so that memory order is
 * the total order of slots and then the order of chunks.
 */
final class SlotKey {
    static final int BYTES = 16;
    static final int CHUNKS_MAX = 1 << 24;
    private static final long VIEW_MAX = Integer.MAX_VALUE;
    private static final int RANK_MAX = 255;

    private SlotKey() {}

    static void requireValid(Position position) {
        if (position.viewId() < 0 || position.viewId() > VIEW_MAX || position.index() < 0 || position.rank() < 0
                || position.rank() > RANK_MAX) {
            throw new IllegalArgumentException("no slot can stand at " + position);
        }
    }

    /** The key's first half for {@code position}. */
    static long high(Position position) {
        return position.viewId() << 32 | position.index() >>> 32;
    }

    /** The key's second half for chunk 0 of {@code position}; the chunk number is added. */
    static long low(Position position) {
        return position.index() << 32 | (long) position.rank() << 24;
    }

    static Position position(long high, long low) {
        return new Position(high >>> 32, high << 32 | low >>> 32, (int) (low >>> 24) & 0xff);
    }

    static int chunk(long low) {
        return (int) low & (CHUNKS_MAX - 1);
    }

    /** A key at or before the first chunk of the first slot at or behind {@code position}. */
    static ByteBuffer atOrBehind(Position position) {
        boolean viewStart = position.index() < 0;
        return key(viewStart ? position.viewId() << 32 : high(position), viewStart ? 0 : low(position));
    }

    /** A key before the first slot behind {@code position}, and behind all chunks of {@code position} itself. */
    static ByteBuffer behind(Position position) {
        return position.index() < 0 ? atOrBehind(position) : key(high(position), low(position) | CHUNKS_MAX - 1);
    }

    private static ByteBuffer key(long high, long low) {
        return ByteBuffer.allocateDirect(BYTES).putLong(high).putLong(low).flip();
    }

    /** True when the key at {@code buffer}'s start belongs to a slot at or before {@code position}. */
    static boolean isUpTo(ByteBuffer buffer, Position position) {
        return position(buffer.getLong(0), buffer.getLong(8)).compareTo(position) <= 0;
    }
}
