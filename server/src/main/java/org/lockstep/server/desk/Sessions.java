package org.lockstep.server.desk;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lockstep.server.admin.ServerView;
import org.lockstep.server.replica.EnsembleView;
import org.lockstep.server.replica.RequestOrder;
import org.lockstep.state.Identities;
import org.lockstep.state.Reply;
import org.lockstep.state.SessionListener;
import org.lockstep.state.SessionOwner;
import org.lockstep.state.StateMachine;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.door.ClientConnection.Pause;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions whose time this server keeps: those of its own clients, and its share of those whose server has left the view
 * ({@link Guardians}).
 *
 * <p>A session exists in the replicated state; here is only what its guardian needs to know. Touching is local and costs nothing.
 * An expiry is an ordered close that carries the attach counter it was decided under, so it is refused when the client has come
 * again meanwhile, at whichever server.
 *
 * <p>An observer keeps no time: its sessions are guarded by the members as those of a server that has left are, and it says now
 * and then, by an ordered request, which ones it has heard of.
 *
 * <p><b>Time that does not count.</b> A client can be held for silent only while it could have been heard. So sessions get on
 * top the time in which this process stood still. And before it expires anybody, this server sends a marker through the order,
 * and looks again when that has come through: a client that came to any server while the order stood still, as in a change of
 * view, is ordered before the expiry that follows the marker. Where the marker took long, those who were due get a timeout more,
 * once.
 */
public final class Sessions implements SessionListener {
    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
    /** How often the expiry queue is looked at; expiry itself is rounded to ticks. */
    private static final int LOOK_MILLIS_MAX = 100;
    /** A look that comes later than this says that the process stood still. */
    private static final int LATE_MILLIS_MAX = 200;
    /** A marker that takes longer says that the order stood still. */
    private static final int MARKER_MILLIS_MAX = 500;
    private static final int WORTH_A_WARNING_MILLIS = 1_000;
    /** So many are expired per look: a rack of clients that is gone must not hold up those that are there. */
    private static final int EXPIRIES_PER_LOOK_MAX = 1_000;
    /** An observer reports so often within the shortest timeout that a client can have. */
    private static final int REPORTS_PER_TIMEOUT = 4;
    private static final int REPORTED_AT_ONCE_MAX = 5_000;
    private static final byte[] NOTHING = {};

    private final RequestOrder order;
    private final StateMachine state;
    private final DeskClock clock;
    private final ExpiryQueue expiry;
    private final Map<Long, LocalSession> guarded = new HashMap<>();
    private final List<LocalSession> suspects = new ArrayList<>();
    private final JuteWriter body = new JuteWriter();
    private final long lookMillis;
    private final long reportMillis;
    private EnsembleView view;
    private boolean suspended;
    private boolean confirming;
    /** Counts the views left behind: a marker that belongs to an earlier one says nothing. */
    private int life;
    private long lastLookMillis;
    private long lastReportMillis;
    private long expiredCount;

    Sessions(RequestOrder order, DeskOptions options, DeskClock clock) {
        this.order = order;
        this.state = order.state();
        this.clock = clock;
        this.expiry = new ExpiryQueue(options.tickTimeMillis());
        this.lookMillis = Math.min(LOOK_MILLIS_MAX, options.tickTimeMillis());
        this.reportMillis = options.minSessionTimeoutMillis() / REPORTS_PER_TIMEOUT;
        this.lastLookMillis = clock.nowMillis();
        this.lastReportMillis = lastLookMillis;
    }

    /** How often {@link #look} is to be called. */
    long lookMillis() {
        return lookMillis;
    }

    // ---- whose sessions

    /**
     * Takes over the time of every session that is this server's to guard and was not before: those get a full timeout from now,
     * so that a fail-over expires nobody whose client is still looking for a server.
     */
    void viewBegan(EnsembleView newView) {
        view = newView;
        long now = clock.nowMillis();
        state.forEachSession(sessionId -> {
            SessionOwner owner = state.sessionOwner(sessionId);
            boolean mine = owner.equals(self()) || isGuardian(sessionId, owner);
            LocalSession known = guarded.get(sessionId);
            if (mine && known == null) {
                guard(ofState(sessionId, now));
            } else if (!mine && known != null) {
                guarded.remove(sessionId);
                known.released = true;
            }
        });
    }

    private boolean isGuardian(long sessionId, SessionOwner owner) {
        return Guardians.of(sessionId, owner, view.members()).equals(view.self());
    }

    private LocalSession ofState(long sessionId, long nowMillis) {
        return new LocalSession(sessionId, state.sessionTimeoutMillis(sessionId), state.attach(sessionId), nowMillis);
    }

    /** This process is of no view any more: it keeps nobody's time. */
    void leaveView() {
        view = null;
        life++;
        suspended = false;
        confirming = false;
        suspects.clear();
        guarded.values().forEach(session -> session.released = true);
        guarded.clear();
        expiry.clear();
    }

    /** From here on nobody expires: clients cannot be served here. */
    void suspend() {
        suspended = true;
    }

    /** Clients can be served again; as after a fail-over each gets a full timeout. */
    void resume() {
        suspended = false;
        grant(Long.MAX_VALUE / 2, clock.nowMillis());
    }

    /** What this process puts down as the owner of its clients' sessions; only in a view. */
    SessionOwner self() {
        return new SessionOwner(view.self().serverId(), view.self().incarnation());
    }

    /** Whether no other server can have ordered anything that is not applied here. */
    boolean isAlone() {
        return view.isMember() && view.members().size() == 1;
    }

    /** A client has come: its session's time is kept here from now on. */
    void guard(LocalSession session) {
        guarded.put(session.id, session);
        if (view.isMember()) {
            expiry.add(session);
        }
    }

    /** Closes the connection that this session has here, if any: a session has one at a time. */
    void dismiss(long sessionId) {
        LocalSession session = guarded.get(sessionId);
        if (session != null) {
            session.dismiss();
        }
    }

    @Override
    public void sessionAttached(long sessionId, SessionOwner owner) {
        LocalSession before = guarded.remove(sessionId);
        if (before != null) {
            before.released = true;
            before.dismiss();
        }
        if (view != null && !owner.equals(self()) && isGuardian(sessionId, owner)) {
            guard(ofState(sessionId, clock.nowMillis())); // of an observer
        }
    }

    @Override
    public void sessionHeard(long sessionId) {
        LocalSession session = guarded.get(sessionId);
        if (session != null && view.isMember()) { // the observer itself learns nothing from its own report
            touch(session, clock.nowMillis());
        }
    }

    @Override
    public void sessionClosed(long sessionId) {
        LocalSession session = guarded.remove(sessionId);
        if (session == null) {
            return;
        }
        session.released = true;
        DeskConnection connection = session.connection;
        session.connection = null;
        if (connection != null && !connection.closesItself) {
            connection.closeBehindOutput();
        }
    }

    // ---- time

    void touch(LocalSession session, long nowMillis) {
        session.lastHeardMillis = nowMillis;
    }

    /** When {@code session} expires unless it is heard of again, by the monotonic clock. */
    long dueMillis(LocalSession session) {
        return expiry.dueMillis(session);
    }

    /** Finds who was silent too long. */
    void look() {
        long now = clock.nowMillis();
        long sleptMillis = now - lastLookMillis - lookMillis;
        lastLookMillis = now;
        if (sleptMillis > LATE_MILLIS_MAX) {
            if (sleptMillis > WORTH_A_WARNING_MILLIS) {
                LOG.warn("This server stood still for {} ms; sessions get that time on top", sleptMillis);
            }
            grant(sleptMillis, now);
        }
        if (view == null || suspended) {
            return;
        }
        if (!view.isMember()) {
            report(now);
        } else if (!confirming) {
            findSilent(now);
        }
    }

    private void findSilent(long now) {
        expiry.advance(now, EXPIRIES_PER_LOOK_MAX, suspects::add);
        if (!suspects.isEmpty()) {
            confirming = true;
            int asked = life;
            order.submit(reply -> confirm(asked, now), OpCode.MARKER, 0, 0, 0, Identities.NONE.encoded(), NOTHING, 0, 0);
        }
    }

    private void report(long now) {
        if (now - lastReportMillis < reportMillis) {
            return;
        }
        List<LocalSession> heard = new ArrayList<>();
        for (LocalSession session : guarded.values()) {
            if (session.connection != null && session.lastHeardMillis >= lastReportMillis) {
                heard.add(session);
            }
        }
        lastReportMillis = now;
        for (int from = 0; from < heard.size(); from += REPORTED_AT_ONCE_MAX) {
            report(heard.subList(from, Math.min(heard.size(), from + REPORTED_AT_ONCE_MAX)));
        }
    }

    private void report(List<LocalSession> heard) {
        body.reset().writeInt(heard.size());
        heard.forEach(session -> body.writeLong(session.id).writeInt(session.attach));
        order.submit(reply -> {}, OpCode.SESSIONS_HEARD, 0, 0, 0, Identities.NONE.encoded(), body.array(), 0, body.length());
    }

    private void grant(long millis, long nowMillis) {
        for (LocalSession session : guarded.values()) {
            session.lastHeardMillis = Math.min(nowMillis, session.lastHeardMillis + millis);
        }
    }

    /** The marker has come through: whoever is still silent expires. */
    private void confirm(int asked, long askedMillis) {
        if (asked != life) {
            return;
        }
        confirming = false;
        long now = clock.nowMillis();
        boolean stoodStill = now - askedMillis > MARKER_MILLIS_MAX;
        List<LocalSession> silent = List.copyOf(suspects);
        suspects.clear();
        for (LocalSession session : silent) {
            if (session.closing || session.released) {
                continue;
            }
            if (isKeptWaiting(session)) {
                touch(session, now);
            } else if (stoodStill && session.pardonedMillis != session.lastHeardMillis) {
                session.pardonedMillis = now;
                touch(session, now);
            }
            if (suspended || expiry.dueMillis(session) > now) {
                expiry.add(session);
            } else {
                LOG.info("Session 0x{} expires: nothing heard for {} ms", Long.toHexString(session.id), session.timeoutMillis);
                session.closing = true;
                expire(session.id, session.attach);
            }
        }
    }

    /** The client has sent what this server has not read yet, since it cannot keep up. */
    private static boolean isKeptWaiting(LocalSession session) {
        return session.connection != null && session.connection.channel.isPaused(Pause.OUTSTANDING_LIMIT);
    }

    /** Orders the end of a session, unless its client comes again before that. */
    void expire(long sessionId, int attach) {
        order.submit(this::expired, OpCode.EXPIRE_SESSION, sessionId, attach, 0, Identities.NONE.encoded(), NOTHING, 0, 0);
    }

    private void expired(Reply reply) {
        if (reply.err == ErrorCode.OK) {
            expiredCount++;
        }
    }

    // ---- for the admin surface, on the event loop

    /** The sessions whose time this server keeps; for an observer, those of its clients. */
    public int count() {
        return guarded.size();
    }

    /** Sessions that this server has expired since its start. */
    public long expiredCount() {
        return expiredCount;
    }

    /** Hands out every session whose time this server keeps, with the wall clock of its expiry. */
    public void forEachExpiry(ServerView.SessionConsumer visitor) {
        for (LocalSession session : guarded.values()) {
            visitor.accept(session.id, clock.wallOf(dueMillis(session)));
        }
    }
}
