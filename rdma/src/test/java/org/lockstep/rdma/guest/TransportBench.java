package org.lockstep.rdma.guest;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.tcp.TcpMember;
import org.lockstep.rdma.transport.Polling;
import org.lockstep.rdma.transport.RdmaOptions;

/**
 * What a stable slot takes in a view of three over each transport, with logs in memory: from its submission to its delivery at
 * its sender, alone and with 16 under way. {@code rdma/guest/bench.sh} runs it. The three members share one event loop: the
 * guest has fewer processors than busy polling by each would take.
 *
 * <p>Arguments: the number of slots to measure, and the transports to do it over; see {@link #WAYS}.
 */
public final class TransportBench {
    private static final Map<String, UnaryOperator<RdmaOptions>> WAYS = Map.of(
            "busy", options -> options.withPolling(Polling.BUSY, 0),
            "adaptive", options -> options.withPolling(Polling.ADAPTIVE, RdmaOptions.SPIN_NANOS),
            "event", options -> options.withPolling(Polling.EVENT, 0));
    private static final int UNDER_WAY = 16;
    private static final int BYTES = 64;

    private TransportBench() {}

    /** Keeps a number of slots of one or all members under way, and notes how long each takes. */
    private static final class Load {
        private final RdmaMembers ensemble;
        private final long[] nanos;
        private final List<Deque<Long>> begun = List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>());
        private final CountDownLatch done = new CountDownLatch(1);
        private int submitted;
        private int delivered;

        Load(RdmaMembers ensemble, int count) {
            this.ensemble = ensemble;
            this.nanos = new long[count];
        }

        void submit(int index) {
            if (submitted < nanos.length) {
                submitted++;
                begun.get(index).add(System.nanoTime());
                ensemble.members.get(index).submit(new byte[BYTES]);
            }
        }

        void delivered(int index, Slot slot) {
            if (slot.position().rank() != index) {
                return;
            }
            nanos[delivered++] = System.nanoTime() - begun.get(index).remove();
            if (delivered == nanos.length) {
                done.countDown();
            } else {
                submit(index);
            }
        }

        /** Slots per second. */
        double run(int underWay, int senders) throws InterruptedException {
            long from = System.nanoTime();
            ensemble.on(0, () -> {
                for (int i = 0; i < RdmaMembers.COUNT; i++) {
                    int index = i;
                    ensemble.members.get(i).delivered().clear();
                    ensemble.members.get(i).onDelivered(slot -> delivered(index, slot));
                }
                for (int i = 0; i < underWay; i++) {
                    submit(i % senders);
                }
                return null;
            });
            done.await();
            return nanos.length * 1e9 / (System.nanoTime() - from);
        }

        double micros(double part) {
            long[] sorted = nanos.clone();
            Arrays.sort(sorted);
            return sorted[(int) Math.min(sorted.length - 1L, (long) (part * sorted.length))] / 1000.0;
        }
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int count = Integer.parseInt(arguments[0]);
        for (String way : Arrays.asList(arguments).subList(1, arguments.length)) {
            try (RdmaMembers ensemble = new RdmaMembers(WAYS.get(way), 1, -1)) {
                new Load(ensemble, 2 * count).run(UNDER_WAY, RdmaMembers.COUNT); // until the JIT has it
                new Load(ensemble, count).run(1, 1);
                Load alone = new Load(ensemble, count);
                long packets = Guest.packetsSent();
                alone.run(1, 1);
                double packetsPerSlot = (Guest.packetsSent() - packets) / (double) count;
                Load many = new Load(ensemble, 4 * count);
                double perSecond = many.run(UNDER_WAY, RdmaMembers.COUNT);
                System.out.printf("%-9s alone: p50 %.0f us, p99 %.0f us, %.1f RDMA packets a slot;"
                        + " %d under way: %.0f slots/s, p50 %.0f us%n", way, alone.micros(0.5), alone.micros(0.99),
                        packetsPerSlot, UNDER_WAY, perSecond, many.micros(0.5));
            }
        }
        System.exit(0);
    }
}
