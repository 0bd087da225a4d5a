package org.lockstep.ensemble.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Reads what {@link WireWriter} has written. Strict: each number has one form; a length is compared with the bytes that are there
 * before anything is allocated for it. Reads from the buffer it was given, from its position to its limit; big-endian.
 */
public final class WireReader {
    static final int VARIABLE_BYTES_MAX = 10;

    private final ByteBuffer in;

    public WireReader(ByteBuffer in) {
        this.in = in;
    }

    public int remaining() {
        return in.remaining();
    }

    private void need(int bytes, String what) throws MalformedMessageException {
        if (in.remaining() < bytes) {
            throw new MalformedMessageException(what + " is cut short: " + in.remaining() + " of " + bytes + " bytes");
        }
    }

    /** A byte, 0 to 255. */
    public int readByte(String what) throws MalformedMessageException {
        need(1, what);
        return in.get() & 0xff;
    }

    public boolean readFlag(String what) throws MalformedMessageException {
        int value = readByte(what);
        if (value > 1) {
            throw new MalformedMessageException(what + " is neither yes nor no: " + value);
        }
        return value == 1;
    }

    public int readInt(String what) throws MalformedMessageException {
        need(Integer.BYTES, what);
        return in.getInt();
    }

    public long readLong(String what) throws MalformedMessageException {
        need(Long.BYTES, what);
        return in.getLong();
    }

    public UUID readUuid(String what) throws MalformedMessageException {
        need(2 * Long.BYTES, what);
        long most = in.getLong();
        return new UUID(most, in.getLong());
    }

    private long readVariable(String what) throws MalformedMessageException {
        long value = 0;
        for (int i = 0; i < VARIABLE_BYTES_MAX; i++) {
            int next = readByte(what);
            value |= (long) (next & 0x7f) << 7 * i;
            if ((next & 0x80) == 0) {
                if (next == 0 && i > 0 || i == VARIABLE_BYTES_MAX - 1 && next > 1) {
                    throw new MalformedMessageException(what + " is not in its one form");
                }
                return value;
            }
        }
        throw new MalformedMessageException(what + " has more than " + VARIABLE_BYTES_MAX + " bytes");
    }

    /** A number from 0 to {@code most}. */
    public long readUnsigned(long most, String what) throws MalformedMessageException {
        return inRange(readVariable(what), 0, most, what);
    }

    /** Any 64 bits that are mostly small: a mask. */
    public long readMask(String what) throws MalformedMessageException {
        return readVariable(what);
    }

    /** An index from -1 to {@code most}. */
    public long readIndex(long most, String what) throws MalformedMessageException {
        return inRange(readVariable(what) - 1, -1, most, what);
    }

    /** An index from -1 to {@code most}, written as its difference from {@code base}: base less index. */
    public long readIndexBelow(long base, long most, String what) throws MalformedMessageException {
        long zigzag = readVariable(what);
        return inRange(base - (zigzag >>> 1 ^ -(zigzag & 1)), -1, most, what);
    }

    private static long inRange(long value, long least, long most, String what) throws MalformedMessageException {
        if (value < least || value > most) {
            throw new MalformedMessageException(what + " must be from " + least + " to " + most + ", it is " + value);
        }
        return value;
    }

    /** The next {@code count} bytes, in an array of their own. */
    public byte[] readBytes(int count, String what) throws MalformedMessageException {
        need(count, what);
        byte[] bytes = new byte[count];
        in.get(bytes);
        return bytes;
    }

    /** Text of at most {@code bytesMax} bytes; what is no UTF-8 shows as replacement characters. */
    public String readText(int bytesMax, String what) throws MalformedMessageException {
        int count = (int) readUnsigned(bytesMax, what + "'s length");
        return new String(readBytes(count, what), StandardCharsets.UTF_8);
    }

    /** Nothing may follow. */
    public void end(String what) throws MalformedMessageException {
        if (in.hasRemaining()) {
            throw new MalformedMessageException(in.remaining() + " bytes too many behind " + what);
        }
    }
}
