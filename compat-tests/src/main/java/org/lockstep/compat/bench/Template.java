package org.lockstep.compat.bench;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/**
 * One framed request, encoded once, in which only the xid and decimal numbers in paths change from one use to the next.
 *
 * <p>A path ends in {@link #DIGITS} digits that {@link #number} overwrites. Immutable; the buffers it is put into are the
 * caller's.
 */
final class Template {
    static final int DIGITS = 9;
    private static final int XID_AT = Integer.BYTES;
    private static final String ZEROS = "0".repeat(DIGITS);

    private final byte[] frame;
    private final int[] numbersAt;

    private Template(byte[] frame, List<Integer> numbersAt) {
        this.frame = frame;
        this.numbersAt = numbersAt.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Bytes of the whole frame, its length field included. */
    int length() {
        return frame.length;
    }

    /** Appends the request with {@code xid} at the buffer's position; returns where it starts, for {@link #number}. */
    int append(ByteBuffer out, int xid) {
        int start = out.position();
        out.put(frame);
        out.putInt(start + XID_AT, xid);
        return start;
    }

    /** Puts {@code value} into the digits of path {@code index} of the request that starts at {@code start}. */
    void number(ByteBuffer out, int start, int index, int value) {
        int at = start + numbersAt[index] + DIGITS - 1;
        int rest = value;
        for (int i = 0; i < DIGITS; i++) {
            int quotient = rest / 10;
            out.put(at - i, (byte) ('0' + rest - 10 * quotient));
            rest = quotient;
        }
    }

    static Template create(String stem, byte[] data) {
        Builder builder = new Builder(OpCode.CREATE).path(stem);
        builder.writer.writeBuffer(data).writeInt(1).writeInt(Perms.ALL).writeString("world").writeString("anyone").writeInt(0);
        return builder.build();
    }

    static Template setData(String stem, byte[] data) {
        Builder builder = new Builder(OpCode.SET_DATA).path(stem);
        builder.writer.writeBuffer(data).writeInt(-1);
        return builder.build();
    }

    static Template getData(String stem, boolean watch) {
        Builder builder = new Builder(OpCode.GET_DATA).path(stem);
        builder.writer.writeBoolean(watch);
        return builder.build();
    }

    /** A listing of the fixed path {@code path}, without a number. */
    static Template getChildren(String path) {
        Builder builder = new Builder(OpCode.GET_CHILDREN);
        builder.writer.writeString(path).writeBoolean(false);
        return builder.build();
    }

    static Template multiSet(String stem, byte[] data, int batch) {
        Builder builder = new Builder(OpCode.MULTI);
        for (int i = 0; i < batch; i++) {
            builder.writer.writeInt(OpCode.SET_DATA).writeBoolean(false).writeInt(-1);
            builder.path(stem);
            builder.writer.writeBuffer(data).writeInt(-1);
        }
        builder.writer.writeInt(-1).writeBoolean(true).writeInt(-1);
        return builder.build();
    }

    static Template closeSession() {
        return new Builder(OpCode.CLOSE_SESSION).build();
    }

    private static final class Builder {
        private final JuteWriter writer = new JuteWriter();
        private final List<Integer> numbersAt = new ArrayList<>();

        Builder(int opcode) {
            writer.writeInt(0).writeInt(0).writeInt(opcode);
        }

        Builder path(String stem) {
            writer.writeString(stem + ZEROS);
            numbersAt.add(writer.length() - DIGITS);
            return this;
        }

        Template build() {
            writer.setInt(0, writer.length() - Integer.BYTES);
            return new Template(writer.toByteArray(), numbersAt);
        }
    }

    /** The path that a stem and a number make, as the server sees it. */
    static String path(String stem, int number) {
        return stem + String.format("%0" + DIGITS + "d", number);
    }
}
