package org.lockstep.state;

/** Hears of sessions that move and end; on the state machine's thread, while the command that does it is applied. */
@FunctionalInterface
public interface SessionListener {
    /** The session and its ephemerals are gone; their watches have fired. */
    void sessionClosed(long sessionId);

    /** The session's client has come to {@code owner}: the first time, or again, maybe to the server it was at before. */
    default void sessionAttached(long sessionId, SessionOwner owner) {}

    /** The owner, an observer, has heard of the session's client lately. */
    default void sessionHeard(long sessionId) {}
}
