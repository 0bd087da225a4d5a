package org.lockstep.log;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;

/** The log's meters. Gauges show what the owner last noted, so that no other thread ever enters the environment. */
final class LogMetrics {
    final Timer secure;
    final Timer flush;
    final Timer fold;
    final Histogram commitSlots;
    final Histogram commitBytes;
    volatile long fileBytes;
    volatile long freePages;
    volatile long tailSlots;

    LogMetrics(MetricRegistry registry) {
        secure = registry.timer("log.secure");
        flush = registry.timer("log.flush");
        fold = registry.timer("log.fold");
        commitSlots = registry.histogram("log.commit.slots");
        commitBytes = registry.histogram("log.commit.bytes");
        gauge(registry, "log.used.bytes", () -> fileBytes);
        gauge(registry, "log.freelist.pages", () -> freePages);
        gauge(registry, "log.tail.slots", () -> tailSlots);
    }

    static void gauge(MetricRegistry registry, String name, Gauge<Long> gauge) {
        registry.remove(name);
        registry.register(name, gauge);
    }
}
