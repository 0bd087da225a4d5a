package org.lockstep.server.replica;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.codec.MessageCodec;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.Message;

/** Puts the chunks of {@link RangeWriter} together again. */
final class RangeReader {
    private final int rangeBytesMax;
    private byte[] gathered = new byte[0];
    private int length;

    /** @param rangeBytesMax no part is larger than this, encoded */
    RangeReader(int rangeBytesMax) {
        this.rangeBytesMax = rangeBytesMax;
    }

    /** The parts that {@code chunk} completes, in order. */
    List<LogRange> take(byte[] chunk) throws MalformedMessageException {
        append(chunk);
        List<LogRange> whole = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.wrap(gathered, 0, length);
        while (bytes.remaining() >= Integer.BYTES) {
            int size = bytes.getInt(bytes.position());
            if (size <= 0 || size > rangeBytesMax) {
                throw new MalformedMessageException("a part of the order of " + size + " bytes");
            }
            if (bytes.remaining() < Integer.BYTES + size) {
                break;
            }
            bytes.getInt();
            whole.add(range(bytes.slice(bytes.position(), size)));
            bytes.position(bytes.position() + size);
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

    private static LogRange range(ByteBuffer bytes) throws MalformedMessageException {
        if (!(MessageCodec.decode(bytes) instanceof Message.Feed feed)) {
            throw new MalformedMessageException("a part of the order that is none");
        }
        return new LogRange(feed.after(), feed.views(), feed.slots());
    }

    /** Whether every byte that came belonged to a whole part. */
    boolean isAtEnd() {
        return length == 0;
    }
}
