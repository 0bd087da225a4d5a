package org.lockstep.server.replica;

import com.codahale.metrics.Histogram;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import org.lockstep.metrics.Meters;

/**
 * Where a write spends its time, stage by stage; decoding is measured by the client desk. Updated once per slot, not per request,
 * so measuring costs nothing that matters.
 */
final class ReplicaMetrics {
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
        queue = Meters.timer(registry, "write.queue");
        secure = Meters.timer(registry, "write.secure");
        stable = Meters.timer(registry, "write.stable");
        apply = Meters.timer(registry, "write.apply");
        reply = Meters.timer(registry, "write.reply");
        batchSize = Meters.histogram(registry, "write.batch_size");
        batchBytes = Meters.histogram(registry, "write.batch_bytes");
    }
}
