package org.lockstep.state;

/** A connection, as the watch tables see it. Watches are local to the server its client is attached to. */
public interface Watcher {
    /**
     * A watch fired. Called while the change is applied, before any reply of it or after it is made.
     *
     * @param type one of {@link org.lockstep.wire.EventType}
     * @param path the exact path that changed
     * @param zxid the zxid of the change; -1 for what a client missed while away and learns by setting its watches again
     */
    void onEvent(int type, String path, long zxid);

    /** The session the connection serves. */
    long sessionId();

    /** The connection's identities, for the READ check at delivery. */
    Identities identities();
}
