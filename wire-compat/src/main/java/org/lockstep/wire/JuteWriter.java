package org.lockstep.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * Writes jute-encoded fields into a byte array that grows. Reusable after {@link #reset()}; not thread-safe.
 *
 * <p>The array behind it ({@link #array()}) belongs to the writer: copy what must outlive the next write.
 */
public final class JuteWriter {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private static final int INITIAL_BYTES = 512;
    private static final int RETAINED_BYTES_MAX = 4 << 20;

    private byte[] buffer;
    private int position;

    public JuteWriter() {
        this(INITIAL_BYTES);
    }

    public JuteWriter(int capacityBytes) {
        buffer = new byte[Math.max(capacityBytes, 16)];
    }

    /** Begins anew. An array that one large record has blown up is not kept. */
    public JuteWriter reset() {
        position = 0;
        if (buffer.length > RETAINED_BYTES_MAX) {
            buffer = new byte[INITIAL_BYTES];
        }
        return this;
    }

    public byte[] array() {
        return buffer;
    }

    /** Bytes written since the last reset. */
    public int length() {
        return position;
    }

    public byte[] toByteArray() {
        return Arrays.copyOf(buffer, position);
    }

    /** Drops everything behind {@code length}; used to take back a half-written answer. */
    public void truncate(int length) {
        position = length;
    }

    public JuteWriter writeInt(int value) {
        ensure(Integer.BYTES);
        INT.set(buffer, position, value);
        position += Integer.BYTES;
        return this;
    }

    public JuteWriter writeLong(long value) {
        ensure(Long.BYTES);
        LONG.set(buffer, position, value);
        position += Long.BYTES;
        return this;
    }

    public JuteWriter writeBoolean(boolean value) {
        return writeByte(value ? 1 : 0);
    }

    public JuteWriter writeByte(int value) {
        ensure(1);
        buffer[position++] = (byte) value;
        return this;
    }

    /** Overwrites an int written earlier at {@code offset}; for lengths and counts known only afterwards. */
    public void setInt(int offset, int value) {
        INT.set(buffer, offset, value);
    }

    /** Writes a string as UTF-8 with its length; null as length -1. */
    public JuteWriter writeString(String value) {
        if (value == null) {
            return writeInt(-1);
        }
        int length = value.length();
        ensure(Integer.BYTES + 3 * length);
        int start = position + Integer.BYTES;
        int end = start;
        for (int i = 0; i < length; i++) {
            char c = value.charAt(i);
            if (c >= 0x80) {
                return writeBuffer(value.getBytes(StandardCharsets.UTF_8));
            }
            buffer[end++] = (byte) c;
        }
        INT.set(buffer, position, length);
        position = end;
        return this;
    }

    /** Writes a buffer with its length; null as length -1. */
    public JuteWriter writeBuffer(byte[] value) {
        if (value == null) {
            return writeInt(-1);
        }
        writeInt(value.length);
        return writeRaw(value, 0, value.length);
    }

    /** Writes bytes as they are, without a length. */
    public JuteWriter writeRaw(byte[] bytes, int offset, int length) {
        ensure(length);
        System.arraycopy(bytes, offset, buffer, position, length);
        position += length;
        return this;
    }

    public JuteWriter writeStrings(Collection<String> strings) {
        writeInt(strings.size());
        for (String string : strings) {
            writeString(string);
        }
        return this;
    }

    public JuteWriter writeAcls(List<Acl> acls) {
        if (acls == null) {
            return writeInt(-1);
        }
        writeInt(acls.size());
        for (Acl acl : acls) {
            writeInt(acl.perms());
            writeId(acl.id() == null ? new Id(null, null) : acl.id());
        }
        return this;
    }

    public JuteWriter writeId(Id id) {
        writeString(id.scheme());
        return writeString(id.id());
    }

    private void ensure(int bytes) {
        if (buffer.length - position < bytes) {
            long wanted = Math.max((long) position + bytes, 2L * buffer.length);
            buffer = Arrays.copyOf(buffer, (int) Math.min(wanted, Integer.MAX_VALUE - 8));
        }
    }
}
