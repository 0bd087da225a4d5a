package org.lockstep.server.replica;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.lockstep.ensemble.core.BulkSender;

/** Cuts parts of any size into the chunks of a bulk stream, each part with its length before it. */
final class PartWriter {
    private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();

    /** Appends a part: {@code length} bytes of {@code part} from its beginning. */
    void add(byte[] part, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES + length);
        bytes.putInt(length).put(part, 0, length).flip();
        while (bytes.hasRemaining()) {
            byte[] chunk = new byte[Math.min(bytes.remaining(), BulkSender.CHUNK_BYTES_MAX)];
            bytes.get(chunk);
            chunks.add(chunk);
        }
    }

    /** Sends what {@code sender} has room for; true when nothing is left and there is room for more. */
    boolean sendTo(BulkSender sender) {
        while (sender.room() > 0) {
            byte[] chunk = chunks.poll();
            if (chunk == null) {
                return true;
            }
            sender.send(chunk);
        }
        return false;
    }
}
