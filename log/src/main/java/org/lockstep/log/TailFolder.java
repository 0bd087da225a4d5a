package org.lockstep.log;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Moves what {@code durable} has put into the tail on to the main log, on a thread of its own: so those who wait for a slot never
 * wait for that. The lazy policies need no such thread: their folding is asked for.
 */
final class TailFolder implements AutoCloseable {
    private final Runnable fold;
    private final ExecutorService thread;
    private final AtomicBoolean wanted = new AtomicBoolean();
    private volatile RuntimeException failure;
    private volatile Consumer<RuntimeException> listener = e -> { };

    /** @param fold does it; called on the thread */
    TailFolder(Runnable fold) {
        this.fold = fold;
        this.thread = Executors.newSingleThreadExecutor(work -> {
            Thread made = new Thread(work, "lockstep-fold");
            made.setDaemon(true);
            return made;
        });
    }

    /** Lets everything be folded soon that is in the tail now. */
    void want() {
        if (wanted.compareAndSet(false, true)) {
            thread.execute(this::foldOnce);
        }
    }

    private void foldOnce() {
        wanted.set(false);
        try {
            fold.run();
        } catch (RuntimeException e) {
            failure = e;
            listener.accept(e);
        }
    }

    /** Hears, on the thread, what folding has failed with. */
    void onFailure(Consumer<RuntimeException> hears) {
        listener = hears;
    }

    /** Throws what folding has failed with, if it has. */
    void requireSound() {
        if (failure != null) {
            throw failure;
        }
    }

    /** Waits for what is being folded. */
    @Override
    public void close() {
        thread.shutdown();
        boolean interrupted = false;
        while (true) {
            try {
                if (thread.awaitTermination(1, TimeUnit.SECONDS)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
