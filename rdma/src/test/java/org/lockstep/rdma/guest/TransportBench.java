package org.lockstep.rdma.guest;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.tcp.TcpMember;
import org.lockstep.rdma.transport.Polling;
import org.lockstep.rdma.transport.RdmaOptions;

/**
 * What a stable slot takes in a view of three over each transport, with logs in memory: from its submission to its delivery at
 * its sender, alone and with 16 under way. {@code rdma/guest/bench.sh} runs it. One member has an event loop of its own,
 * the two others share one: the guest has two processors.
 *
 * <p>Arguments: the number of slots to measure, for how many seconds at least as many run before it, until the JIT compiler has all
 * of it, and the transports to do it over; see {@link #WAYS}.
 */
public final class TransportBench {
    private static final Map<String, UnaryOperator<RdmaOptions>> WAYS = Map.of(
            "busy", options -> options.withPolling(Polling.BUSY, 0),
            "adaptive", options -> options.withPolling(Polling.ADAPTIVE, RdmaOptions.SPIN_NANOS),
            "event", options -> options.withPolling(Polling.EVENT, 0));
    private static final int LOOPS = Integer.getInteger("bench.loops", 2);
    /** On processors that the JIT compiler takes for itself at times nobody is to be suspected. */
    private static final EnsembleOptions PATIENT = new EnsembleOptions(RdmaMembers.CORE.voterIds(), RdmaMembers.CORE.policy(),
            RdmaMembers.CORE.heartbeatNanos(), TimeUnit.SECONDS.toNanos(30), TimeUnit.SECONDS.toNanos(30),
            RdmaMembers.CORE.restartGraceNanos(), RdmaMembers.CORE.flushIntervalNanos(), RdmaMembers.CORE.patienceNanos(),
            RdmaMembers.CORE.minView(), RdmaMembers.CORE.bootstrapExpect(), RdmaMembers.CORE.windowSlots(),
            RdmaMembers.CORE.windowBytes(), RdmaMembers.CORE.slotBytesMax(), RdmaMembers.CORE.ensembleId());
    /** Before and after the slots that go one at a time: for who counts something meanwhile. */
    private static final int PAUSE_MILLIS = Integer.getInteger("bench.pauseMillis", 0);
    private static final int ROUNDS = Integer.getInteger("bench.rounds", 1);
    private static final int UNDER_WAY = 16;
    private static final int BYTES = 64;
    private static final int WARM_UP_SLOTS = 1000;

    private TransportBench() {}

    /** Keeps a number of slots of one or all members under way, and notes how long each takes. */
    private static final class Load {
        private final RdmaMembers ensemble;
        private final long[] nanos;
        private final List<Deque<Long>> begun = List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>());
        private final AtomicInteger submitted = new AtomicInteger();
        private final AtomicInteger delivered = new AtomicInteger();
        private final CountDownLatch done;

        Load(RdmaMembers ensemble, int count) {
            this.ensemble = ensemble;
            this.nanos = new long[count];
            this.done = new CountDownLatch(count);
        }

        private void submit(int index) {
            if (submitted.getAndIncrement() < nanos.length) {
                begun.get(index).add(System.nanoTime());
                ensemble.members.get(index).submit(new byte[BYTES]);
            }
        }

        private void delivered(int index, Slot slot) {
            if (slot.position().rank() == index) {
                nanos[delivered.getAndIncrement()] = System.nanoTime() - begun.get(index).remove();
                done.countDown();
                submit(index);
            }
        }

        /** Slots per second. */
        double run(int underWay, int senders) throws InterruptedException {
            for (int i = 0; i < RdmaMembers.COUNT; i++) {
                int index = i;
                ensemble.on(i, () -> {
                    ensemble.members.get(index).delivered().clear();
                    ensemble.members.get(index).onDelivered(slot -> delivered(index, slot));
                    return null;
                });
            }
            long from = System.nanoTime();
            for (int i = 0; i < underWay; i++) {
                int index = i % senders;
                ensemble.on(index, () -> {
                    submit(index);
                    return null;
                });
            }
            while (!done.await(1, TimeUnit.SECONDS)) {
                for (TcpMember member : ensemble.members) {
                    if (member.failure() != null) {
                        throw new IllegalStateException("a member failed", member.failure());
                    }
                }
            }
            return nanos.length * 1e9 / (System.nanoTime() - from);
        }

        double micros(double part) {
            long[] sorted = nanos.clone();
            Arrays.sort(sorted);
            return sorted[(int) Math.min(sorted.length - 1L, (long) (part * sorted.length))] / 1000.0;
        }
    }

    private static void warmUp(RdmaMembers ensemble, long nanos) throws InterruptedException {
        long from = System.nanoTime();
        do {
            new Load(ensemble, WARM_UP_SLOTS).run(UNDER_WAY, RdmaMembers.COUNT);
            Load alone = new Load(ensemble, WARM_UP_SLOTS);
            alone.run(1, 1);
            System.out.printf("warming up, %d s: p50 %.0f us, p10 %.0f us%n", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - from),
                    alone.micros(0.5), alone.micros(0.1));
        } while (System.nanoTime() - from < nanos);
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int count = Integer.parseInt(arguments[0]);
        long warmNanos = TimeUnit.SECONDS.toNanos(Integer.parseInt(arguments[1]));
        for (String way : Arrays.asList(arguments).subList(2, arguments.length)) {
            try (RdmaMembers ensemble = new RdmaMembers(WAYS.get(way), LOOPS, -1, PATIENT)) {
                for (int i = 0; i < RdmaMembers.COUNT; i++) {
                    TcpMember member = ensemble.members.get(i);
                    ensemble.on(i, () -> {
                        member.secureAtOnce();
                        return null;
                    });
                }
                warmUp(ensemble, warmNanos);
                for (int i = 0; i < ROUNDS; i++) {
                    measure(ensemble, way, count);
                }
            }
        }
        System.exit(0);
    }

    private static void measure(RdmaMembers ensemble, String way, int count) throws IOException, InterruptedException {
        System.out.println("one at a time:");
        Thread.sleep(PAUSE_MILLIS);
        Load alone = new Load(ensemble, count);
        long packets = Guest.packetsSent();
        alone.run(1, 1);
        double packetsPerSlot = (Guest.packetsSent() - packets) / (double) count;
        System.out.printf("%-9s alone: p10 %.0f us, p50 %.0f us, p99 %.0f us, %.1f RDMA packets a slot%n", way,
                alone.micros(0.1), alone.micros(0.5), alone.micros(0.99), packetsPerSlot);
        Thread.sleep(PAUSE_MILLIS);
        Load many = new Load(ensemble, 4 * count);
        double perSecond = many.run(UNDER_WAY, RdmaMembers.COUNT);
        System.out.printf("%-9s %d under way: %.0f slots/s, p50 %.0f us%n", way, UNDER_WAY, perSecond, many.micros(0.5));
    }
}
