package org.lockstep.server.replica;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.lockstep.ensemble.codec.MessageCodec;
import org.lockstep.ensemble.codec.WireWriter;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;

/** Cuts parts of the order into the chunks of a bulk stream: each part with its length before it, chunks as they come. */
final class RangeWriter {
    private final WireWriter out = new WireWriter();
    private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();

    /** Appends a part. */
    void add(LogRange range) {
        out.clear();
        MessageCodec.encode(new Message.Feed(0, range.after(), range.views(), range.slots(), false, Position.START), out);
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES + out.length());
        bytes.putInt(out.length()).put(out.array(), 0, out.length()).flip();
        while (bytes.hasRemaining()) {
            byte[] chunk = new byte[Math.min(bytes.remaining(), BulkSender.CHUNK_BYTES_MAX)];
            bytes.get(chunk);
            chunks.add(chunk);
        }
    }

    /** The next chunk, or null. */
    byte[] next() {
        return chunks.poll();
    }
}
