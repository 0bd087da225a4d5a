package org.lockstep.state;

import java.nio.charset.StandardCharsets;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.MalformedRecordException;

/**
 * Decodes paths so that those which come again and again are one shared String, whose hash is computed once. Not thread-safe.
 */
final class PathDecoder {
    private static final int SLOTS = 4096;
    private static final int CACHED_BYTES_MAX = 256;

    private final BytesCache<String> known = new BytesCache<>(SLOTS, CACHED_BYTES_MAX);

    /** Reads a path that probably was read before; null when it is null. */
    String read(JuteReader in) throws MalformedRecordException {
        int length = in.skipBuffer();
        return length < 0 ? null : decode(in.buffer(), in.position() - length, length);
    }

    /** The path that the bytes spell. */
    String decode(byte[] bytes, int offset, int length) {
        int hash = BytesCache.hash(bytes, offset, length);
        String path = known.get(hash, bytes, offset, length);
        if (path == null) {
            path = new String(bytes, offset, length, StandardCharsets.UTF_8);
            known.put(hash, bytes, offset, length, path);
        }
        return path;
    }

    /** The part of an encoded path before its last slash; null when there is no slash. */
    String decodeParent(byte[] bytes, int offset, int length) {
        for (int i = offset + length - 1; i >= offset; i--) {
            if (bytes[i] == '/') {
                return decode(bytes, offset, i - offset);
            }
        }
        return null;
    }
}
