package org.lockstep.server.desk;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Finds the sessions whose time has run out. Expiry is rounded up to whole ticks as in ZooKeeper, so it lies in (timeout, timeout +
 * tick].
 *
 * <p>Touching a session only sets a field; a session is moved to its true bucket when the bucket it lies in comes up. So a busy
 * session costs one move per timeout, however many requests it sends.
 */
final class ExpiryQueue {
    private final long tickMillis;
    private final TreeMap<Long, List<LocalSession>> buckets = new TreeMap<>();

    ExpiryQueue(long tickMillis) {
        this.tickMillis = tickMillis;
    }

    void add(LocalSession session) {
        session.bucketMillis = dueMillis(session);
        buckets.computeIfAbsent(session.bucketMillis, key -> new ArrayList<>()).add(session);
    }

    /** The end of the tick in which the session's timeout runs out. */
    long dueMillis(LocalSession session) {
        return ((session.lastHeardMillis + session.timeoutMillis) / tickMillis + 1) * tickMillis;
    }

    /** When the next bucket comes up; {@code Long.MAX_VALUE} for never. */
    long nextMillis() {
        return buckets.isEmpty() ? Long.MAX_VALUE : buckets.firstKey();
    }

    /** Hands every session to {@code expired} that has not been heard of in time; those that have are looked at again later. */
    void advance(long nowMillis, Consumer<LocalSession> expired) {
        while (!buckets.isEmpty() && buckets.firstKey() <= nowMillis) {
            for (LocalSession session : buckets.pollFirstEntry().getValue()) {
                if (session.closing) {
                    continue;
                }
                if (dueMillis(session) <= nowMillis) {
                    expired.accept(session);
                } else {
                    add(session);
                }
            }
        }
    }
}
