package org.lockstep.wire.door;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.util.function.BooleanSupplier;

/**
 * Lets an event loop look for events a moment longer before its thread goes to sleep. A thread that sleeps is woken tens of
 * microseconds after its socket has become readable; a lone client that waits for each reply pays that for every request, and
 * while it does, nobody else needs the processor.
 *
 * <p>At most {@link #SPIN_NANOS} are spent for each time the loop runs out of work, and only while its owner says that it pays. A
 * task given to the loop by another thread meanwhile waits until the spin ends. Everything happens on the loop's thread.
 */
public final class SpinBeforeSleep implements SelectStrategy {
    static final long SPIN_NANOS = 100_000;

    private BooleanSupplier worthwhile = () -> false;

    /** {@code worthwhile} is asked each time the loop has run out of work. Call it on the loop's thread, or before it runs. */
    public void setWorthwhile(BooleanSupplier worthwhile) {
        this.worthwhile = worthwhile;
    }

    @Override
    public int calculateStrategy(IntSupplier selectNow, boolean hasTasks) throws Exception {
        if (hasTasks) {
            return selectNow.get();
        }
        if (!worthwhile.getAsBoolean()) {
            return SELECT;
        }
        long end = System.nanoTime() + SPIN_NANOS;
        do {
            int ready = selectNow.get();
            if (ready > 0) {
                return ready;
            }
            Thread.onSpinWait();
        } while (System.nanoTime() - end < 0);
        return SELECT;
    }
}
