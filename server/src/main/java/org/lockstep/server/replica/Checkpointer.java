package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.lockstep.ensemble.core.Position;
import org.lockstep.log.QuietThread;
import org.lockstep.state.Checkpoint;
import org.lockstep.state.StateMachine;

/**
 * Moves applied changes from the overlay into the state environment, one generation at a time, on a thread of its own.
 *
 * <p>Write-ahead: a generation is written only when the log has flushed every slot it contains, so the flushed end of the log is
 * never behind the state. When it is written, the log's slots up to there are no longer needed.
 */
final class Checkpointer {
    private final EventLoop loop;
    private final StateMachine state;
    private final CheckpointStore store;
    private final Consumer<Position> deleteBelow;
    private final Runnable done;
    private final FatalHandler fatal;
    private final ExecutorService thread;
    private long bytesSinceLast;
    private Checkpoint current;
    private Position currentPosition;
    private boolean writing;
    private Runnable next;

    Checkpointer(String threadName, EventLoop loop, StateMachine state, CheckpointStore store,
            Consumer<Position> deleteBelow, Runnable done, FatalHandler fatal) {
        this.loop = loop;
        this.state = state;
        this.store = store;
        this.deleteBelow = deleteBelow;
        this.done = done;
        this.fatal = fatal;
        this.thread = Executors.newSingleThreadExecutor(task -> {
            Thread made = new Thread(() -> {
                QuietThread.lowerCaller();
                task.run();
            }, threadName);
            made.setDaemon(true);
            return made;
        });
    }

    /** Payload bytes applied since the last checkpoint began. */
    long bytesSinceLast() {
        return bytesSinceLast;
    }

    void noteApplied(int payloadBytes) {
        bytesSinceLast += payloadBytes;
    }

    /**
     * Begins a checkpoint at {@code applied}, where the state stands now; does nothing while one is under way. It is written when
     * the log is flushed up to there; {@code flushed} is how far it is now.
     */
    void begin(Position applied, Position flushed) {
        if (current != null) {
            return;
        }
        bytesSinceLast = 0;
        current = state.freeze(Positions.toMark(applied));
        if (current == null) {
            return;
        }
        currentPosition = applied;
        onFlushed(flushed);
    }

    /**
     * Has {@code then} run when the state on the medium stands at {@code applied}, where the state stands now. The log is flushed
     * up to there, and nothing is applied meanwhile.
     */
    void bringTo(Position applied, Runnable then) {
        if (current == null) {
            begin(applied, applied);
            if (current == null) {
                then.run();
            } else {
                next = then;
            }
        } else {
            next = () -> bringTo(applied, then);
            onFlushed(applied);
        }
    }

    /** The log is flushed up to {@code flushed}. */
    void onFlushed(Position flushed) {
        if (current != null && !writing && flushed.compareTo(currentPosition) >= 0) {
            write();
        }
    }

    private void write() {
        writing = true;
        Checkpoint checkpoint = current;
        thread.execute(() -> {
            try {
                store.write(checkpoint);
                loop.execute(this::written);
            } catch (Throwable e) {
                fatal.onFatal("a checkpoint failed", e);
            }
        });
    }

    private void written() {
        try {
            state.checkpointDone(current);
        } catch (RuntimeException e) {
            fatal.onFatal("a checkpoint could not be closed", e);
        }
        deleteBelow.accept(currentPosition);
        current = null;
        writing = false;
        done.run();
        if (next != null) {
            Runnable mine = next;
            next = null;
            mine.run();
        }
    }

    /** With the log flushed to its end and the threads ended: writes what is left, so that the next start has nothing to apply. */
    void writeLast(Position applied) {
        Checkpoint last = current == null ? state.freeze(Positions.toMark(applied)) : null;
        if (last != null) {
            store.write(last);
            state.checkpointDone(last);
        }
    }

    /** Waits for the checkpoint being written, if any, and ends the thread. */
    void stop() throws InterruptedException {
        thread.shutdown();
        if (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
            fatal.onFatal("the last checkpoint did not end within a minute", null);
        }
    }
}
