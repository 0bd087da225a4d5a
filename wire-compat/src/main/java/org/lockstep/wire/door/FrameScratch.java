package org.lockstep.wire.door;

import org.lockstep.wire.JuteReader;

/** Memory that the connections of one event loop share, one frame at a time. */
final class FrameScratch {
    private static final int BYTES_INITIAL = 4096;

    private final JuteReader reader = new JuteReader();
    private byte[] bytes = new byte[BYTES_INITIAL];

    /** An array of at least {@code length} bytes, valid until the next call. */
    byte[] ofLength(int length) {
        if (bytes.length < length) {
            bytes = new byte[Math.max(length, Math.min(2 * bytes.length, 1 << 20))];
        }
        return bytes;
    }

    JuteReader reader(byte[] frame, int offset, int length) {
        return reader.wrap(frame, offset, length);
    }
}
