package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Slot;

/**
 * The log as the main event loop sees it: hands work to the log thread, and brings what is done back to the loop, in order, in
 * one go. A new life of this server opens the log anew, as a new process would.
 */
final class LogSide implements LogThread.Listener {
    /** Is told on the main event loop. */
    interface Listener {
        /** These are done, in order; of slots secured together the last of each sender is named. */
        void onLogDone(List<Effect> effects);
    }

    private static final int LOOK_MILLIS = 50;

    private final EventLoop loop;
    private final Supplier<MemberLog> opener;
    private final Listener listener;
    private final FlushWatch watch;
    private final FatalHandler fatal;
    private final boolean lazy;
    private final List<Slot> securing = new ArrayList<>();
    private final Object reportLock = new Object();
    private final Runnable reportTask = this::takeReports;
    private List<Effect> reports = new ArrayList<>();
    private List<Effect> taken = new ArrayList<>();
    private MemberLog log;
    private LogThread thread;
    private volatile Thread reopening;

    /**
     * @param log open; closed by {@link #close}
     * @param opener opens it again once it is closed
     * @param lazy whether securing needs no medium, so that any thread may do it
     */
    LogSide(EventLoop loop, MemberLog log, Supplier<MemberLog> opener, boolean lazy, Listener listener, FlushWatch watch,
            FatalHandler fatal) {
        this.loop = loop;
        this.log = log;
        this.opener = opener;
        this.lazy = lazy;
        this.listener = listener;
        this.watch = watch;
        this.fatal = fatal;
    }

    void start() {
        log.onFailure(e -> fatal.onFatal("the log failed", e));
        thread = new LogThread("lockstep-log", log, this, watch, fatal);
        thread.start();
    }

    /** For what any thread may ask. */
    MemberLog log() {
        return log;
    }

    /**
     * Secures {@code slots}, effects of that kind: here and now when that needs no medium, or when {@code here} says that nobody
     * waits for this thread; else on the log thread. Returns whether it is done.
     */
    boolean secure(List<Effect> slots, boolean here) {
        if (!lazy && !(here && thread.isIdle())) {
            thread.add(slots);
            return false;
        }
        for (int i = 0; i < slots.size(); i++) {
            securing.add(((Effect.Secure) slots.get(i)).slot());
        }
        long startNanos = System.nanoTime();
        log.secure(securing);
        watch.took(System.nanoTime() - startNanos);
        securing.clear();
        return true;
    }

    /** Hands effects to the log thread. */
    void add(List<Effect> effects) {
        thread.add(effects);
    }

    void deleteBelow(Position position) {
        thread.deleteBelow(position);
    }

    /** Runs {@code job} on the log thread, behind all that was handed in before. */
    void execute(Consumer<MemberLog> job) {
        thread.execute(() -> job.accept(log));
    }

    /** As {@link #execute}, and waits for the answer. For what happens once in a view. */
    <T> T call(Function<MemberLog, T> job) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        thread.execute(() -> {
            try {
                answer.complete(job.apply(log));
            } catch (RuntimeException e) {
                answer.completeExceptionally(e);
            }
        });
        try {
            return answer.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** Ends the log thread, opens the log anew, and hands what is found to {@code then} on the main event loop. */
    void reopen(Consumer<Recovered> then) {
        LogThread old = thread;
        Thread opening = new Thread(() -> {
            try {
                old.stop();
                log.close();
                MemberLog opened = opener.get();
                loop.execute(() -> {
                    log = opened;
                    start();
                    then.accept(opened.recovered());
                });
            } catch (RuntimeException | InterruptedException e) {
                fatal.onFatal("the log could not be opened again", e);
            }
        }, "lockstep-reopen");
        opening.setDaemon(true);
        reopening = opening;
        opening.start();
    }

    /** Waits until the log thread has done what was handed in, and the main event loop knows. Not on the main event loop. */
    void settle() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        LogThread asked = thread;
        asked.execute(done::countDown);
        while (!done.await(LOOK_MILLIS, TimeUnit.MILLISECONDS) && asked.isAlive()) {
            continue; // a thread that has failed finishes nothing
        }
        loop.submit(() -> {}).awaitUninterruptibly();
    }

    /** Finishes what was handed in, and closes the log; false when that failed, or had before. Not on the main event loop. */
    boolean close() throws InterruptedException {
        if (reopening != null) {
            reopening.join();
            loop.submit(() -> {}).awaitUninterruptibly(); // what it had for the loop is done
        }
        boolean whole = thread.stop();
        log.close();
        return whole;
    }

    @Override
    public void onDone(List<Effect> effects) {
        boolean first;
        synchronized (reportLock) {
            first = reports.isEmpty();
            reports.addAll(effects);
        }
        if (first) {
            loop.execute(reportTask);
        }
    }

    private void takeReports() {
        synchronized (reportLock) {
            List<Effect> swapped = reports;
            reports = taken;
            taken = swapped;
        }
        try {
            listener.onLogDone(taken);
        } catch (RuntimeException e) {
            fatal.onFatal("the main loop failed", e);
        }
        taken.clear();
    }
}
