package org.lockstep.ensemble.tcp;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Log lines about what may go wrong many times a second: each kind once in ten seconds, then with the number of those left out.
 * Bounded: strangers cannot fill the heap. On the event loop.
 */
final class RateLimitedLog {
    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int KINDS_MAX = 256;

    private final Map<String, Entry> entries = new HashMap<>();
    private final Logger log;
    private final LongSupplier nanoTime;

    private static final class Entry {
        long saidAt;
        long leftOut;
    }

    RateLimitedLog(Logger log, LongSupplier nanoTime) {
        this.log = log;
        this.nanoTime = nanoTime;
    }

    /** Warns, unless a line of this {@code kind} was logged of late. */
    void warn(String kind, String line) {
        long now = nanoTime.getAsLong();
        Entry entry = entries.get(kind);
        if (entry != null && now - entry.saidAt < EVERY_NANOS) {
            entry.leftOut++;
            return;
        }
        if (entry == null) {
            if (entries.size() >= KINDS_MAX) {
                entries.clear();
            }
            entry = new Entry();
            entries.put(kind, entry);
        }
        log.warn("{}{}", line, entry.leftOut == 0 ? "" : " (and " + entry.leftOut + " more like this)");
        entry.saidAt = now;
        entry.leftOut = 0;
    }
}
