package org.lockstep.state;

import org.lockstep.wire.JuteReader;

/**
 * One ordered request as it stands in a batch: who asks, what, and with which identities. A flyweight over the batch's bytes,
 * refilled by {@link BatchReader}; nothing may keep it past the next command.
 */
public final class Command {
    /** One of {@link org.lockstep.wire.OpCode}'s ordered request types. */
    public int opcode;
    /** The session that asks; 0 for the server's own commands. */
    public long sessionId;
    /** The session's attach counter as the sending server knew it; a stale one is refused with SESSIONMOVED. */
    public int attach;
    /** The client's xid, for the answer. */
    public int cxid;

    byte[] buffer;
    int idsOffset;
    int idsLength;
    int bodyOffset;
    int bodyLength;

    /** Wraps {@code reader} around the request record, exactly as the client sent it behind its request header. */
    public JuteReader body(JuteReader reader) {
        return reader.wrap(buffer, bodyOffset, bodyLength);
    }

    /** Wraps {@code reader} around the connection's identities: a jute vector of {@link org.lockstep.wire.Id}. */
    public JuteReader ids(JuteReader reader) {
        return reader.wrap(buffer, idsOffset, idsLength);
    }

    /** Bytes of the request record. */
    public int bodyLength() {
        return bodyLength;
    }

    /** The array that holds this command's batch; with {@link #idsOffset()} it names equal identities without decoding them. */
    public byte[] buffer() {
        return buffer;
    }

    public int idsOffset() {
        return idsOffset;
    }

    public int idsLength() {
        return idsLength;
    }
}
