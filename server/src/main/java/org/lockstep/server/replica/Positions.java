package org.lockstep.server.replica;

import java.nio.ByteBuffer;
import org.lockstep.ensemble.core.Position;

/** Turns a log position into the mark that a checkpoint carries, and back. */
public final class Positions {
    private static final int BYTES = 2 * Long.BYTES + Integer.BYTES;

    private Positions() {}

    public static byte[] toMark(Position position) {
        return ByteBuffer.allocate(BYTES).putLong(position.viewId()).putLong(position.index()).putInt(position.rank()).array();
    }

    /** The position that {@code mark} stands for; {@link Position#START} for null. */
    public static Position ofMark(byte[] mark) {
        if (mark == null) {
            return Position.START;
        }
        if (mark.length != BYTES) {
            throw new IllegalStateException("the state's position record has " + mark.length + " bytes instead of " + BYTES);
        }
        ByteBuffer in = ByteBuffer.wrap(mark);
        return new Position(in.getLong(), in.getLong(), in.getInt());
    }
}
