package org.lockstep.state;

import org.lockstep.wire.JuteWriter;

/** What became of one command: refilled by {@link StateMachine#apply}, valid until its next call. */
public final class Reply {
    /** The zxid for the reply header. */
    public long zxid;
    /** The error code for the reply header; when not 0, {@link #body} is empty. */
    public int err;
    /** The reply record. */
    public final JuteWriter body = new JuteWriter();
    /** The quota that the command exceeded and the log should tell of; null when there is none. */
    public QuotaExcess quotaExcess;
}
