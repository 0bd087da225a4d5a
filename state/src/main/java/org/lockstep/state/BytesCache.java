package org.lockstep.state;

import java.util.Arrays;

/**
 * A direct-mapped cache from byte ranges to what they decode to, so that what arrives again and again is decoded once and
 * shared. A range is kept from its second miss on: what comes only once, such as the path of a new node, displaces nothing and
 * makes no garbage. A collision only costs a decoding. Not thread-safe.
 */
final class BytesCache<T> {
    private final int mask;
    private final int lengthMax;
    private final int[] missed;
    private final byte[][] keys;
    private final Object[] values;

    /** @param slots a power of two; ranges longer than {@code lengthMax} are not kept */
    BytesCache(int slots, int lengthMax) {
        this.mask = slots - 1;
        this.lengthMax = lengthMax;
        this.missed = new int[slots];
        this.keys = new byte[slots][];
        this.values = new Object[slots];
    }

    static int hash(byte[] bytes, int offset, int length) {
        int hash = length;
        for (int i = offset; i < offset + length; i++) {
            hash = 31 * hash + bytes[i];
        }
        return hash ^ (hash >>> 15);
    }

    /** The value kept for the range, or null. {@code hash} is {@link #hash} of it. */
    @SuppressWarnings("unchecked")
    T get(int hash, byte[] bytes, int offset, int length) {
        int slot = hash & mask;
        byte[] key = keys[slot];
        if (key == null || key.length != length || !Arrays.equals(key, 0, length, bytes, offset, offset + length)) {
            return null;
        }
        return (T) values[slot];
    }

    /** Offers what the range decodes to, after a {@link #get} that found nothing. */
    void put(int hash, byte[] bytes, int offset, int length, T value) {
        int slot = hash & mask;
        if (missed[slot] != hash) {
            missed[slot] = hash;
        } else if (length <= lengthMax) {
            keys[slot] = Arrays.copyOfRange(bytes, offset, offset + length);
            values[slot] = value;
        }
    }
}
