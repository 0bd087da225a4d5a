package org.lockstep.state;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A rolling 64-bit digest of all that was applied. Two members that applied the same requests to the same state have equal
 * values; members that went apart differ, but for one chance in 2^64. It guards against faults, not against malice.
 */
final class Digest {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long PRIME = 0x9E3779B97F4A7C15L;

    private long value;

    long value() {
        return value;
    }

    void reset(long to) {
        value = to;
    }

    void add(long a, long b) {
        value = mix(mix(value, a), b);
    }

    /** Adds that {@code path} now holds {@code node}, or nothing. */
    void add(String path, Node node) {
        long h = mix(value, path.hashCode());
        if (node != null) {
            h = mix(h, node.mzxid);
            h = mix(h, node.pzxid ^ (long) node.version << 32 ^ node.cversion);
            h = mix(h, node.owner ^ (long) node.aversion << 32 ^ node.childCount);
            h = mix(h, node.mtimeMillis);
            h = mix(h, node.acl == AclList.OPEN ? 0 : hash(node.acl.encoded()));
            h = mix(h, node.data == null ? -1 : hash(node.data));
        }
        value = h;
    }

    private static long hash(byte[] bytes) {
        long h = bytes.length;
        int i = 0;
        for (; i + Long.BYTES <= bytes.length; i += Long.BYTES) {
            h = mix(h, (long) LONG.get(bytes, i));
        }
        long rest = 0;
        for (; i < bytes.length; i++) {
            rest = rest << 8 | (bytes[i] & 0xff);
        }
        return mix(h, rest);
    }

    private static long mix(long h, long x) {
        long product = (h ^ x) * PRIME;
        return product ^ (product >>> 29);
    }
}
