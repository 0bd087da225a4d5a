package org.lockstep.wire.door;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Lets an event loop look for events a moment longer before its thread goes to sleep. A thread that sleeps is woken tens of
 * microseconds after its socket has become readable; a lone client that waits for each reply pays that for every request, once at
 * each server that its request has to reach, and while it does, nobody else has much to do.
 *
 * <p>At most a given time is spent for each time the loop runs out of work, and only while its owner says that it pays.
 * Whoever else wants the processor gets it at each look: where there are fewer processors than threads that look, they take turns,
 * and none sleeps. Everything happens on the loop's thread.
 */
public final class SpinBeforeSleep implements SelectStrategy {
    private final long spinNanos;
    private final LongSupplier nanoTime;
    private BooleanSupplier worthwhile = () -> false;
    private BooleanSupplier hasTasks = () -> false;

    /** @param spinNanos how long to look, at most; 0 is not at all */
    public SpinBeforeSleep(long spinNanos) {
        this(spinNanos, System::nanoTime);
    }

    SpinBeforeSleep(long spinNanos, LongSupplier nanoTime) {
        this.spinNanos = spinNanos;
        this.nanoTime = nanoTime;
    }

    /**
     * To be called on the loop's thread, or before it runs.
     *
     * @param pays asked each time the loop has run out of work
     * @param tasks whether another thread has given the loop a task; asked at each look
     */
    public void setWorthwhile(BooleanSupplier pays, BooleanSupplier tasks) {
        worthwhile = pays;
        hasTasks = tasks;
    }

    @Override
    public int calculateStrategy(IntSupplier selectNow, boolean hasTasksNow) throws Exception {
        if (hasTasksNow) {
            return selectNow.get();
        }
        if (spinNanos == 0 || !worthwhile.getAsBoolean()) {
            return SELECT;
        }
        long end = nanoTime.getAsLong() + spinNanos;
        do {
            int ready = selectNow.get();
            if (ready > 0 || hasTasks.getAsBoolean()) {
                return ready;
            }
            Thread.yield();
        } while (nanoTime.getAsLong() - end < 0);
        return SELECT;
    }
}
