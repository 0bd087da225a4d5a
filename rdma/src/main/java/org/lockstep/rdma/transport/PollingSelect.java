package org.lockstep.rdma.transport;

import io.netty.channel.EventLoop;
import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.io.IOException;
import java.util.Arrays;

/**
 * Lets an event loop look into the memory that peers write to, between its rounds and instead of sleeping. To be given to the
 * loop's I/O handler; without lanes it does what another strategy says.
 *
 * <p>While lanes are there sockets are asked every {@link #SELECT_NANOS}, and not for each thing that comes: so to receive over
 * RDMA takes no system call. Where asking is slow it is done less often, and it waits for a while for what came through a lane
 * to be dealt with. Everything happens on the loop's thread.
 */
public final class PollingSelect implements SelectStrategy {
    /** How long sockets wait when nothing else is to do. */
    static final long SELECT_NANOS = 20_000;
    /** Of the time of a thread that only looks, asking takes at most one part in so many. */
    private static final int SELECT_SHARE = 32;
    private static final long SELECT_NANOS_MAX = 320_000;
    /** So many times longer they wait while something else is to do. */
    private static final int BUSY_FACTOR = 4;

    /** A transport with lanes. */
    interface Lanes {
        /** Takes what has come, and hands it over; false when there was nothing. */
        boolean poll();

        /** After so long without anything the thread may sleep. */
        long spinNanos();

        /** Has the peers wake the thread; false when something has come meanwhile, so that it must not sleep. */
        boolean prepareToSleep() throws IOException;
    }

    private final SelectStrategy otherwise;
    private Lanes[] all = {};
    private SingleThreadEventExecutor loop;
    private long selectedAt;
    private long selectNanos = SELECT_NANOS;
    private long cameAt;

    /** @param otherwise what to do while there are no lanes */
    public PollingSelect(SelectStrategy otherwise) {
        this.otherwise = otherwise;
    }

    void add(EventLoop owner, Lanes lanes) {
        if (owner instanceof SingleThreadEventExecutor known) {
            loop = known;
        }
        all = Arrays.copyOf(all, all.length + 1);
        all[all.length - 1] = lanes;
        cameAt = System.nanoTime();
    }

    void remove(Lanes lanes) {
        all = Arrays.stream(all).filter(other -> other != lanes).toArray(Lanes[]::new);
    }

    @Override
    public int calculateStrategy(IntSupplier selectNow, boolean hasTasks) throws Exception {
        if (all.length == 0) {
            return otherwise.calculateStrategy(selectNow, hasTasks);
        }
        long now = System.nanoTime();
        boolean busy = poll(now) || hasTasks;
        if (now - selectedAt >= (busy ? BUSY_FACTOR * selectNanos : selectNanos)) {
            int ready = select(selectNow);
            if (ready > 0) {
                return ready;
            }
        }
        if (busy) {
            return CONTINUE;
        }
        if (spins(now)) {
            spin(now);
            return CONTINUE;
        }
        return prepareToSleep() ? SELECT : CONTINUE;
    }

    private int select(IntSupplier selectNow) throws Exception {
        long from = System.nanoTime();
        int ready = selectNow.get();
        selectedAt = System.nanoTime();
        selectNanos = Math.max(SELECT_NANOS, Math.min(SELECT_NANOS_MAX, SELECT_SHARE * (selectedAt - from)));
        return ready;
    }

    private boolean poll(long now) {
        boolean come = false;
        for (Lanes lanes : all) {
            come |= lanes.poll();
        }
        if (come) {
            cameAt = now;
        }
        return come;
    }

    private boolean spins(long now) {
        long longest = 0;
        for (Lanes lanes : all) {
            longest = Math.max(longest, lanes.spinNanos());
        }
        return now - cameAt < longest;
    }

    /** Until something comes, another thread gives the loop a task, or the sockets' turn has come. */
    private void spin(long from) {
        long now = from;
        while (now - selectedAt < selectNanos && (loop == null || loop.pendingTasks() == 0)) {
            Thread.onSpinWait();
            now = System.nanoTime();
            if (poll(now)) {
                return;
            }
        }
    }

    private boolean prepareToSleep() throws IOException {
        boolean may = true;
        for (Lanes lanes : all) {
            may &= lanes.prepareToSleep();
        }
        return may;
    }
}
