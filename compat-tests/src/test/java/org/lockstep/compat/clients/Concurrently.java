package org.lockstep.compat.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs contenders at the same time, each on a thread of its own. */
final class Concurrently {
    private Concurrently() {}

    /** The results in the order of the tasks; failures, all of them, or a task that does not end in time, fail the caller. */
    static <T> List<T> run(List<Callable<T>> tasks) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
        try {
            List<Future<T>> futures = new ArrayList<>();
            tasks.forEach(task -> futures.add(threads.submit(task)));
            long deadlineNanos = System.nanoTime() + 2 * Await.LIMIT.toNanos();
            List<T> results = new ArrayList<>();
            Exception failed = null;
            for (Future<T> future : futures) {
                try {
                    results.add(future.get(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS));
                } catch (ExecutionException e) {
                    failed = withSuppressed(failed, e); // one that failed may be why the others did
                }
            }
            if (failed != null) {
                throw failed;
            }
            return results;
        } catch (TimeoutException e) {
            throw new AssertionError("a contender does not end", e);
        } finally {
            threads.shutdownNow();
        }
    }

    private static Exception withSuppressed(Exception first, Exception next) {
        if (first == null) {
            return next;
        }
        first.addSuppressed(next);
        return first;
    }

    /** A task without a result. */
    interface Action {
        void run() throws Exception;
    }

    /** For a task without a result. */
    static Callable<Void> task(Action action) {
        return () -> {
            action.run();
            return null;
        };
    }
}
