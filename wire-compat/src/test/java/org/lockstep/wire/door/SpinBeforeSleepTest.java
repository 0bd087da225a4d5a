package org.lockstep.wire.door;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.channel.SelectStrategy;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SpinBeforeSleepTest {
    private static final long LOOK_NANOS = 10_000;
    private static final long SPIN_NANOS = 10 * LOOK_NANOS;

    private final AtomicInteger looks = new AtomicInteger();
    /** A look takes a tenth of the time that there is. */
    private final SpinBeforeSleep idling = new SpinBeforeSleep(SPIN_NANOS, () -> looks.get() * LOOK_NANOS);

    @Test
    void goesToSleepAtOnceUnlessItPays() throws Exception {
        assertEquals(SelectStrategy.SELECT, idling.calculateStrategy(looks::incrementAndGet, false));
        assertEquals(0, looks.get());
    }

    @Test
    void goesToSleepAtOnceWhenThereIsNoTimeToLook() throws Exception {
        SpinBeforeSleep never = new SpinBeforeSleep(0, () -> 0);
        never.setWorthwhile(() -> true, () -> false);
        assertEquals(SelectStrategy.SELECT, never.calculateStrategy(looks::incrementAndGet, false));
        assertEquals(0, looks.get());
    }

    @Test
    void neverKeepsTasksWaiting() throws Exception {
        idling.setWorthwhile(() -> true, () -> false);
        assertEquals(0, idling.calculateStrategy(() -> looks.getAndIncrement() * 0, true));
        assertEquals(1, looks.get());
    }

    @Test
    void takesWhatComesWhileItLooks() throws Exception {
        idling.setWorthwhile(() -> true, () -> false);
        int ready = idling.calculateStrategy(() -> looks.incrementAndGet() == 5 ? 3 : 0, false);
        assertEquals(3, ready);
        assertEquals(5, looks.get());
    }

    @Test
    void endsForATaskThatComesWhileItLooks() throws Exception {
        idling.setWorthwhile(() -> true, () -> looks.get() == 7);
        assertEquals(0, idling.calculateStrategy(() -> looks.incrementAndGet() * 0, false));
        assertEquals(7, looks.get());
    }

    @Test
    void givesUpAfterItsTime() throws Exception {
        idling.setWorthwhile(() -> true, () -> false);
        assertEquals(SelectStrategy.SELECT, idling.calculateStrategy(() -> looks.incrementAndGet() * 0, false));
        assertEquals(10, looks.get());
    }
}
