package org.lockstep.wire.door;

import org.lockstep.wire.JuteReader;
import org.lockstep.wire.MalformedRecordException;

/**
 * A client's first frame.
 *
 * @param lastZxidSeen the highest zxid the client has seen in a reply, from whichever server
 * @param timeoutMillis the session timeout it asks for
 * @param sessionId the session to resume; 0 for a new one
 * @param password the session's password; null when none was sent
 * @param readOnly whether the client accepts a read-only server
 * @param knowsReadOnly false for clients before 3.4, which send no such byte and must be sent none
 */
public record ConnectRequest(
        long lastZxidSeen, int timeoutMillis, long sessionId, byte[] password, boolean readOnly, boolean knowsReadOnly) {

    static ConnectRequest decode(JuteReader in) throws MalformedRecordException {
        in.readInt(); // protocol version: every server ignores it
        long lastZxidSeen = in.readLong();
        int timeoutMillis = in.readInt();
        long sessionId = in.readLong();
        byte[] password = in.readBuffer();
        boolean knowsReadOnly = in.remaining() > 0;
        boolean readOnly = knowsReadOnly && in.readBoolean();
        return new ConnectRequest(lastZxidSeen, timeoutMillis, sessionId, password, readOnly, knowsReadOnly);
    }
}
