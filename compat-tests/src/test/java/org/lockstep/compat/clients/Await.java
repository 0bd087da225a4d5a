package org.lockstep.compat.clients;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for conditions with a hard bound; a test never sleeps and hopes. */
final class Await {
    /** Long enough for any healthy server on a busy machine: only a failing test waits so long. */
    static final Duration LIMIT = Duration.ofSeconds(30);

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private Await() {}

    /** Returns once {@code condition} holds; fails naming {@code what} when it does not within {@link #LIMIT}. */
    static void until(String what, Callable<Boolean> condition) throws Exception {
        until(what, LIMIT, condition);
    }

    /** Returns once {@code condition} holds; fails naming {@code what} when it does not within {@code limit}. */
    static void until(String what, Duration limit, Callable<Boolean> condition) throws Exception {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > deadlineNanos) {
                fail("not within " + limit + ": " + what);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Fails naming {@code what} when the latch does not open in time. */
    static void open(String what, CountDownLatch latch) throws InterruptedException {
        if (!latch.await(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
            fail("not within " + LIMIT + ": " + what);
        }
    }

    /** The future's value, or its failure; never waits for ever. */
    static <T> T value(Future<T> future) throws Exception {
        return future.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    }
}
