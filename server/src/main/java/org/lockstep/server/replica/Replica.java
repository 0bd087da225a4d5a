package org.lockstep.server.replica;

import com.codahale.metrics.MetricRegistry;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Standing;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.state.Identities;
import org.lockstep.state.StateMachine;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This server's copy of the service: turns requests into slots, gives them to the core, and applies what the core delivers. One
 * server is an ensemble of one.
 *
 * <p><b>Threads.</b> Every method runs on the main event loop, which also owns the connections, so nothing is shared and
 * nothing is locked. The log thread ({@link LogThread}) and the checkpoint thread ({@link Checkpointer}) answer by tasks.
 *
 * <p><b>Batching</b> is by opportunity: requests gather while the event loop goes round its sockets and become one slot at the
 * end of the round, or later, when too many own slots are under way; the log thread takes all slots that came during its last
 * commit into the next one. There is no timer.
 */
public final class Replica implements RequestOrder, Incarnation.Host, LogSide.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);
    private static final long OUTSTANDING_BYTES_MAX = 64L << 20;

    private final EventLoop loop;
    private final StateMachine state;
    private final ReplicaOptions options;
    private final FatalHandler fatal;
    private final ReplicaMetrics metrics;
    private final LogSide log;
    private final Applier applier;
    private final OwnBatches own;
    private final Barriers barriers = new Barriers();
    private final LoneRequests lone = new LoneRequests();
    private final DigestCheck digests;
    private final Medium medium;
    private final Lives lives;
    private final LostWrites lostWrites;

    private final CurrentView view;
    private Incarnation life;
    private FollowedCopy followed;
    private boolean delivering;
    private boolean stopping;
    private long deliveryNanos;
    private Runnable beforeDelivery = () -> {};
    private Runnable afterDelivery = () -> {};
    private Runnable roomMade = () -> {};
    private BooleanSupplier quiet = () -> false;

    /**
     * @param applied where {@code state} stands in the order
     * @param lostWrites what was forgotten so far; kept up to date, and stored, from here on
     */
    public Replica(EventLoop loop, StateMachine state, MemberLog log, CheckpointStore store, Position applied, Lives lives,
            LostWrites lostWrites, ReplicaOptions options, MetricRegistry registry, FatalHandler fatal) {
        this.loop = loop;
        this.state = state;
        this.lives = lives;
        this.lostWrites = lostWrites;
        this.options = options;
        this.fatal = fatal;
        this.metrics = new ReplicaMetrics(registry);
        this.digests = new DigestCheck(options.digestIntervalSlots());
        this.own = new OwnBatches(metrics);
        this.applier = new Applier(state, applied, lostWrites, digests, own::applied);
        registry.gauge("state.digests_compared", () -> digests::comparedCount);
        this.log = new LogSide(loop, log, lives::openLog, options.policy().isLazy(), this,
                new FlushWatch(options.fsyncWarningMillis(), registry), fatal);
        this.view = new CurrentView(state, applier, barriers, digests, lostWrites, this.log, options.zxidsPerView());
        this.medium = new Medium(loop, state, store, this.log, options, lives.isObserver(), () -> roomMade.run(), fatal);
    }

    /** Starts the threads and timers, and the first life, which found {@code found} on its disk. Not on the main event loop. */
    public void start(Recovered found) {
        log.start();
        Incarnation first = newLife(found);
        Transport connections = lives.connect(first.core(), first);
        loop.execute(guard("start", () -> {
            loop.scheduleWithFixedDelay(guard("checkpoint timer", this::checkpoint), options.checkpointMillis(),
                    options.checkpointMillis(), TimeUnit.MILLISECONDS);
            begin(first, connections);
        }));
    }

    private Incarnation newLife(Recovered found) {
        Position applied = applier.applied();
        life = new Incarnation(loop, lives.begin(found.withApplied(applied)), this, fatal);
        followed = new FollowedCopy(log, medium::durableState, applied);
        medium.setLife(life, null);
        if (lives.isObserver()) {
            own.nameOrigin(life.core().self().incarnation());
        }
        return life;
    }

    private void begin(Incarnation begun, Transport connections) {
        StateTransfers states = new StateTransfers(loop, begun, lives, medium, lostWrites, this::startOver);
        begun.start(connections, new Transfers(loop, begun.core(), log, medium::durableState, options.slotBytesMax(),
                options.policy().isLazy(), states, begun::scheduleTurn));
    }

    // ---- for those who serve clients

    /** {@code listener} hears of views from now on; one at a time. To be set before {@link #start}. */
    public void setViewListener(ViewListener listener) {
        view.setListener(listener);
    }

    @Override
    public void setQuiet(BooleanSupplier isQuiet) {
        quiet = isQuiet;
    }

    @Override
    public void setRoomMade(Runnable task) {
        roomMade = task;
    }

    @Override
    public void setAroundDelivery(Runnable before, Runnable after) {
        beforeDelivery = before;
        afterDelivery = after;
    }

    @Override
    public StateMachine state() {
        return state;
    }

    /** The view this server is a live member of, as far as it has begun here; null without one. */
    public ViewRecord view() {
        return view.record();
    }

    /** What this server knows of the others. */
    public Standing standing() {
        return life.core().standing();
    }

    /** {@inheritDoc} Too many are under way, or the medium cannot keep up, whose backlog would fill the heap. */
    @Override
    public boolean isFull() {
        return own.outstandingCount() >= options.outstandingMax()
                || own.outstandingBytes() >= OUTSTANDING_BYTES_MAX
                || medium.isBehind();
    }

    /** Ordered requests of this server taken in and not yet applied. */
    public int outstandingCount() {
        return own.outstandingCount();
    }

    /** Whether the requests of others come one at a time, so that a client waits for this server with each. */
    public boolean hasLoneRequests() {
        return lone.come(System.nanoTime());
    }

    @Override
    public void submit(Pending pending, int opcode, long sessionId, int attach, int cxid, byte[] ids, byte[] body, int offset,
            int length) {
        own.add(pending, opcode, sessionId, attach, cxid, ids, body, offset, length);
        life.scheduleTurn();
    }

    @Override
    public void afterOwnWrites(Pending read) {
        if (!own.addRead(read)) {
            read.onTurn(null);
        }
    }

    @Override
    public boolean awaitFlush(Runnable released) {
        if (options.policy() != FsyncPolicy.WRITE_BARRIER) {
            return false;
        }
        barriers.add(applier.applied(), released);
        return true;
    }

    // ---- the core's turn

    @Override
    public void offer() {
        if (own.hasNext() && life.isLive()) {
            sayDigest();
        }
        while (own.hasNext() && life.core().mayTakeMore() && !view.zxidsAreUsedUp(own.inFlightCount(), life.core())) {
            life.core().submit(own.takeNext());
        }
    }

    /** With the next requests, and never on its own: an idle ensemble says nothing. */
    private void sayDigest() {
        JuteWriter digest = digests.take();
        if (digest != null) {
            own.add(reply -> {}, OpCode.COMPARE_DIGEST, 0, 0, 0, Identities.NONE.encoded(), digest.array(), 0, digest.length());
        }
    }

    @Override
    public void perform(Effect effect) {
        if (effect instanceof Effect.Deliver deliver) {
            deliver(deliver.slot(), deliver.own());
        } else if (effect instanceof Effect.BeginView begin) {
            view.begin(begin.view(), begin.fromDisk(), life.core().self());
            medium.setLife(life, begin.view());
            followed.drop();
        } else if (effect instanceof Effect.FollowView follow) {
            follow(follow.view());
        } else if (effect instanceof Effect.StandsIn standsIn) {
            view.standsIn(standsIn.view(), life.core().self());
        } else if (effect instanceof Effect.FetchState) {
            own.drop(); // what of it is in the state to be copied, nobody can tell
        } else if (effect instanceof Effect.FlushedEverywhere everywhere) {
            barriers.release(Position.of(everywhere.viewId(), everywhere.upTo()));
        } else if (effect instanceof Effect.CutOff cut) {
            view.cutOff(cut.value());
        } else {
            throw new IllegalArgumentException("not for the replica: " + effect);
        }
    }

    @Override
    public void turnDone() {
        long applied = System.nanoTime();
        if (delivering) {
            delivering = false;
            metrics.apply.update(applied - deliveryNanos, TimeUnit.NANOSECONDS);
        }
        afterDelivery.run();
        metrics.reply.update(System.nanoTime() - applied, TimeUnit.NANOSECONDS);
        if (!stopping) {
            medium.afterDelivery(applier.applied());
        }
        view.zxidsAreUsedUp(own.inFlightCount(), life.core());
        followed.flush();
    }

    private void deliver(Slot slot, boolean isOwn) {
        if (!delivering) {
            delivering = true;
            beforeDelivery.run();
            deliveryNanos = System.nanoTime();
        }
        boolean hasSync = applier.apply(slot, isOwn ? own.delivered(slot) : null);
        if (hasSync && options.policy() == FsyncPolicy.WRITE_BARRIER) {
            life.requestFlush(slot.position());
        }
        medium.applied(slot.payload().length);
        if (view.record() == null && !lives.isObserver()) {
            followed.add(slot);
        }
    }

    private void follow(ViewRecord next) {
        view.follow(next, life.core().self(), lives.isObserver());
        if (!lives.isObserver()) {
            followed.add(next);
        }
    }

    /** The state of another server has come, and stands at {@code at}: everything begins again with it. */
    private void startOver(Position at, LostWrites before) {
        LOG.info("The state of another server is here, as of {}: starting over with it", at);
        life.end();
        view.leave();
        lostWrites.addAll(before);
        byte[] lost = lostWrites.encode();
        log.execute(held -> {
            held.putRecord(LostWrites.RECORD, lost);
            held.beginCopy(at);
            lives.startOver();
        });
    }

    // ---- the log

    @Override
    public boolean secure(List<Effect> slots) {
        for (int i = 0; i < slots.size(); i++) {
            own.sent(((Effect.Secure) slots.get(i)).slot());
        }
        lone.came(slots, view.rank(), System.nanoTime());
        // Where nobody is to be served while a write is flushed, two changes of thread would only cost a third of a flush. Peers
        // are to be served always: without a word for as long as a disk may stand still, this server would be given up.
        return log.secure(slots, view.isAlone() && quiet.getAsBoolean());
    }

    @Override
    public void addToLog(List<Effect> effects) {
        for (int i = 0; i < effects.size(); i++) {
            if (effects.get(i) instanceof Effect.Flush flush) {
                medium.flushAsked(Position.of(flush.viewId(), flush.upTo()));
            }
        }
        log.add(effects);
    }

    @Override
    public void onLogDone(List<Effect> effects) {
        life.logDone(effects);
        life.turn();
    }

    @Override
    public void logDone(Effect effect) {
        if (effect instanceof Effect.Secure secure) {
            if (secure.slot().position().rank() == view.rank()) {
                own.secured(secure.slot().position());
            }
        } else if (effect instanceof Effect.Flush flush) {
            medium.flushed(Position.of(flush.viewId(), flush.upTo()));
        } else if (effect instanceof Effect.Install install) {
            medium.flushed(CurrentView.endOf(install.view().viewId() - 1));
        }
    }

    private void checkpoint() {
        if (!stopping) { // timers run on until the event loop ends, which is after the threads they need
            medium.checkpoint(applier.applied());
        }
    }

    // ---- the end

    @Override
    public void excluded(Effect.Excluded effect) {
        LOG.warn("Out of view {}: the clients are dropped, and this server joins again", effect.view().viewId());
        medium.setLife(life, null);
        own.drop();
        barriers.drop();
        delivering = false;
        view.leave();
        log.reopen(found -> log.execute(held -> {
            held.flushAll();
            loop.execute(guard("new life", () -> checkpointThenLiveAgain(found)));
        }));
    }

    /** What comes from others is kept beside the log from where the state on the medium stands: that must be here. */
    private void checkpointThenLiveAgain(Recovered found) {
        if (!stopping) {
            medium.bringTo(applier.applied(), () -> {
                if (!stopping) {
                    Incarnation begun = newLife(found);
                    begin(begun, lives.connect(begun.core(), begun));
                }
            });
        }
    }

    /**
     * Ends the replica: what was submitted is secured and, as far as the others let it, applied; a last checkpoint is written,
     * the threads end. Called from outside the event loop, after the door has closed.
     */
    public void stop() throws InterruptedException {
        onLoop(() -> {
            life.turn();
            stopping = true;
        });
        log.settle();
        onLoop(() -> life.end());
        // As the stable prefix: a restart that has lost its tails keeps no more, and the state must not be ahead of it.
        Position end = applier.applied();
        log.execute(held -> held.flush(end.viewId(), end.index() < 0 ? Order.NONE : Order.of(end.index(), end.rank())));
        boolean logIsWhole = log.close();
        medium.stop();
        if (logIsWhole) { // else the state could get ahead of it
            onLoop(() -> medium.writeLast(applier.applied()));
        }
    }

    /** Runs {@code task}, behind what has come to the event loop before, and waits. */
    private void onLoop(Runnable task) {
        loop.submit(guard("shutdown", task)).awaitUninterruptibly();
    }

    private Runnable guard(String what, Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                fatal.onFatal("the " + what + " failed", e);
            }
        };
    }
}
