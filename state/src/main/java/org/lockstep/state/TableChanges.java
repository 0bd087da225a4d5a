package org.lockstep.state;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;

/**
 * What one generation changed in the small tables. Filled on the state machine's thread; once its generation is frozen it does
 * not change any more, and the checkpoint's thread encodes it.
 */
final class TableChanges {
    private static final int PATH_KEY_BYTES = 16;

    /** A session's record. */
    private record SessionRecord(int timeoutMillis, int attach, SessionOwner owner) {
        static final SessionRecord REMOVED = new SessionRecord(-1, 0, null);
    }

    private final Map<Long, SessionRecord> sessions = new HashMap<>();
    private final Map<String, Long> ephemerals = new HashMap<>();
    private final Map<String, Boolean> reapables = new HashMap<>();
    private final Map<String, Boolean> quotas = new HashMap<>();

    void session(Session session) {
        sessions.put(session.id, new SessionRecord(session.timeoutMillis, session.attach, session.owner));
    }

    void sessionRemoved(long sessionId) {
        sessions.put(sessionId, SessionRecord.REMOVED);
    }

    /** Records the owner of an ephemeral; 0 when it is gone. */
    void ephemeral(String path, long sessionId) {
        ephemerals.put(path, sessionId);
    }

    void reapable(String path, boolean exists) {
        reapables.put(path, exists);
    }

    void quota(String path, boolean exists) {
        quotas.put(path, exists);
    }

    boolean isEmpty() {
        return sessions.isEmpty() && ephemerals.isEmpty() && reapables.isEmpty() && quotas.isEmpty();
    }

    void writeTo(Checkpoint.Sink sink) {
        JuteWriter out = new JuteWriter();
        sessions.forEach((id, session) -> sink.entry(StateBase.Table.SESSIONS, sessionKey(out, id), sessionValue(out, session)));
        MessageDigest sha = sha256();
        ephemerals.forEach((path, owner) -> sink.entry(StateBase.Table.EPHEMERALS, pathKey(sha, path),
                owner == 0 ? null : out.reset().writeLong(owner).writeString(path).toByteArray()));
        reapables.forEach((path, exists) ->
                sink.entry(StateBase.Table.REAPABLES, pathKey(sha, path), pathValue(out, path, exists)));
        quotas.forEach((path, exists) ->
                sink.entry(StateBase.Table.QUOTAS, pathKey(sha, path), pathValue(out, path, exists)));
    }

    private static byte[] sessionKey(JuteWriter out, long id) {
        return out.reset().writeLong(id).toByteArray();
    }

    private static byte[] sessionValue(JuteWriter out, SessionRecord session) {
        return session == SessionRecord.REMOVED
                ? null
                : session.owner.writeTo(out.reset().writeInt(session.timeoutMillis).writeInt(session.attach)).toByteArray();
    }

    private static byte[] pathValue(JuteWriter out, String path, boolean exists) {
        return exists ? out.reset().writeString(path).toByteArray() : null;
    }

    private static byte[] pathKey(MessageDigest sha, String path) {
        return Arrays.copyOf(sha.digest(path.getBytes(StandardCharsets.UTF_8)), PATH_KEY_BYTES);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    static Session readSession(byte[] key, byte[] value) throws MalformedRecordException {
        JuteReader in = new JuteReader(value);
        return new Session(new JuteReader(key).readLong(), in.readInt(), in.readInt(), SessionOwner.read(in));
    }

    static String readPath(byte[] value) throws MalformedRecordException {
        return new JuteReader(value).readString();
    }
}
