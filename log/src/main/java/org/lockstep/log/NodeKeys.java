package org.lockstep.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The keys of znodes: 16 bytes of the SHA-256 of the parent's path, a tag, and the name in UTF-8, so that the children of one
 * parent lie side by side. A name that would make the key longer than LMDB's 511 bytes is replaced by its first
 * {@value #PREFIX_BYTES} bytes and its whole SHA-256; the value then leads with the full name. Two parents share children only if
 * their hashes collide in 128 bits. Not thread-safe; hashes of recent parents are kept.
 */
final class NodeKeys {
    static final int KEY_BYTES_MAX = 511;
    static final int HASH_BYTES = 16;
    private static final byte TAG_WHOLE = 0;
    private static final byte TAG_HASHED = 1;
    private static final int NAME_OFFSET = HASH_BYTES + 1;
    private static final int PREFIX_BYTES = 400;
    private static final int CACHE_SLOTS = 1024;

    private final MessageDigest sha256 = sha256();
    private final String[] cachedPaths = new String[CACHE_SLOTS];
    private final long[] cachedHigh = new long[CACHE_SLOTS];
    private final long[] cachedLow = new long[CACHE_SLOTS];
    private final ByteBuffer key = ByteBuffer.allocateDirect(KEY_BYTES_MAX);
    private final byte[] bytes = new byte[KEY_BYTES_MAX];
    private int length;
    private byte[] longName;

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Sets the key of the node at {@code path}. */
    NodeKeys set(String path) {
        longName = null;
        if (path.length() == 1) {
            // Shorter than any other key.
            bytes[0] = TAG_WHOLE;
            length = 1;
            return this;
        }
        int slash = path.lastIndexOf('/');
        putParent(path, Math.max(slash, 1));
        putName(path, slash + 1);
        return this;
    }

    /** Sets the prefix shared by the keys of all children of {@code path}. */
    NodeKeys setChildrenOf(String path) {
        longName = null;
        putParent(path, path.length());
        length = HASH_BYTES;
        return this;
    }

    private void putName(String path, int from) {
        int count = path.length() - from;
        if (count <= KEY_BYTES_MAX - NAME_OFFSET) {
            int i = 0;
            while (i < count && path.charAt(from + i) < 0x80) {
                bytes[NAME_OFFSET + i] = (byte) path.charAt(from + i);
                i++;
            }
            if (i == count) {
                bytes[HASH_BYTES] = TAG_WHOLE;
                length = NAME_OFFSET + count;
                return;
            }
        }
        byte[] name = path.substring(from).getBytes(StandardCharsets.UTF_8);
        if (name.length <= KEY_BYTES_MAX - NAME_OFFSET) {
            bytes[HASH_BYTES] = TAG_WHOLE;
            System.arraycopy(name, 0, bytes, NAME_OFFSET, name.length);
            length = NAME_OFFSET + name.length;
            return;
        }
        longName = name;
        bytes[HASH_BYTES] = TAG_HASHED;
        System.arraycopy(name, 0, bytes, NAME_OFFSET, PREFIX_BYTES);
        byte[] hash = sha256.digest(name);
        System.arraycopy(hash, 0, bytes, NAME_OFFSET + PREFIX_BYTES, hash.length);
        length = NAME_OFFSET + PREFIX_BYTES + hash.length;
    }

    /** Puts the hash of {@code path}'s first {@code end} characters. */
    private void putParent(String path, int end) {
        int mixed = 0;
        for (int i = 0; i < end; i++) {
            mixed = 31 * mixed + path.charAt(i);
        }
        int slot = (mixed ^ mixed >>> 16) & (CACHE_SLOTS - 1);
        String cached = cachedPaths[slot];
        if (cached == null || cached.length() != end || !path.startsWith(cached)) {
            String parent = path.substring(0, end);
            ByteBuffer hash = ByteBuffer.wrap(sha256.digest(parent.getBytes(StandardCharsets.UTF_8)));
            cachedPaths[slot] = parent;
            cachedHigh[slot] = hash.getLong();
            cachedLow[slot] = hash.getLong();
        }
        putLong(0, cachedHigh[slot]);
        putLong(8, cachedLow[slot]);
    }

    private void putLong(int offset, long value) {
        for (int i = 0; i < Long.BYTES; i++) {
            bytes[offset + i] = (byte) (value >>> 56 - 8 * i);
        }
    }

    /** The key as bytes; valid up to {@link #length} until the next call. */
    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    /** The key for LMDB; the buffer is this object's. */
    ByteBuffer buffer() {
        return key.clear().put(bytes, 0, length).flip();
    }

    /** The full name in UTF-8 when the key holds only its hash; else null. */
    byte[] longName() {
        return longName;
    }

    /** True when the key at {@code found}'s start has the current prefix. */
    boolean isPrefixOf(ByteBuffer found) {
        if (found.remaining() <= length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (found.get(i) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    static boolean isHashed(ByteBuffer found) {
        return found.remaining() > HASH_BYTES && found.get(HASH_BYTES) == TAG_HASHED;
    }

    /** The name in a key that holds it whole. */
    static String wholeName(ByteBuffer found) {
        byte[] name = new byte[found.remaining() - NAME_OFFSET];
        found.get(NAME_OFFSET, name);
        return new String(name, StandardCharsets.UTF_8);
    }
}
