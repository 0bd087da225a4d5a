package org.lockstep.state;

import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;

/**
 * The server process that a session's client was last connected to. It keeps the session's time; nobody else expires it as long
 * as that process is in the view. A restarted server is another process.
 *
 * @param serverId the server's number, {@code myid}
 * @param incarnation which process of that server: drawn anew at each start
 */
public record SessionOwner(int serverId, long incarnation) {
    /** Appends the two fields: how a CREATE_SESSION or ATTACH_SESSION body ends, behind the timeout in milliseconds (int). */
    public JuteWriter writeTo(JuteWriter out) {
        return out.writeInt(serverId).writeLong(incarnation);
    }

    static SessionOwner read(JuteReader in) throws MalformedRecordException {
        return new SessionOwner(in.readInt(), in.readLong());
    }
}
