package org.lockstep.rdma.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lockstep.rdma.lane.LaneAddress;

class LaneTalkTest {
    private static final InetSocketAddress PORT = new InetSocketAddress("10.9.250.1", 54_321);
    private static final LaneAddress MEMORY = new LaneAddress(0x7fff_1234_5678_9000L, 0xfedcba98, 1 << 20, 77L << 40, 5);

    @Test
    void everyWordComesAsItWasSaid() {
        for (LaneTalk word : List.of(new LaneTalk.Hello(PORT, 1 << 22, true), new LaneTalk.Hello(PORT, 1 << 30, false),
                new LaneTalk.Offer(7, 1L << 31, MEMORY, PORT), new LaneTalk.Offer(1L << 40, 9, MEMORY, null),
                new LaneTalk.Begin(7, -1), new LaneTalk.Begin(8, 1L << 33), new LaneTalk.Retire(9, true, ""),
                new LaneTalk.Retire(10, false, "na\u00efve \u20ac"))) {
            byte[] encoded = word.encode();
            assertTrue(encoded.length <= LaneTalk.BYTES_MAX);
            assertEquals(word, LaneTalk.decode(encoded));
        }
    }

    @Test
    void reasonsThatAreTooLongAreCut() {
        LaneTalk.Retire cut = (LaneTalk.Retire) LaneTalk.decode(new LaneTalk.Retire(1, true, "x".repeat(1000)).encode());
        assertTrue(cut.why().length() > 200 && cut.why().matches("x+"), cut.why());
    }

    @Test
    void whatIsCutShortOrUnknownIsLeftAside() {
        for (LaneTalk word : List.of(new LaneTalk.Hello(PORT, 1 << 22, true), new LaneTalk.Offer(7, 8, MEMORY, PORT),
                new LaneTalk.Begin(7, 4))) {
            byte[] encoded = word.encode();
            for (int length = 0; length < encoded.length; length++) {
                assertNull(LaneTalk.decode(Arrays.copyOf(encoded, length)), word + " cut to " + length);
            }
        }
        assertNull(LaneTalk.decode(new byte[] {99, 1, 2, 3}));
        assertArrayEquals(new byte[] {4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2}, new LaneTalk.Begin(1, 2).encode());
    }
}
