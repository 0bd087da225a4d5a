package org.lockstep.state;

import java.util.ArrayList;
import java.util.List;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.EventType;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/** The local requests that are not about one node: watches, multiRead, a session's ephemerals, who a connection is. */
final class LocalRequests {
    private static final int ADD_WATCH_PERSISTENT = 0;
    private static final int ADD_WATCH_RECURSIVE = 1;
    private static final int ANSWER_BYTES_MAX = 16 << 20;
    private static final int RESULT_ERROR = -1;
    private static final long UNKNOWN_ZXID = -1;

    private final NodeStore store;
    private final AccessControl access;
    private final Watches watches;
    private final Reads reads;

    LocalRequests(NodeStore store, AccessControl access, Watches watches, Reads reads) {
        this.store = store;
        this.access = access;
        this.watches = watches;
        this.reads = reads;
    }

    /**
     * Answers many reads at once. A request of a megabyte could ask for a large node ten thousand times over, so there is a limit to
     * the answer; what is above it is refused as a whole.
     */
    int multiRead(Identities identities, JuteReader in, JuteWriter out) throws MalformedRecordException {
        int start = out.length();
        while (true) {
            int type = in.readInt();
            boolean done = in.readBoolean();
            in.readInt();
            if (done) {
                MultiWrites.writeHeader(out, RESULT_ERROR, true, -1);
                return ErrorCode.OK;
            }
            if (type != OpCode.GET_DATA && type != OpCode.GET_CHILDREN) {
                throw new MalformedRecordException("request type " + type + " in a multiRead");
            }
            String path = reads.readPath(in);
            in.readBoolean();
            readOne(type, path, identities, out);
            if (out.length() - start > ANSWER_BYTES_MAX) {
                throw new MalformedRecordException("the answer to a multiRead exceeds " + ANSWER_BYTES_MAX + " bytes");
            }
        }
    }

    private void readOne(int type, String path, Identities identities, JuteWriter out) {
        int start = out.length();
        MultiWrites.writeHeader(out, type, false, ErrorCode.OK);
        int err = type == OpCode.GET_DATA
                ? reads.getData(path, identities, null, out)
                : reads.getChildren(path, identities, null, false, out);
        if (err != ErrorCode.OK) {
            out.truncate(start);
            MultiWrites.writeHeader(out, RESULT_ERROR, false, err);
            out.writeInt(err);
        }
    }

    int checkWatches(JuteReader in, Watcher watcher) throws MalformedRecordException {
        String path = reads.readPath(in);
        return watches.contains(path, readWatchType(in), watcher) ? ErrorCode.OK : ErrorCode.NO_WATCHER;
    }

    int removeWatches(JuteReader in, Watcher watcher) throws MalformedRecordException {
        String path = reads.readPath(in);
        return watches.remove(path, readWatchType(in), watcher) ? ErrorCode.OK : ErrorCode.NO_WATCHER;
    }

    private static int readWatchType(JuteReader in) throws MalformedRecordException {
        int type = in.readInt();
        if (type < Watches.TYPE_CHILDREN || type > Watches.TYPE_RECURSIVE) {
            throw new MalformedRecordException("watch type " + type);
        }
        return type;
    }

    int addWatch(JuteReader in, Watcher watcher, JuteWriter out) throws MalformedRecordException {
        String path = reads.readPath(in);
        switch (in.readInt()) {
            case ADD_WATCH_PERSISTENT -> watches.addPersistent(path, watcher);
            case ADD_WATCH_RECURSIVE -> watches.addRecursive(path, watcher);
            default -> throw new MalformedRecordException("unknown watch mode");
        }
        out.writeInt(ErrorCode.OK);
        return ErrorCode.OK;
    }

    /** Sets the watches of a client that was away, and tells it at once what it missed. */
    int setWatches(JuteReader in, boolean withPersistent, Watcher watcher) throws MalformedRecordException {
        long seenZxid = in.readLong();
        List<String> data = readPaths(in);
        List<String> exist = readPaths(in);
        List<String> child = readPaths(in);
        List<String> persistent = withPersistent ? readPaths(in) : List.of();
        List<String> recursive = withPersistent ? readPaths(in) : List.of();
        for (String path : data) {
            setDataWatch(path, seenZxid, watcher);
        }
        for (String path : exist) {
            if (store.overlay.peek(rooted(path)) != null) {
                watcher.onEvent(EventType.NODE_CREATED, path, UNKNOWN_ZXID);
            } else {
                watches.addData(path, watcher);
            }
        }
        for (String path : child) {
            setChildWatch(path, seenZxid, watcher);
        }
        for (String path : persistent) {
            watches.addPersistent(path, watcher);
        }
        for (String path : recursive) {
            watches.addRecursive(path, watcher);
        }
        return ErrorCode.OK;
    }

    private static String rooted(String path) {
        return path.isEmpty() ? "/" : path;
    }

    private void setDataWatch(String path, long seenZxid, Watcher watcher) {
        Node node = store.overlay.peek(rooted(path));
        if (node == null) {
            watcher.onEvent(EventType.NODE_DELETED, path, UNKNOWN_ZXID);
        } else if (node.mzxid > seenZxid) {
            watcher.onEvent(EventType.NODE_DATA_CHANGED, path, UNKNOWN_ZXID);
        } else {
            watches.addData(path, watcher);
        }
    }

    private void setChildWatch(String path, long seenZxid, Watcher watcher) {
        Node node = store.overlay.peek(rooted(path));
        if (node == null) {
            watcher.onEvent(EventType.NODE_DELETED, path, UNKNOWN_ZXID);
        } else if (node.pzxid > seenZxid) {
            watcher.onEvent(EventType.NODE_CHILDREN_CHANGED, path, UNKNOWN_ZXID);
        } else {
            watches.addChild(path, watcher);
        }
    }

    private List<String> readPaths(JuteReader in) throws MalformedRecordException {
        int count = in.readCount(Integer.BYTES);
        if (count < 0) {
            throw new MalformedRecordException("null list of watches");
        }
        List<String> read = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            read.add(reads.readPath(in));
        }
        return read;
    }

    /** The caller's ephemerals whose path starts with the given text; all for null, blank or the root. */
    int getEphemerals(long sessionId, JuteReader in, JuteWriter out) throws MalformedRecordException {
        String prefix = in.readString();
        boolean all = prefix == null || prefix.isBlank() || prefix.trim().equals("/");
        Session session = store.sessions.get(sessionId);
        List<String> found = new ArrayList<>();
        if (session != null) {
            for (String path : session.ephemerals()) {
                if (all || path.startsWith(prefix)) {
                    found.add(path);
                }
            }
        }
        out.writeStrings(found);
        return ErrorCode.OK;
    }

    int whoAmI(Identities identities, JuteWriter out) {
        out.writeInt(identities.ids().size());
        for (Id id : identities.ids()) {
            out.writeString(id.scheme()).writeString(access.userName(id));
        }
        return ErrorCode.OK;
    }
}
