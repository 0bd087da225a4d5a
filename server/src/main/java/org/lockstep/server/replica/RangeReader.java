package org.lockstep.server.replica;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.codec.MessageCodec;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.Message;

/** Puts the chunks of {@link RangeWriter} together again. */
final class RangeReader {
    private final PartReader parts;

    /** @param rangeBytesMax no range is larger than this, encoded */
    RangeReader(int rangeBytesMax) {
        parts = new PartReader(rangeBytesMax);
    }

    /** The ranges that {@code chunk} completes, in order. */
    List<LogRange> take(byte[] chunk) throws MalformedMessageException {
        List<LogRange> ranges = new ArrayList<>();
        for (byte[] part : parts.take(chunk)) {
            if (!(MessageCodec.decode(ByteBuffer.wrap(part)) instanceof Message.Feed feed)) {
                throw new MalformedMessageException("a part of the order that is none");
            }
            ranges.add(new LogRange(feed.after(), feed.views(), feed.slots()));
        }
        return ranges;
    }

    /** Whether every byte that came belonged to a whole range. */
    boolean isAtEnd() {
        return parts.isAtEnd();
    }
}
