package org.lockstep.rdma.transport;

import java.net.InetSocketAddress;
import org.lockstep.rdma.verbs.QueuePairOptions;

/**
 * How a server uses RDMA.
 *
 * @param address an address of its device, and the port at which peers dial; 0 for any, as they are told
 * @param required peers without RDMA are refused; else what they are sent goes over TCP
 * @param polling how it finds out what peers have written
 * @param spinNanos under {@link Polling#ADAPTIVE}: how long it looks before it sleeps
 * @param ringBytes the ring of a lane, a power of two; of two servers' settings the smaller counts. A lane pins twice as much
 * @param queueBytesMax what may wait to be sent to one peer; the connection is closed when more would
 * @param pairs how queue pairs are made
 * @param dialMillis how long each step of making a lane may take
 */
public record RdmaOptions(InetSocketAddress address, boolean required, Polling polling, long spinNanos, int ringBytes,
        long queueBytesMax, QueuePairOptions pairs, int dialMillis) {
    public static final int RING_BYTES = 4 << 20;
    public static final int RING_BYTES_MIN = 64 << 10;
    public static final int RING_BYTES_MAX = 1 << 30;
    public static final long SPIN_NANOS = 100_000;
    private static final long QUEUE_BYTES_MAX = 64L << 20;
    private static final int DIAL_MILLIS = 2000;

    public RdmaOptions {
        if (Integer.bitCount(ringBytes) != 1 || ringBytes < RING_BYTES_MIN || ringBytes > RING_BYTES_MAX) {
            throw new IllegalArgumentException("a ring has a power of two of bytes, from " + RING_BYTES_MIN + " to "
                    + RING_BYTES_MAX + ", not " + ringBytes);
        }
        if (spinNanos < 0 || queueBytesMax < 0 || dialMillis < 1) {
            throw new IllegalArgumentException("negative times or sizes: " + spinNanos + ", " + queueBytesMax + ", " + dialMillis);
        }
    }

    /** The defaults for the device with this address. */
    public static RdmaOptions of(InetSocketAddress address) {
        return new RdmaOptions(address, false, Polling.ADAPTIVE, SPIN_NANOS, RING_BYTES, QUEUE_BYTES_MAX,
                QueuePairOptions.DEFAULT, DIAL_MILLIS);
    }

    public RdmaOptions withRequired(boolean value) {
        return new RdmaOptions(address, value, polling, spinNanos, ringBytes, queueBytesMax, pairs, dialMillis);
    }

    public RdmaOptions withPolling(Polling value, long spin) {
        return new RdmaOptions(address, required, value, spin, ringBytes, queueBytesMax, pairs, dialMillis);
    }

    public RdmaOptions withBounds(int ring, long queue) {
        return new RdmaOptions(address, required, polling, spinNanos, ring, queue, pairs, dialMillis);
    }

    public RdmaOptions withPairs(QueuePairOptions value) {
        return new RdmaOptions(address, required, polling, spinNanos, ringBytes, queueBytesMax, value, dialMillis);
    }
}
