package org.lockstep.server.replica;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.lockstep.ensemble.core.LogStore;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/**
 * The log thread: everything that waits for the medium on the log's side. Takes all slots that have come while the last commit
 * was under way into the next one.
 *
 * <p>Requests are handed in from the main event loop and answered by the {@link Listener}, called on the log thread.
 */
final class LogWriter implements Runnable {
    /** Hears what the log thread has done; called on the log thread. */
    interface Listener {
        void onSecured(Position last);

        void onFolded(Position flushed);
    }

    private final LogStore log;
    private final Listener listener;
    private final FlushWatch watch;
    private final FatalHandler fatal;
    private final Thread thread;
    private final Object lock = new Object();
    private List<Slot> incoming = new ArrayList<>();
    private List<Slot> working = new ArrayList<>();
    private Position foldWanted;
    private Position deleteWanted;
    private Runnable job;
    private boolean parked;
    private boolean stopping;
    private volatile boolean failed;

    LogWriter(String threadName, LogStore log, Listener listener, FlushWatch watch, FatalHandler fatal) {
        this.log = log;
        this.listener = listener;
        this.watch = watch;
        this.fatal = fatal;
        this.thread = new Thread(this, threadName);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Secures {@code slots} after all that were handed in before. */
    void secure(List<Slot> slots) {
        synchronized (lock) {
            incoming.addAll(slots);
            wake();
        }
    }

    /** Puts everything up to {@code upTo} on the medium; two that have not begun become one. */
    void fold(Position upTo) {
        synchronized (lock) {
            if (foldWanted == null || foldWanted.compareTo(upTo) < 0) {
                foldWanted = upTo;
            }
            wake();
        }
    }

    /** Runs {@code task} on the log thread, behind all that was handed in before. One at a time. */
    void execute(Runnable task) {
        synchronized (lock) {
            if (job != null) {
                throw new IllegalStateException("the log thread has a job to do already");
            }
            job = task;
            wake();
        }
    }

    /** Slots up to {@code upTo} are no longer needed. */
    void deleteBelow(Position upTo) {
        synchronized (lock) {
            deleteWanted = upTo;
            wake();
        }
    }

    /** True when the log thread has nothing to do; it stays so until the caller, the only one who hands work in, changes that. */
    boolean isIdle() {
        synchronized (lock) {
            return parked;
        }
    }

    /** Finishes what was handed in, then ends the thread; false when it could not, or had failed before. */
    boolean stop() throws InterruptedException {
        synchronized (lock) {
            stopping = true;
            wake();
        }
        thread.join();
        return !failed;
    }

    private void wake() {
        if (parked) {
            parked = false;
            LockSupport.unpark(thread);
        }
    }

    @Override
    public void run() {
        try {
            while (awaitWork()) {
                work();
            }
        } catch (Throwable e) {
            failed = true;
            fatal.onFatal("the log thread failed", e);
        }
    }

    private boolean awaitWork() {
        while (true) {
            synchronized (lock) {
                if (!incoming.isEmpty() || foldWanted != null || deleteWanted != null || job != null) {
                    return true;
                }
                if (stopping) {
                    return false;
                }
                parked = true;
            }
            LockSupport.park(this);
        }
    }

    private void work() {
        Position fold;
        Position delete;
        Runnable task;
        synchronized (lock) {
            List<Slot> swapped = incoming;
            incoming = working;
            working = swapped;
            fold = foldWanted;
            delete = deleteWanted;
            foldWanted = null;
            deleteWanted = null;
            task = job;
            job = null;
        }
        if (!working.isEmpty()) {
            long startNanos = System.nanoTime();
            log.secure(working);
            watch.took(System.nanoTime() - startNanos);
            Position last = working.get(working.size() - 1).position();
            working.clear();
            listener.onSecured(last);
        }
        if (fold != null) {
            long startNanos = System.nanoTime();
            Position flushed = log.fold(fold);
            watch.took(System.nanoTime() - startNanos);
            listener.onFolded(flushed);
        }
        if (task != null) {
            task.run();
        }
        if (delete != null) {
            log.deleteBelow(delete); // what is left goes with the appends to come
        }
    }
}
