package org.lockstep.server.desk;

/** What this server knows of a session that it owns: who is connected, and when it was last heard of. */
final class LocalSession {
    final long id;
    int timeoutMillis;
    int attach;
    /** By the monotonic clock. */
    long lastHeardMillis;
    /** The bucket in which {@link ExpiryQueue} will look at it next. */
    long bucketMillis;
    /** Null while nobody is connected. */
    DeskConnection connection;
    /** An ordered close is on its way; requests are refused. */
    boolean closing;

    LocalSession(long id, int timeoutMillis, int attach, long nowMillis) {
        this.id = id;
        this.timeoutMillis = timeoutMillis;
        this.attach = attach;
        this.lastHeardMillis = nowMillis;
    }
}
