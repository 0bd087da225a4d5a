package org.lockstep.compat.diff;

import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/**
 * One request, the same for every server.
 *
 * @param xid what stands in its header; never -1, which would make its reply look like a watch event
 * @param opcode request type
 * @param body request record, well-formed or not; not to be changed
 * @param startsWithZxid the record starts with a zxid that is relative to the program's start (setWatches)
 * @param text how a trace shows it
 */
record Request(int xid, int opcode, byte[] body, boolean startsWithZxid, String text) {
    static Request of(int xid, int opcode, JuteWriter body, String text) {
        return new Request(xid, opcode, body.toByteArray(), false, text);
    }

    static Request ping() {
        return new Request(-2, OpCode.PING, new byte[0], false, "ping");
    }

    /** Appends the frame as it goes over the wire to a server whose program started at {@code baseZxid}. */
    void appendTo(JuteWriter out, long baseZxid) {
        out.writeInt(2 * Integer.BYTES + body.length).writeInt(xid).writeInt(opcode);
        int skipped = 0;
        if (startsWithZxid && body.length >= Long.BYTES) {
            out.writeLong(baseZxid + relativeZxid());
            skipped = Long.BYTES;
        }
        out.writeRaw(body, skipped, body.length - skipped);
    }

    private long relativeZxid() {
        try {
            return new JuteReader(body).readLong();
        } catch (MalformedRecordException e) {
            throw new IllegalStateException("the body was long enough", e);
        }
    }

    /** True when what comes behind it on the same connection may or may not be seen by the server, or be answered before it. */
    boolean standsAlone() {
        return opcode == OpCode.AUTH || opcode == OpCode.SASL || closesConnection();
    }

    /** True when the server is sure to close the connection after its reply. */
    boolean closesConnection() {
        return opcode == OpCode.CLOSE_SESSION || !OpCode.isClientRequest(opcode);
    }
}
