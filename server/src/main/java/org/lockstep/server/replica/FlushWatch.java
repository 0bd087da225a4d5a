package org.lockstep.server.replica;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells operators of commits that the medium took too long for: a slow disk is the commonest cause of slow clients. */
final class FlushWatch {
    /** Under ZooKeeper's name, as {@code mntr} shows it. */
    static final String EXCEEDED = "fsync.threshold.exceed.count";
    private static final Logger LOG = LoggerFactory.getLogger(FlushWatch.class);

    private final long thresholdNanos;
    private final long thresholdMillis;
    private final Counter exceeded;

    /** @param thresholdMillis {@code fsync.warningthresholdms}: what takes longer is counted and logged */
    FlushWatch(long thresholdMillis, MetricRegistry registry) {
        this.thresholdMillis = thresholdMillis;
        this.thresholdNanos = TimeUnit.MILLISECONDS.toNanos(thresholdMillis);
        this.exceeded = registry.counter(EXCEEDED);
    }

    /** Notes a commit to the log that took {@code nanos}, its flush included. */
    void took(long nanos) {
        if (nanos > thresholdNanos) {
            exceeded.inc();
            LOG.warn("Putting a commit of the log on the medium took {} ms (fsync.warningthresholdms={}): clients wait for it;"
                    + " give the log a faster disk, or one to itself with dataLogDir", TimeUnit.NANOSECONDS.toMillis(nanos),
                    thresholdMillis);
        }
    }
}
