package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.lockstep.ensemble.core.Position;

/**
 * What was deleted from the front of a table of slots: everything up to {@code position}, and of each sender of that view, by
 * rank, up to which index. Kept beside the table, since a sender that has long been silent may have nothing left in it.
 * Immutable.
 */
record Floor(Position position, long[] lastIndexes) {
    static final Floor START = new Floor(Position.START, new long[0]);
    private static final int RANKS_MAX = 256;
    private static final int HEADER_BYTES = 2 * Long.BYTES + 2 * Integer.BYTES;

    /** Follows a deletion slot by slot. */
    static final class Rising {
        private Position position;
        private long[] lastIndexes;

        Rising(Floor from) {
            position = from.position;
            lastIndexes = from.lastIndexes.clone();
        }

        /** The slot at {@code next}, the first of the table, is deleted. */
        void deleted(Position next) {
            if (next.viewId() != position.viewId()) {
                lastIndexes = new long[0];
            }
            int known = lastIndexes.length;
            if (next.rank() >= known) {
                lastIndexes = Arrays.copyOf(lastIndexes, next.rank() + 1);
                Arrays.fill(lastIndexes, known, lastIndexes.length, -1);
            }
            lastIndexes[next.rank()] = next.index();
            position = next;
        }

        Floor floor() {
            return new Floor(position, lastIndexes.clone());
        }
    }

    byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + lastIndexes.length * Long.BYTES);
        out.putLong(position.viewId()).putLong(position.index()).putInt(position.rank()).putInt(lastIndexes.length);
        for (long index : lastIndexes) {
            out.putLong(index);
        }
        return out.array();
    }

    /** Reads what {@link #encode} wrote, checksum already checked; null when it is something else. */
    static Floor decode(byte[] bytes) {
        if (bytes.length < HEADER_BYTES) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        Position position = new Position(in.getLong(), in.getLong(), in.getInt());
        int count = in.getInt();
        if (count < 0 || count > RANKS_MAX || in.remaining() != count * Long.BYTES) {
            return null;
        }
        long[] indexes = new long[count];
        for (int k = 0; k < indexes.length; k++) {
            indexes[k] = in.getLong();
        }
        return new Floor(position, indexes);
    }
}
