package org.lockstep.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads jute-encoded fields from a region of a byte array: big-endian numbers, length-prefixed strings and buffers.
 *
 * <p>A flyweight: one instance is wrapped around one region after another. Not thread-safe. No read leaves the region, and
 * no length on the wire is trusted with an allocation that the region could not fill.
 */
public final class JuteReader {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final byte[] EMPTY = new byte[0];

    private byte[] buffer = EMPTY;
    private int position;
    private int limit;

    public JuteReader() {}

    public JuteReader(byte[] bytes) {
        wrap(bytes, 0, bytes.length);
    }

    /** Points this reader at {@code length} bytes from {@code offset}; the array is read in place, never kept past the next wrap. */
    public JuteReader wrap(byte[] bytes, int offset, int length) {
        buffer = bytes;
        position = offset;
        limit = offset + length;
        return this;
    }

    public byte[] buffer() {
        return buffer;
    }

    /** Absolute index in {@link #buffer()} of the next byte to be read. */
    public int position() {
        return position;
    }

    public int remaining() {
        return limit - position;
    }

    public int readInt() throws MalformedRecordException {
        need(Integer.BYTES);
        int value = (int) INT.get(buffer, position);
        position += Integer.BYTES;
        return value;
    }

    public long readLong() throws MalformedRecordException {
        need(Long.BYTES);
        long value = (long) LONG.get(buffer, position);
        position += Long.BYTES;
        return value;
    }

    public boolean readBoolean() throws MalformedRecordException {
        return readByte() != 0;
    }

    public byte readByte() throws MalformedRecordException {
        need(1);
        return buffer[position++];
    }

    /** Reads a string; null when its length is -1. Broken UTF-8 is replaced, as the Java server's decoder does. */
    public String readString() throws MalformedRecordException {
        int length = readLength();
        if (length < 0) {
            return null;
        }
        String value = new String(buffer, position, length, StandardCharsets.UTF_8);
        position += length;
        return value;
    }

    /** Reads a buffer into a new array; null when its length is -1. */
    public byte[] readBuffer() throws MalformedRecordException {
        int length = readLength();
        if (length < 0) {
            return null;
        }
        byte[] value = new byte[length];
        System.arraycopy(buffer, position, value, 0, length);
        position += length;
        return value;
    }

    /** Reads a length prefix and steps over what it announces; the bytes stay where they are. Returns -1 for null. */
    public int skipBuffer() throws MalformedRecordException {
        int length = readLength();
        if (length > 0) {
            position += length;
        }
        return length;
    }

    /** Reads the count of a vector whose elements take at least {@code elementBytesMin} bytes each; -1 for a null vector. */
    public int readCount(int elementBytesMin) throws MalformedRecordException {
        int count = readInt();
        if (count < -1 || (long) count * elementBytesMin > remaining()) {
            throw new MalformedRecordException("vector of " + count + " elements in " + remaining() + " bytes");
        }
        return count;
    }

    /** Reads a vector of strings; a null vector reads as empty. */
    public List<String> readStrings() throws MalformedRecordException {
        int count = readCount(Integer.BYTES);
        List<String> strings = new ArrayList<>(Math.max(count, 0));
        for (int i = 0; i < count; i++) {
            strings.add(readString());
        }
        return strings;
    }

    /** Reads a vector of ACL entries; null when the vector is null (which differs from empty in no check, but in logs). */
    public List<Acl> readAcls() throws MalformedRecordException {
        int count = readCount(3 * Integer.BYTES);
        if (count < 0) {
            return null;
        }
        List<Acl> acls = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int perms = readInt();
            acls.add(new Acl(perms, readId()));
        }
        return acls;
    }

    public Id readId() throws MalformedRecordException {
        String scheme = readString();
        return new Id(scheme, readString());
    }

    private int readLength() throws MalformedRecordException {
        int length = readInt();
        if (length < -1 || length > remaining()) {
            throw new MalformedRecordException("length " + length + " where " + remaining() + " bytes are left");
        }
        return length;
    }

    private void need(int bytes) throws MalformedRecordException {
        if (limit - position < bytes) {
            throw new MalformedRecordException("record ends " + (bytes - remaining()) + " bytes too early");
        }
    }
}
