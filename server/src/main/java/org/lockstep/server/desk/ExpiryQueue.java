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

    void clear() {
        buckets.clear();
    }

    /**
     * Takes out sessions that have not been heard of in time and hands them to {@code expired}, at most {@code countMax}; those
     * that have been heard of are looked at again later.
     */
    void advance(long nowMillis, int countMax, Consumer<LocalSession> expired) {
        int count = 0;
        while (count < countMax && !buckets.isEmpty() && buckets.firstKey() <= nowMillis) {
            List<LocalSession> bucket = buckets.firstEntry().getValue();
            while (count < countMax && !bucket.isEmpty()) {
                LocalSession session = bucket.remove(bucket.size() - 1);
                if (session.closing || session.released) {
                    continue;
                }
                if (dueMillis(session) <= nowMillis) {
                    expired.accept(session);
                    count++;
                } else {
                    add(session);
                }
            }
            if (bucket.isEmpty()) {
                buckets.pollFirstEntry();
            }
        }
    }
}
