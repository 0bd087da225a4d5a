package org.lockstep.state;

/** Hears of sessions that end; on the state machine's thread, while the closing command is applied, after its watches fired. */
@FunctionalInterface
public interface SessionListener {
    /** The session and its ephemerals are gone. */
    void sessionClosed(long sessionId);
}
