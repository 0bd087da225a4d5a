package org.lockstep.log;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.SlidingWindowReservoir;
import com.codahale.metrics.Timer;

/** The log's meters. Gauges show what the owner last noted, so that no other thread ever enters the environment. */
final class LogMetrics {
    /** Percentiles are over so many last commits: a ring costs one store, where a decaying sample costs a tree insertion. */
    private static final int WINDOW = 1024;

    final Timer secure;
    final Timer flush;
    final Timer fold;
    final Histogram commitSlots;
    final Histogram commitBytes;
    volatile long fileBytes;
    volatile long freePages;
    volatile long tailSlots;

    LogMetrics(MetricRegistry registry) {
        secure = timer(registry, "log.secure");
        flush = timer(registry, "log.flush");
        fold = timer(registry, "log.fold");
        commitSlots = histogram(registry, "log.commit.slots");
        commitBytes = histogram(registry, "log.commit.bytes");
        gauge(registry, "log.used.bytes", () -> fileBytes);
        gauge(registry, "log.freelist.pages", () -> freePages);
        gauge(registry, "log.tail.slots", () -> tailSlots);
    }

    private static Timer timer(MetricRegistry registry, String name) {
        return registry.timer(name, () -> new Timer(new SlidingWindowReservoir(WINDOW)));
    }

    private static Histogram histogram(MetricRegistry registry, String name) {
        return registry.histogram(name, () -> new Histogram(new SlidingWindowReservoir(WINDOW)));
    }

    static void gauge(MetricRegistry registry, String name, Gauge<Long> gauge) {
        registry.remove(name);
        registry.register(name, gauge);
    }
}
