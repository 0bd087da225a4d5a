package org.lockstep.ensemble.sim;

import java.nio.ByteBuffer;
import java.util.List;

/** A batch of requests in a slot: each a session, a number in the session, and whether it is a barrier. */
final class Payload {
    private static final int BARRIER_BIT = 62;

    private Payload() {}

    static long request(int session, int number, boolean barrier) {
        return (barrier ? 1L << BARRIER_BIT : 0) | (long) session << 32 | number;
    }

    static boolean isBarrier(long request) {
        return (request >> BARRIER_BIT & 1) != 0;
    }

    static int session(long request) {
        return (int) (request >> 32 & 0x3fffffff);
    }

    static int number(long request) {
        return (int) request;
    }

    static byte[] encode(List<Long> requests) {
        ByteBuffer out = ByteBuffer.allocate(requests.size() * Long.BYTES);
        requests.forEach(out::putLong);
        return out.array();
    }

    static long[] decode(byte[] payload) {
        long[] requests = new long[payload.length / Long.BYTES];
        ByteBuffer.wrap(payload).asLongBuffer().get(requests);
        return requests;
    }
}
