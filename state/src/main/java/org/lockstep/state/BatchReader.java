package org.lockstep.state;

import java.nio.ByteBuffer;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.MalformedRecordException;

/** Walks the commands of a batch written by {@link BatchWriter}. Reusable; not thread-safe. */
public final class BatchReader {
    private final JuteReader in = new JuteReader();
    private long timeMillis;
    private int count;
    private int read;
    private int idsOffset;
    private int idsLength;

    /** Opens a batch; the array is read in place. */
    public BatchReader wrap(byte[] batch, int offset, int length) throws MalformedRecordException {
        in.wrap(batch, offset, length);
        timeMillis = in.readLong();
        count = in.readCount(BatchWriter.COMMAND_BYTES);
        read = 0;
        idsOffset = offset;
        idsLength = 0;
        return this;
    }

    /** The sender's wall clock when it closed the batch, in milliseconds since the epoch. */
    public long timeMillis() {
        return timeMillis;
    }

    public int count() {
        return count;
    }

    /** How many commands a whole batch holds, without reading it otherwise. */
    public static int countOf(byte[] batch) {
        return ByteBuffer.wrap(batch).getInt(BatchWriter.COUNT_AT);
    }

    /** Fills {@code command} with the next one; false at the end. */
    public boolean next(Command command) throws MalformedRecordException {
        if (read >= count) {
            return false;
        }
        read++;
        command.buffer = in.buffer();
        command.opcode = in.readInt();
        command.sessionId = in.readLong();
        command.attach = in.readInt();
        command.cxid = in.readInt();
        int idsAt = in.position() + Integer.BYTES;
        int length = in.skipBuffer();
        if (length >= 0) {
            idsOffset = idsAt;
            idsLength = length;
        }
        command.idsOffset = idsOffset;
        command.idsLength = idsLength;
        command.bodyOffset = in.position() + Integer.BYTES;
        command.bodyLength = in.skipBuffer();
        if (command.bodyLength < 0) {
            throw new MalformedRecordException("command without a body");
        }
        return true;
    }
}
