package org.lockstep.server.replica;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lockstep.ensemble.codec.MalformedMessageException;

/** Puts the chunks of {@link PartWriter} together again. */
final class PartReader {
    private final int partBytesMax;
    private byte[] gathered = new byte[0];
    private int length;

    /** @param partBytesMax no part is larger than this */
    PartReader(int partBytesMax) {
        this.partBytesMax = partBytesMax;
    }

    /** The parts that {@code chunk} completes, in order. */
    List<byte[]> take(byte[] chunk) throws MalformedMessageException {
        append(chunk);
        List<byte[]> whole = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.wrap(gathered, 0, length);
        while (bytes.remaining() >= Integer.BYTES) {
            int size = bytes.getInt(bytes.position());
            if (size <= 0 || size > partBytesMax) {
                throw new MalformedMessageException("a part of " + size + " bytes");
            }
            if (bytes.remaining() < Integer.BYTES + size) {
                break;
            }
            byte[] part = new byte[bytes.getInt()];
            bytes.get(part);
            whole.add(part);
        }
        length = bytes.remaining();
        System.arraycopy(gathered, bytes.position(), gathered, 0, length);
        return whole;
    }

    private void append(byte[] chunk) {
        if (gathered.length < length + chunk.length) {
            gathered = Arrays.copyOf(gathered, Math.max(2 * gathered.length, length + chunk.length));
        }
        System.arraycopy(chunk, 0, gathered, length, chunk.length);
        length += chunk.length;
    }

    /** Whether every byte that came belonged to a whole part. */
    boolean isAtEnd() {
        return length == 0;
    }
}
