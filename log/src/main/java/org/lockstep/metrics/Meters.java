package org.lockstep.metrics;

import com.codahale.metrics.Histogram;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Reservoir;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.Timer;

/** Timers and histograms whose snapshots are {@link SummarySnapshot}s; any thread may update them. */
public final class Meters {
    private Meters() {}

    /** The timer of this name, made if there is none yet. */
    public static Timer timer(MetricRegistry registry, String name) {
        return registry.timer(name, () -> new Timer(new SharedSummary()));
    }

    /** The histogram of this name, made if there is none yet. */
    public static Histogram histogram(MetricRegistry registry, String name) {
        return registry.histogram(name, () -> new Histogram(new SharedSummary()));
    }

    /** One writes and another looks now and then: a monitor that is never contended is cheap. */
    private static final class SharedSummary implements Reservoir {
        private final Summary summary = new Summary();

        @Override
        public synchronized int size() {
            return summary.recentCount();
        }

        @Override
        public synchronized void update(long value) {
            summary.update(value);
        }

        @Override
        public synchronized Snapshot getSnapshot() {
            return summary.snapshot();
        }
    }
}
