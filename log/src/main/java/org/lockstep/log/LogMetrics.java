package org.lockstep.log;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import java.util.List;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.metrics.Meters;

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
        secure = Meters.timer(registry, "log.secure");
        flush = Meters.timer(registry, "log.flush");
        fold = Meters.timer(registry, "log.fold");
        commitSlots = Meters.histogram(registry, "log.commit.slots");
        commitBytes = Meters.histogram(registry, "log.commit.bytes");
        gauge(registry, "log.used.bytes", () -> fileBytes);
        gauge(registry, "log.freelist.pages", () -> freePages);
        gauge(registry, "log.tail.slots", () -> tailSlots);
    }

    /** These were secured together. */
    void secured(List<Slot> slots) {
        int bytes = 0;
        for (int i = 0; i < slots.size(); i++) {
            bytes += slots.get(i).payload().length;
        }
        commitSlots.update(slots.size());
        commitBytes.update(bytes);
    }

    static void gauge(MetricRegistry registry, String name, Gauge<Long> gauge) {
        registry.remove(name);
        registry.register(name, gauge);
    }
}
