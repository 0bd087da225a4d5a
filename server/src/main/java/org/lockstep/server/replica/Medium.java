package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.state.StateMachine;

/**
 * What of this server's log and state is on the medium: the backlog of the background flush, the checkpoints, and the slots that
 * are let go when a checkpoint has passed them. On the main event loop.
 */
final class Medium {
    /** How far a backlog may grow past the point at which it is worked off in the background. */
    private static final int BACKLOG_FACTOR_MAX = 4;

    private final StateMachine state;
    private final LogSide log;
    private final ReplicaOptions options;
    private final boolean observer;
    private final Runnable roomMade;
    private final Checkpointer checkpointer;
    private final FlushBacklog backlog = new FlushBacklog();
    private final List<Position> holds = new ArrayList<>();
    private Position flushed = Position.START;
    private final LogRetention retention;
    private Incarnation life;
    private ViewRecord view;

    /**
     * @param observer whether this server is never in a view
     * @param roomMade runs when {@link #isBehind} may no longer hold
     */
    Medium(EventLoop loop, StateMachine state, CheckpointStore store, LogSide log, ReplicaOptions options, boolean observer,
            Runnable roomMade, FatalHandler fatal) {
        this.state = state;
        this.log = log;
        this.options = options;
        this.observer = observer;
        this.roomMade = roomMade;
        this.retention = new LogRetention(options.logKeptBytes());
        this.checkpointer = new Checkpointer("lockstep-checkpoint", loop, state, store, this::letGo, roomMade, fatal);
    }

    /** This incarnation lives from now on, in {@code view}, or outside when that is null. */
    void setLife(Incarnation incarnation, ViewRecord inView) {
        life = incarnation;
        view = inView;
    }

    /** True when the medium cannot keep up, and the heap would fill with what waits for it. */
    boolean isBehind() {
        return backlog.unflushedBytes() >= BACKLOG_FACTOR_MAX * options.maxUnsyncedBytes()
                || checkpointer.bytesSinceLast() >= BACKLOG_FACTOR_MAX * options.checkpointBytes();
    }

    /** A slot of so many bytes is applied. */
    void applied(int bytes) {
        if (options.policy().isLazy() && view != null) { // outside a view nothing is secured here
            backlog.secured(bytes);
        }
        checkpointer.noteApplied(bytes);
        retention.applied(bytes);
    }

    /** The log was asked for a flush up to {@code upTo}, which covers all that is applied. */
    void flushAsked(Position upTo) {
        backlog.requested(upTo);
    }

    /** The log is flushed up to {@code upTo}. */
    void flushed(Position upTo) {
        flushed = upTo.compareTo(flushed) > 0 ? upTo : flushed;
        backlog.flushed(flushed);
        checkpointer.onFlushed(flushed);
        roomMade.run();
    }

    /** Slots were applied, up to {@code applied}: flushes and writes what has become too much. */
    void afterDelivery(Position applied) {
        if (options.policy().isLazy() && backlog.unrequestedBytes() > options.maxUnsyncedBytes()) {
            life.requestFlush(applied);
        }
        if (checkpointer.bytesSinceLast() > options.checkpointBytes()) {
            checkpoint(applied);
        }
    }

    /** Writes the state as it stands now, at {@code applied}; when the log is flushed up to there, if it must be. */
    void checkpoint(Position applied) {
        // Outside a view what is applied is stable: all members have it, and this log is not counted on.
        boolean atOnce = !options.policy().isLazy() || view == null || applied.compareTo(flushed) <= 0;
        checkpointer.begin(applied, atOnce ? applied : flushed);
        if (!atOnce) {
            life.requestFlush(applied);
            life.scheduleTurn();
        }
    }

    /** Where the state on the medium stands. */
    Position durableState() {
        return Positions.ofMark(state.mark());
    }

    /** Has {@code then} run when the state on the medium stands at {@code applied}; the log is flushed up to there. */
    void bringTo(Position applied, Runnable then) {
        flushed(applied);
        checkpointer.bringTo(applied, then);
    }

    /**
     * The state on the medium has reached {@code checkpointed}: slots before it go, unless somebody may still ask for them. Outside
     * every view the log may be what the next one is made of, and stays; an observer has only a copy, that nobody asks for.
     */
    private void letGo(Position checkpointed) {
        if (view != null) {
            int members = view.members().size();
            retention.checkpointed(checkpointed);
            log.deleteBelow(retention.floor(members == view.voters().size(), members == 1, life.core().neededByFollowers(), holds));
        } else if (observer) {
            log.deleteBelow(checkpointed);
        }
    }

    /** Keeps what follows {@code from} in the log until the answer is run. */
    Runnable hold(Position from) {
        holds.add(from);
        return () -> holds.remove(from);
    }

    /** Waits for the checkpoint being written, if any, and ends its thread. Not on the main event loop. */
    void stop() throws InterruptedException {
        checkpointer.stop();
    }

    /** With everything else ended and the log flushed: writes what is left, so that the next start has nothing to apply. */
    void writeLast(Position applied) {
        checkpointer.writeLast(applied);
    }
}
