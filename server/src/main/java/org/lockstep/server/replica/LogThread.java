package org.lockstep.server.replica;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/**
 * The log thread: everything that waits for the medium on the log's side, done in the order in which it was asked. All slots
 * that have come while the last commit was under way share the next one.
 *
 * <p>Work is handed in from the main event loop; the {@link Listener} is told on the log thread.
 */
final class LogThread implements Runnable {
    /** Hears what the log thread has done. */
    interface Listener {
        /** Done, in order; of slots secured in one commit only the last of each sender is named. Called on the log thread. */
        void onDone(List<Effect> effects);
    }

    private final MemberLog log;
    private final Listener listener;
    private final FlushWatch watch;
    private final FatalHandler fatal;
    private final Thread thread;
    private final Object lock = new Object();
    private final List<Slot> securing = new ArrayList<>();
    /** Effects and jobs, in the order in which they came. */
    private List<Object> incoming = new ArrayList<>();
    private List<Object> working = new ArrayList<>();
    private Position deleteWanted;
    private boolean parked;
    private boolean stopping;
    private volatile boolean failed;

    LogThread(String threadName, MemberLog log, Listener listener, FlushWatch watch, FatalHandler fatal) {
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

    /** Hands in effects that concern the log, behind all that were handed in before. The list stays the caller's. */
    void add(List<Effect> effects) {
        synchronized (lock) {
            incoming.addAll(effects);
            wake();
        }
    }

    /** Runs {@code job} on the log thread, behind all that was handed in before, and before all that comes after it. */
    void execute(Runnable job) {
        synchronized (lock) {
            incoming.add(job);
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

    boolean isAlive() {
        return thread.isAlive();
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
                if (!incoming.isEmpty() || deleteWanted != null) {
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
        Position delete;
        synchronized (lock) {
            List<Object> swapped = incoming;
            incoming = working;
            working = swapped;
            delete = deleteWanted;
            deleteWanted = null;
        }
        for (int i = 0; i < working.size();) {
            if (working.get(i) instanceof Effect) {
                i = perform(i);
            } else {
                ((Runnable) working.get(i++)).run();
            }
        }
        working.clear();
        if (delete != null) {
            log.deleteBelow(delete); // what is left goes with the appends to come
        }
    }

    /** Does the effect at {@code first}, with the slots behind it if it is one; returns where to go on. */
    private int perform(int first) {
        long startNanos = System.nanoTime();
        int next = first + 1;
        Effect effect = (Effect) working.get(first);
        if (effect instanceof Effect.Secure) {
            next = endOfSlots(first);
            log.secure(securing);
            watch.took(System.nanoTime() - startNanos);
            listener.onDone(lastOfEachSender(first, next));
            securing.clear();
            return next;
        }
        if (effect instanceof Effect.Flush flush) {
            log.flush(flush.viewId(), flush.upTo());
        } else if (effect instanceof Effect.FlushAll) {
            log.flushAll();
        } else if (effect instanceof Effect.Store store) {
            log.store(store.value());
        } else if (effect instanceof Effect.Install install) {
            log.install(install.view(), install.as(), install.base(), install.cut());
        } else {
            throw new IllegalArgumentException("not for the log: " + effect);
        }
        watch.took(System.nanoTime() - startNanos);
        listener.onDone(List.of(effect));
        return next;
    }

    private int endOfSlots(int first) {
        int next = first;
        while (next < working.size() && working.get(next) instanceof Effect.Secure secure) {
            securing.add(secure.slot());
            next++;
        }
        return next;
    }

    private List<Effect> lastOfEachSender(int first, int end) {
        List<Effect> last = new ArrayList<>(1);
        long seen = 0;
        for (int i = end - 1; i >= first; i--) {
            long bit = 1L << ((Effect.Secure) working.get(i)).slot().position().rank();
            if ((seen & bit) == 0) {
                seen |= bit;
                last.add((Effect) working.get(i));
            }
        }
        return last;
    }
}
