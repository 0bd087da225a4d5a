package org.lockstep.server.desk;

import org.lockstep.server.desk.ReadOnlySessions.Origin;

/**
 * A session as one server knows it while it keeps its time: from one attach to the next. A client that comes again, here or
 * elsewhere, ends this one and begins another.
 */
final class LocalSession {
    final long id;
    final int timeoutMillis;
    /** The attach counter that requests and the expiry carry; stale once the client has come again somewhere. */
    final int attach;
    /** Null for an ordinary session; else it can only read. */
    final Origin readOnlyOrigin;
    /** By the monotonic clock. */
    long lastHeardMillis;
    /** {@link #lastHeardMillis} as it was set in favour of a client whose time ran out while nobody could be served. */
    long pardonedMillis = Long.MIN_VALUE;
    /** The bucket in which {@link ExpiryQueue} will look at it next. */
    long bucketMillis;
    /** Null while nobody is connected. */
    DeskConnection connection;
    /** An ordered close is on its way. */
    boolean closing;
    /** This server keeps its time no more: it is closed, or its client has come again. */
    boolean released;

    LocalSession(long id, int timeoutMillis, int attach, long nowMillis) {
        this(id, timeoutMillis, attach, null, nowMillis);
    }

    LocalSession(long id, int timeoutMillis, int attach, Origin readOnlyOrigin, long nowMillis) {
        this.id = id;
        this.timeoutMillis = timeoutMillis;
        this.attach = attach;
        this.readOnlyOrigin = readOnlyOrigin;
        this.lastHeardMillis = nowMillis;
    }

    boolean isReadOnly() {
        return readOnlyOrigin != null;
    }

    /** Ties {@code connection} to this session and lets its requests in; nothing when it is gone already. */
    void welcome(DeskConnection newConnection) {
        if (!newConnection.channel.isOpen()) {
            return; // the session waits for its client until it expires
        }
        connection = newConnection;
        newConnection.session = this;
        newConnection.channel.acceptSession(timeoutMillis, id, SessionPasswords.of(id), isReadOnly());
        newConnection.countSent();
    }

    /** Closes the connection without a word, if there is one. */
    void dismiss() {
        DeskConnection old = connection;
        connection = null;
        if (old != null) {
            old.channel.close();
        }
    }
}
