package org.lockstep.state;

import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;

/** Sessions come, move and go. Each method returns an error code and has changed nothing when that is not OK. */
final class SessionWrites {
    /** What a session takes in the list of those heard of: its id and its attach counter. */
    private static final int HEARD_BYTES = Long.BYTES + Integer.BYTES;
    private static final SessionListener NOBODY = sessionId -> { };

    private final Tree tree;
    private final NodeStore store;
    private SessionListener listener = NOBODY;

    SessionWrites(Tree tree) {
        this.tree = tree;
        this.store = tree.store;
    }

    void setListener(SessionListener newListener) {
        listener = newListener;
    }

    /** OK when the session is known and {@code attach} its current counter. */
    int check(long sessionId, int attach) {
        Session session = store.sessions.get(sessionId);
        if (session == null) {
            return ErrorCode.SESSION_EXPIRED;
        }
        return session.attach == attach ? ErrorCode.OK : ErrorCode.SESSION_MOVED;
    }

    /** A new session. Ids are never given out twice; should one come again, it is refused rather than taken over. */
    int create(long sessionId, int timeoutMillis, SessionOwner owner) {
        if (sessionId == 0 || timeoutMillis < 0 || !Owner.isSession(sessionId)) {
            return ErrorCode.BAD_ARGUMENTS;
        }
        if (store.sessions.get(sessionId) != null) {
            return ErrorCode.SYSTEM_ERROR;
        }
        store.addSession(new Session(sessionId, timeoutMillis, 0, owner));
        return ErrorCode.OK;
    }

    /**
     * The session goes on over another connection, maybe at another server: what still comes over the old one is refused from
     * here on.
     *
     * @param attach the counter that the new server knew when it asked. Where it is not the current one, another attach came
     *     first, and it is for the asking server to see whether its client is still there: an attach that was held up somewhere
     *     must not take the session from the connection that the client has made since
     */
    int attach(long sessionId, int attach, int timeoutMillis, SessionOwner owner, JuteWriter out) {
        int err = check(sessionId, attach);
        if (err != ErrorCode.OK) {
            return err;
        }
        if (timeoutMillis < 0) {
            return ErrorCode.BAD_ARGUMENTS;
        }
        Session session = store.sessions.get(sessionId);
        session.attach++;
        session.timeoutMillis = timeoutMillis;
        session.owner = owner;
        store.sessionChanged(session);
        out.writeInt(session.attach);
        return ErrorCode.OK;
    }

    int close(long sessionId, int attach, long zxid) {
        int err = check(sessionId, attach);
        if (err == ErrorCode.OK) {
            tree.closeSession(store.sessions.get(sessionId), zxid);
        }
        return err;
    }

    /** Passes on which sessions were heard of; those that have moved or ended since are left out. */
    int heard(JuteReader in) throws MalformedRecordException {
        int count = in.readCount(HEARD_BYTES);
        for (int i = 0; i < count; i++) {
            long sessionId = in.readLong();
            if (check(sessionId, in.readInt()) == ErrorCode.OK) {
                listener.sessionHeard(sessionId);
            }
        }
        return ErrorCode.OK;
    }

    void announceAttached(long sessionId) {
        listener.sessionAttached(sessionId, store.sessions.get(sessionId).owner);
    }

    void announceClosed(long sessionId) {
        listener.sessionClosed(sessionId);
    }
}
