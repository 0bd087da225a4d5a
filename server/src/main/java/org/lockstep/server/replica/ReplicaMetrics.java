package org.lockstep.server.replica;

import com.codahale.metrics.Histogram;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.SlidingWindowReservoir;
import com.codahale.metrics.Timer;

/**
 * Where a write spends its time, stage by stage; decoding is measured by the client desk. Updated once per slot, not per request, so measuring costs nothing that matters.
 */
final class ReplicaMetrics {
    /** Percentiles are over so many last slots: a ring costs one store, where a decaying sample costs a tree insertion. */
    private static final int WINDOW = 1024;

    /** First request of a batch decoded until the batch became a slot. */
    final Timer queue;
    /** Slot handed to the log until it was secured. */
    final Timer secure;
    /** Slot secured here until it was stable and its turn had come. */
    final Timer stable;
    /** Applying a slot to the state machine, replies encoded. */
    final Timer apply;
    /** Handing the replies of a delivery to the sockets. */
    final Timer reply;
    /** Requests per slot. */
    final Histogram batchSize;
    /** Payload bytes per slot. */
    final Histogram batchBytes;

    ReplicaMetrics(MetricRegistry registry) {
        queue = timer(registry, "write.queue");
        secure = timer(registry, "write.secure");
        stable = timer(registry, "write.stable");
        apply = timer(registry, "write.apply");
        reply = timer(registry, "write.reply");
        batchSize = histogram(registry, "write.batch_size");
        batchBytes = histogram(registry, "write.batch_bytes");
    }

    private static Timer timer(MetricRegistry registry, String name) {
        return registry.timer(name, () -> new Timer(new SlidingWindowReservoir(WINDOW)));
    }

    private static Histogram histogram(MetricRegistry registry, String name) {
        return registry.histogram(name, () -> new Histogram(new SlidingWindowReservoir(WINDOW)));
    }
}
