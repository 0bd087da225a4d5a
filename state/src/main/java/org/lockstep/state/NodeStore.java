package org.lockstep.state;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.LongConsumer;
import org.lockstep.wire.Paths;

/**
 * The nodes and everything that follows from them: counts, ephemerals by session, what the reaper looks after, which paths
 * carry a quota. All changes go through {@link #replace}, which can be recorded and taken back. Not thread-safe.
 */
final class NodeStore {
    static final String QUOTA_ROOT = "/zookeeper/quota";
    static final String LIMITS_NAME = "/zookeeper_limits";
    static final String STATS_NAME = "/zookeeper_stats";

    final Overlay overlay;
    final LongMap<Session> sessions = new LongMap<>();
    final Set<String> reapables = new LinkedHashSet<>();
    final Set<String> quotaPaths = new HashSet<>();
    final Digest digest = new Digest();
    private final UndoLog undo = new UndoLog();

    private TableChanges changes = new TableChanges();
    private boolean recording;
    private long digestBefore;
    long nodeCount;
    long dataBytes;
    int ephemeralCount;

    NodeStore(Overlay overlay) {
        this.overlay = overlay;
    }

    /** The entry of an existing node, or null; the empty path is an alias of the root. */
    Entry find(String path) {
        return overlay.find(path.isEmpty() ? "/" : path);
    }

    /** Changes a node that stays: {@code next} has the same owner. */
    void replace(Entry entry, Node next) {
        change(entry, entry.node(), next, null);
    }

    /** Makes a node appear ({@code next} not null) or vanish below {@code parent}. */
    void replace(Entry entry, Node next, Entry parent) {
        change(entry, entry.node(), next, parent);
    }

    private void change(Entry entry, Node from, Node to, Entry parent) {
        if (recording) {
            undo.add(entry, from, parent);
        }
        digest.add(entry.path, to);
        apply(entry, from, to, parent);
    }

    private void apply(Entry entry, Node from, Node to, Entry parent) {
        overlay.set(entry, to);
        dataBytes += bytesOf(entry.path, to) - bytesOf(entry.path, from);
        if (from == null || to == null) {
            int delta = from == null ? 1 : -1;
            nodeCount += delta;
            if (parent != null) {
                overlay.touch(parent, entry);
            }
            index(entry.path, from == null ? to.owner : from.owner, delta > 0);
        }
    }

    private static long bytesOf(String path, Node node) {
        return node == null ? 0 : path.length() + node.dataLength();
    }

    private void index(String path, long owner, boolean appeared) {
        if (Owner.isSession(owner)) {
            Session session = sessions.get(owner);
            if (appeared) {
                session.addEphemeral(path);
            } else {
                session.removeEphemeral(path);
            }
            ephemeralCount += appeared ? 1 : -1;
            changes.ephemeral(path, appeared ? owner : 0);
        } else if (Owner.isReapable(owner)) {
            if (appeared) {
                reapables.add(path);
            } else {
                reapables.remove(path);
            }
            changes.reapable(path, appeared);
        }
        if (path.endsWith(LIMITS_NAME)) {
            indexQuota(quotaPathOf(path, LIMITS_NAME), appeared);
        }
    }

    private void indexQuota(String quotaPath, boolean appeared) {
        if (quotaPath == null) {
            return;
        }
        if (appeared) {
            quotaPaths.add(quotaPath);
        } else {
            quotaPaths.remove(quotaPath);
        }
        changes.quota(quotaPath, appeared);
    }

    /** The path that the quota node {@code path}, named {@code name}, is about; null when it is none, or about the root. */
    static String quotaPathOf(String path, String name) {
        int end = path.length() - name.length();
        boolean isQuota = path.startsWith(QUOTA_ROOT + "/") && path.endsWith(name) && end > QUOTA_ROOT.length();
        return isQuota ? path.substring(QUOTA_ROOT.length(), end) : null;
    }

    /** Adds, at the root of a fresh tree or below it, a node that no request made. */
    void plant(String path, AclList acl, int aversion, int childCount) {
        Entry entry = overlay.vacant(path);
        Node node = new Node(0, 0, 0, 0, 0, 0, 0, aversion, childCount, Owner.PERSISTENT, acl, new byte[0]);
        replace(entry, node, path.equals("/") ? null : overlay.find(Paths.parentOf(path)));
    }

    /** From here on changes can be taken back by {@link #rollBack}, until {@link #commit}. */
    void begin() {
        recording = true;
        digestBefore = digest.value();
    }

    void commit() {
        recording = false;
        undo.clear();
    }

    void rollBack() {
        recording = false;
        undo.unwind(this::restore);
        digest.reset(digestBefore);
    }

    private void restore(Entry entry, Node before, Entry parent) {
        apply(entry, entry.node(), before, parent);
    }

    void addSession(Session session) {
        sessions.put(session.id, session);
        changes.session(session);
        addToDigest(session);
    }

    void sessionChanged(Session session) {
        changes.session(session);
        addToDigest(session);
    }

    private void addToDigest(Session session) {
        digest.add(session.id, (long) session.timeoutMillis << 32 ^ session.attach);
        digest.add(session.owner.serverId(), session.owner.incarnation());
    }

    void removeSession(long sessionId) {
        sessions.remove(sessionId);
        changes.sessionRemoved(sessionId);
        digest.add(sessionId, -1);
    }

    void forEachSession(LongConsumer visitor) {
        for (long id : sessions.sortedKeys()) {
            visitor.accept(id);
        }
    }

    boolean isChanged() {
        return overlay.isDirty() || !changes.isEmpty();
    }

    /** Hands out what the current generation changed in the small tables, and starts the next. */
    TableChanges takeChanges() {
        TableChanges taken = changes;
        changes = new TableChanges();
        return taken;
    }
}
