package org.lockstep.state;

import org.lockstep.wire.JuteWriter;

/**
 * Builds the payload of one slot: a header with the sender's time, then commands back to back.
 *
 * <pre>
 * long timeMillis; int count;
 * per command: int opcode; long sessionId; int attach; int cxid;
 *     int idsLength (-1: as the command before); ids; int bodyLength; body
 * </pre>
 *
 * Reusable after {@link #begin}; not thread-safe.
 */
public final class BatchWriter {
    static final int COUNT_AT = Long.BYTES;
    static final int HEADER_BYTES = COUNT_AT + Integer.BYTES;
    /** Bytes a command takes beside its identities and its body. */
    public static final int COMMAND_BYTES = Integer.BYTES * 5 + Long.BYTES;

    private final JuteWriter out = new JuteWriter(64 * 1024);
    private int count;
    private byte[] lastIds;

    /** Starts an empty batch. {@code timeMillis} is the sender's wall clock: the ctime and mtime of all that the batch does. */
    public void begin(long timeMillis) {
        out.reset();
        out.writeLong(timeMillis);
        out.writeInt(0);
        count = 0;
        lastIds = null;
    }

    /**
     * Adds a command. {@code ids} is a jute vector of identities, compared by reference with the command before, so a
     * connection's unchanged array costs nothing when repeated.
     */
    public void add(int opcode, long sessionId, int attach, int cxid, byte[] ids, byte[] body, int bodyOffset, int bodyLength) {
        out.writeInt(opcode);
        out.writeLong(sessionId);
        out.writeInt(attach);
        out.writeInt(cxid);
        if (ids == lastIds) {
            out.writeInt(-1);
        } else {
            out.writeBuffer(ids);
            lastIds = ids;
        }
        out.writeInt(bodyLength);
        out.writeRaw(body, bodyOffset, bodyLength);
        out.setInt(COUNT_AT, ++count);
    }

    public int count() {
        return count;
    }

    public int length() {
        return out.length();
    }

    /** A copy of the batch as it stands. */
    public byte[] toByteArray() {
        return out.toByteArray();
    }
}
