package org.lockstep.ensemble.codec;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;

/**
 * A growing buffer for the encoders, big-endian; cleared and used again by its owner. One thread at a time.
 *
 * <p>Numbers that are mostly small take few bytes: seven bits a byte, the lowest first, the top bit says that more follow. Every
 * long has exactly one such form.
 */
public final class WireWriter {
    private byte[] bytes;
    private int length;

    public WireWriter() {
        this(256);
    }

    public WireWriter(int initialBytes) {
        bytes = new byte[initialBytes];
    }

    /** Forgets what was written and keeps the buffer. */
    public void clear() {
        length = 0;
    }

    /** The bytes written are the first {@link #length} of this array, which is the writer's and changes with the next write. */
    public byte[] array() {
        return bytes;
    }

    public int length() {
        return length;
    }

    /** A copy of what was written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, length);
    }

    private void ensure(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
        }
    }

    public void putByte(int value) {
        ensure(1);
        bytes[length++] = (byte) value;
    }

    public void putFlag(boolean value) {
        putByte(value ? 1 : 0);
    }

    public void putInt(int value) {
        ensure(Integer.BYTES);
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes[length++] = (byte) (value >>> shift);
        }
    }

    public void putLong(long value) {
        putInt((int) (value >>> 32));
        putInt((int) value);
    }

    public void putUuid(UUID value) {
        putLong(value.getMostSignificantBits());
        putLong(value.getLeastSignificantBits());
    }

    /** A number that is mostly small and not negative: 1 to 10 bytes. */
    public void putUnsigned(long value) {
        ensure(WireReader.VARIABLE_BYTES_MAX);
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            bytes[length++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[length++] = (byte) rest;
    }

    /** An index: mostly small, -1 for none. */
    public void putIndex(long value) {
        putUnsigned(value + 1);
    }

    /** A difference: near zero on either side. */
    public void putDelta(long value) {
        putUnsigned(value << 1 ^ value >> 63);
    }

    public void putBytes(byte[] value) {
        ensure(value.length);
        System.arraycopy(value, 0, bytes, length, value.length);
        length += value.length;
    }

    /** Text in UTF-8, led by its length in bytes. */
    public void putText(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        putUnsigned(utf8.length);
        putBytes(utf8);
    }
}
