package org.lockstep.state;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/**
 * The replicated state machine. One thread calls it; only a {@link Checkpoint} it made may be written on another.
 */
public final class StateMachine {
    private static final int TRIM_STEPS_PER_FREEZE = 16_384;

    private final StateOptions options;
    private final Overlay overlay;
    private final NodeStore store;
    private final Watches watches;
    private final Events events;
    private final Caller caller = new Caller();
    private final PathDecoder paths = new PathDecoder();
    private final JuteReader body = new JuteReader();
    private final WriteRequest request;
    private final Writes writes;
    private final MultiWrites multi;
    private final SessionWrites sessionWrites;
    private final Tree tree;
    private final Reads reads;
    private final LocalRequests local;
    private final Reaper reaper;

    private long lastZxid;
    private long frozenZxid;
    private byte[] mark;
    private Checkpoint outstanding;

    /** Opens the state that {@code base} holds; an empty base becomes a fresh tree with ZooKeeper's system nodes. */
    public StateMachine(StateBase base, StateOptions options) {
        this.options = options;
        AccessControl access = new AccessControl(options.skipAcl(),
                options.digestAuth() ? List.of(new IpAuthScheme(), new DigestAuth()) : List.of(new IpAuthScheme()));
        overlay = new Overlay(base, options.cacheBytesMax());
        store = new NodeStore(overlay);
        watches = new Watches(access);
        events = new Events(watches);
        tree = new Tree(store, new Quotas(store, options.enforceQuota()), events);
        request = new WriteRequest(paths, access);
        writes = new Writes(tree, access, options, caller);
        multi = new MultiWrites(tree, writes, request, caller);
        sessionWrites = new SessionWrites(tree);
        reads = new Reads(store, access, watches, paths);
        local = new LocalRequests(store, access, watches, reads);
        reaper = new Reaper(store);
        Opening opening = new Opening(base, store);
        opening.run();
        lastZxid = opening.lastZxid();
        frozenZxid = lastZxid;
        mark = opening.mark();
    }

    /**
     * What clients read in {@code /zookeeper/config} of this server, until a request gives that node data. It is this server's own
     * word, as in ZooKeeper, and no part of the replicated state: servers may spell their configurations differently.
     *
     * @param text the server lines and the version; kept, so not to be changed afterwards
     * @param version shown as the zxid of the node's last change
     */
    public void showMembership(byte[] text, long version) {
        reads.showMembership(text, version);
    }

    /** The mark given with the last checkpoint that {@code base} holds; null for a fresh one. */
    public byte[] mark() {
        return mark;
    }

    /** A view begins: zxids go on from {@code viewId << 32}, unless they are there already. */
    public void beginView(long viewId) {
        lastZxid = Math.max(lastZxid, viewId << 32);
    }

    /** The zxid of the last ordered request applied; what lastProcessedZxid is to ZooKeeper. */
    public long lastZxid() {
        return lastZxid;
    }

    /** Applies one ordered request. Watches fire from within. */
    public void apply(long timeMillis, Command command, Reply reply) {
        overlay.settleDebt();
        reply.body.reset();
        caller.is(command);
        int err;
        try {
            err = dispatch(timeMillis, command, reply.body);
        } catch (MalformedRecordException e) {
            err = ErrorCode.MARSHALLING_ERROR;
        }
        if (err == ErrorCode.OK) {
            events.fire(lastZxid);
            if (command.opcode == OpCode.CLOSE_SESSION || command.opcode == OpCode.EXPIRE_SESSION) {
                sessionWrites.announceClosed(command.sessionId);
            } else if (command.opcode == OpCode.ATTACH_SESSION || command.opcode == OpCode.CREATE_SESSION) {
                sessionWrites.announceAttached(command.sessionId);
            }
        } else {
            reply.body.reset();
            events.clear();
        }
        QuotaExcess excess = tree.quotas.takeExcess();
        reply.quotaExcess = err == ErrorCode.OK || err == ErrorCode.QUOTA_EXCEEDED ? excess : null;
        reply.err = err;
        reply.zxid = lastZxid;
        store.digest.add(lastZxid, (long) command.opcode << 32 ^ err);
    }

    private int dispatch(long timeMillis, Command command, JuteWriter out) throws MalformedRecordException {
        JuteReader in = command.body(body);
        int attach = command.attach;
        long sessionId = command.sessionId;
        return switch (command.opcode) {
            case OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL, OpCode.DELETE,
                    OpCode.DELETE_CONTAINER, OpCode.SET_DATA, OpCode.SET_ACL -> {
                request.decode(command.opcode, in, caller);
                lastZxid++;
                writes.begin(lastZxid, timeMillis, sessionId);
                int err = sessionWrites.check(sessionId, attach);
                yield err != ErrorCode.OK ? err : writes.execute(request, out);
            }
            case OpCode.MULTI -> multi(timeMillis, command, in, out);
            case OpCode.RECONFIG -> reconfig(in, sessionId, attach);
            case OpCode.SYNC -> sync(in, sessionId, attach, out);
            case OpCode.CREATE_SESSION -> {
                int timeoutMillis = in.readInt();
                SessionOwner owner = SessionOwner.read(in);
                lastZxid++;
                yield sessionWrites.create(sessionId, timeoutMillis, owner);
            }
            case OpCode.ATTACH_SESSION -> sessionWrites.attach(sessionId, attach, in.readInt(), SessionOwner.read(in), out);
            case OpCode.CLOSE_SESSION, OpCode.EXPIRE_SESSION -> sessionWrites.close(sessionId, attach, ++lastZxid);
            case OpCode.REAP_NODE -> {
                String path = paths.read(in);
                long pzxidSeen = in.readLong();
                yield tree.reap(path, pzxidSeen, ++lastZxid, timeMillis);
            }
            case OpCode.MARKER -> ErrorCode.OK;
            case OpCode.SESSIONS_HEARD -> sessionWrites.heard(in);
            default -> ErrorCode.UNIMPLEMENTED;
        };
    }

    private int multi(long timeMillis, Command command, JuteReader in, JuteWriter out) throws MalformedRecordException {
        int count = 0;
        MalformedRecordException broken = null;
        try {
            count = multi.scan(in);
        } catch (MalformedRecordException e) {
            broken = e;
        }
        if (count == MultiWrites.NULL_ACL) {
            return ErrorCode.MARSHALLING_ERROR;
        }
        lastZxid++;
        if (broken != null) {
            throw broken;
        }
        writes.begin(lastZxid, timeMillis, command.sessionId);
        int err = sessionWrites.check(command.sessionId, command.attach);
        return err != ErrorCode.OK ? err : multi.execute(count, in, out);
    }

    private int reconfig(JuteReader in, long sessionId, int attach) throws MalformedRecordException {
        in.skipBuffer();
        in.skipBuffer();
        in.skipBuffer();
        in.readLong();
        lastZxid++;
        if (!options.reconfigEnabled()) {
            return ErrorCode.RECONFIG_DISABLED;
        }
        int err = sessionWrites.check(sessionId, attach);
        return err != ErrorCode.OK ? err : ErrorCode.UNIMPLEMENTED;
    }

    private int sync(JuteReader in, long sessionId, int attach, JuteWriter out) throws MalformedRecordException {
        String path = paths.read(in);
        int err = sessionWrites.check(sessionId, attach);
        if (err == ErrorCode.OK) {
            out.writeString(path);
        }
        return err;
    }

    /**
     * Answers one local request (reads and watch registrations) from the applied state.
     *
     * @param body the request record
     * @param watcher the connection that asks, to which watches are tied
     * @param out where the reply record goes; nothing is left in it when the answer is an error
     * @return the error code for the reply header
     * @throws MalformedRecordException when the record cannot be decoded; then too, nothing is left in {@code out}
     */
    public int read(int opcode, long sessionId, Identities identities, JuteReader body, Watcher watcher, JuteWriter out)
            throws MalformedRecordException {
        overlay.settleDebt();
        int start = out.length();
        int err = ErrorCode.MARSHALLING_ERROR;
        try {
            err = switch (opcode) {
                case OpCode.MULTI_READ -> local.multiRead(identities, body, out);
                case OpCode.CHECK_WATCHES -> local.checkWatches(body, watcher);
                case OpCode.REMOVE_WATCHES -> local.removeWatches(body, watcher);
                case OpCode.ADD_WATCH -> local.addWatch(body, watcher, out);
                case OpCode.SET_WATCHES -> local.setWatches(body, false, watcher);
                case OpCode.SET_WATCHES2 -> local.setWatches(body, true, watcher);
                case OpCode.GET_EPHEMERALS -> local.getEphemerals(sessionId, body, out);
                case OpCode.WHO_AM_I -> local.whoAmI(identities, out);
                default -> reads.execute(opcode, identities, body, watcher, out);
            };
            return err;
        } finally {
            if (err != ErrorCode.OK) {
                out.truncate(start);
            }
        }
    }

    /** Drops all watches of a connection that is gone. */
    public void removeWatcher(Watcher watcher) {
        watches.removeAll(watcher);
    }

    /**
     * Ends the current overlay generation and hands out what changed in it; null when nothing did, the mark included. One at a
     * time.
     */
    public Checkpoint freeze(byte[] newMark) {
        if (outstanding != null) {
            throw new IllegalStateException("a checkpoint is already under way");
        }
        overlay.trim(TRIM_STEPS_PER_FREEZE);
        if (!store.isChanged() && lastZxid == frozenZxid && Arrays.equals(newMark, mark)) {
            return null;
        }
        int generation = overlay.freeze();
        frozenZxid = lastZxid;
        Meta meta = new Meta(lastZxid, store.nodeCount, store.dataBytes, store.digest.value());
        outstanding = new OverlayCheckpoint(generation, overlay.frozen(), store.takeChanges(), meta, newMark);
        return outstanding;
    }

    /** The base now holds {@code checkpoint}: its generation need not stay in the heap. */
    public void checkpointDone(Checkpoint checkpoint) {
        if (checkpoint != outstanding || checkpoint == null) {
            throw new IllegalArgumentException("not the checkpoint that is under way");
        }
        outstanding = null;
        mark = checkpoint.mark();
        overlay.done();
    }

    /** Lets go of heap that is not needed, in up to {@code steps} small steps; true when more could be let go. For idle times. */
    public boolean trimCache(int steps) {
        return overlay.trim(steps);
    }

    public boolean hasSession(long sessionId) {
        return store.sessions.get(sessionId) != null;
    }

    /** The session's timeout as last negotiated, in milliseconds; -1 when there is no such session. */
    public int sessionTimeoutMillis(long sessionId) {
        Session session = store.sessions.get(sessionId);
        return session == null ? -1 : session.timeoutMillis;
    }

    /** The session's attach counter; -1 when there is no such session. */
    public int attach(long sessionId) {
        Session session = store.sessions.get(sessionId);
        return session == null ? -1 : session.attach;
    }

    /** The server process that the session's client was last connected to; null when there is no such session. */
    public SessionOwner sessionOwner(long sessionId) {
        Session session = store.sessions.get(sessionId);
        return session == null ? null : session.owner;
    }

    /** Hands out every session's id, in ascending order. */
    public void forEachSession(LongConsumer visitor) {
        store.forEachSession(visitor);
    }

    /** A copy of the paths of a session's ephemerals; empty for an unknown session. */
    public Set<String> ephemeralsOf(long sessionId) {
        Session session = store.sessions.get(sessionId);
        return session == null ? Set.of() : Set.copyOf(session.ephemerals());
    }

    /** Sets who hears of sessions that move and end; one listener at a time. */
    public void setSessionListener(SessionListener listener) {
        sessionWrites.setListener(listener);
    }

    /**
     * Finds container and TTL nodes that are due, for {@link OpCode#REAP_NODE} commands; each is looked at in turn, call by call.
     *
     * @param nowMillis the caller's wall clock
     * @param maxNeverUsedMillis age at which a container that never had a child is due; 0 for never
     * @param limit how many to hand out at most
     * @param visitor receives path and guard, the two fields of a REAP_NODE body
     */
    public void reapCandidates(long nowMillis, long maxNeverUsedMillis, int limit, ReapVisitor visitor) {
        reaper.candidates(nowMillis, maxNeverUsedMillis, limit, visitor);
    }

    /** Receives a node that is due. */
    @FunctionalInterface
    public interface ReapVisitor {
        /** {@code guard} is the node's pzxid: should a child come or go before the command is applied, the node stays. */
        void due(String path, long guard);
    }

    /** The number of znodes as ZooKeeper reports it, which counts the root twice. */
    public long nodeCount() {
        return store.nodeCount + 1;
    }

    /** Length of all paths (in characters) and all data (in bytes). */
    public long approximateDataSize() {
        return store.dataBytes;
    }

    public int ephemeralCount() {
        return store.ephemeralCount;
    }

    public int sessionCount() {
        return store.sessions.size();
    }

    /** Watches in the data and the child table together. */
    public long watchCount() {
        return watches.watchCount();
    }

    /** Watches in the data table, which is what the four-letter words report. */
    public long dataWatchCount() {
        return watches.dataWatchCount();
    }

    /** Paths with a watch in the data table. */
    public int dataWatchPathCount() {
        return watches.dataPathCount();
    }

    /** Connections with a watch in the data table. */
    public int dataWatcherCount() {
        return watches.dataWatcherCount();
    }

    /** Hands out every watch of the data table, grouped by path. */
    public void forEachDataWatch(BiConsumer<String, Watcher> visitor) {
        watches.forEachData(visitor);
    }

    /** A digest of all that was applied since the tree was fresh: equal on members that applied the same. */
    public long digest() {
        return store.digest.value();
    }

    /** Nodes that the heap holds now, changed or cached; for metrics. */
    public int heapNodeCount() {
        return overlay.entryCount();
    }

    /** Names of children that the heap keeps for listings, of all nodes; for tests. */
    long keptNames() {
        return overlay.keptNames();
    }
}
