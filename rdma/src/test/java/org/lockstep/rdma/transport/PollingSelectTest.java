package org.lockstep.rdma.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.nio.NioIoHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PollingSelectTest {
    /** Lanes into which something comes when the test says so. */
    private static final class Lanes implements PollingSelect.Lanes {
        final AtomicInteger written = new AtomicInteger();
        final AtomicInteger taken = new AtomicInteger();
        final AtomicInteger polls = new AtomicInteger();
        final AtomicInteger sleeps = new AtomicInteger();
        final long spinNanos;

        Lanes(long spinNanos) {
            this.spinNanos = spinNanos;
        }

        @Override
        public boolean poll() {
            polls.incrementAndGet();
            return taken.getAndSet(written.get()) != taken.get();
        }

        @Override
        public long spinNanos() {
            return spinNanos;
        }

        @Override
        public boolean prepareToSleep() {
            sleeps.incrementAndGet();
            return !poll();
        }
    }

    private static final SelectStrategy OTHERWISE = (selectNow, hasTasks) -> 77;

    @Test
    void withoutLanesAnotherStrategyDecides() throws Exception {
        assertEquals(77, new PollingSelect(OTHERWISE).calculateStrategy(() -> 0, false));
    }

    @Test
    void socketsAreAskedFromTimeToTimeOnly() throws Exception {
        PollingSelect select = new PollingSelect(OTHERWISE);
        Lanes lanes = new Lanes(Long.MAX_VALUE);
        select.add(null, lanes);
        AtomicInteger selects = new AtomicInteger();
        long begun = System.nanoTime();
        for (int i = 0; i < 20_000; i++) {
            lanes.written.incrementAndGet();
            assertEquals(SelectStrategy.CONTINUE, select.calculateStrategy(() -> {
                selects.incrementAndGet();
                return 0;
            }, false));
        }
        long most = (System.nanoTime() - begun) / PollingSelect.SELECT_NANOS + 1;
        assertEquals(20_000, lanes.taken.get());
        assertTrue(selects.get() >= 1 && selects.get() <= most, selects + " selects, at most " + most);
        Thread.sleep(1);
        assertEquals(3, select.calculateStrategy(() -> 3, false), "sockets that are ready");
    }

    @Test
    void loopSleepsAfterAWhileAndBusyOnesNever() throws Exception {
        PollingSelect select = new PollingSelect(OTHERWISE);
        Lanes lanes = new Lanes(300_000);
        select.add(null, lanes);
        assertEquals(SelectStrategy.CONTINUE, select.calculateStrategy(() -> 0, true), "there are tasks");
        long deadline = System.nanoTime() + 1_000_000_000L;
        while (select.calculateStrategy(() -> 0, false) != SelectStrategy.SELECT) {
            assertTrue(System.nanoTime() < deadline, "it does not sleep");
        }
        assertEquals(1, lanes.sleeps.get());
        lanes.written.incrementAndGet();
        assertEquals(SelectStrategy.CONTINUE, select.calculateStrategy(() -> 0, false), "something has come");
        assertEquals(1, lanes.taken.get());
        Lanes busy = new Lanes(Long.MAX_VALUE);
        select.add(null, busy);
        Thread.sleep(1);
        for (int i = 0; i < 100; i++) {
            assertEquals(SelectStrategy.CONTINUE, select.calculateStrategy(() -> 0, false));
        }
        select.remove(busy);
        assertEquals(SelectStrategy.SELECT, select.calculateStrategy(() -> 0, false));
        select.remove(lanes);
        assertEquals(77, select.calculateStrategy(() -> 0, false));
    }

    @Test
    void tasksAndTimersRunWhileTheLoopIsBusy() throws Exception {
        PollingSelect select = new PollingSelect((selectNow, hasTasks) -> hasTasks ? selectNow.get() : SelectStrategy.SELECT);
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory(java.nio.channels.spi.SelectorProvider
                .provider(), () -> select));
        EventLoop loop = group.next();
        Lanes lanes = new Lanes(Long.MAX_VALUE);
        loop.submit(() -> select.add(loop, lanes)).sync();
        for (int i = 0; i < 1000; i++) {
            int now = i;
            assertEquals(i, loop.submit(() -> now).get());
        }
        CompletableFuture<Boolean> timer = new CompletableFuture<>();
        loop.schedule(() -> timer.complete(true), 5, TimeUnit.MILLISECONDS);
        assertTrue(timer.get());
        assertTrue(lanes.polls.get() > 1000, lanes.polls + " looks");
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
}
