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
    /** How far a backlog may grow past the point at which it is worked off in the background. */
    private static final int BACKLOG_FACTOR_MAX = 4;
    private static final long FETCH_RETRY_MILLIS = 5000;
    private static final long COUNTER_MASK = 0xffff_ffffL;
    private static final ViewListener NOBODY = new ViewListener() {
        @Override
        public void viewBegan(EnsembleView view) {}

        @Override
        public void cutOff(boolean value) {}

        @Override
        public void excluded() {}
    };

    private final EventLoop loop;
    private final StateMachine state;
    private final ReplicaOptions options;
    private final FatalHandler fatal;
    private final ReplicaMetrics metrics;
    private final LogSide log;
    private final Checkpointer checkpointer;
    private final Applier applier;
    private final OwnBatches own;
    private final Barriers barriers = new Barriers();
    private final DigestCheck digests;
    private final FlushBacklog backlog = new FlushBacklog();
    private final Lives lives;
    private final LostWrites lostWrites;

    private ViewListener views = NOBODY;
    private Incarnation life;
    private FollowedCopy followed;
    private ViewRecord view;
    private int rank;
    private Position flushed = Position.START;
    private Position checkpointedBefore = Position.START;
    private boolean changingView;
    private boolean delivering;
    private boolean stopping;
    private long deliveryNanos;
    private Runnable beforeDelivery = () -> {};
    private Runnable afterDelivery = () -> {};
    private Runnable roomMade = () -> {};
    private ViewListener viewListener;
    private BooleanSupplier soleClient = () -> false;

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
        this.checkpointer = new Checkpointer("lockstep-checkpoint", loop, state, store, this::letGo,
                () -> roomMade.run(), fatal);
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
        followed = new FollowedCopy(log, this::durableState, applied);
        if (isObserver()) {
            own.nameOrigin(life.core().self().incarnation());
        }
        return life;
    }

    private Position durableState() {
        return Positions.ofMark(state.mark());
    }

    private void begin(Incarnation begun, Transport connections) {
        begun.start(connections, new Transfers(loop, begun.core(), log, this::durableState,
                options.slotBytesMax(), begun::scheduleTurn));
    }

    private void liveAgain(Recovered found) {
        Incarnation begun = newLife(found);
        begin(begun, lives.connect(begun.core(), begun));
    }

    // ---- for those who serve clients

    /** {@code listener} hears of views from now on; one at a time. To be set before {@link #start}. */
    public void setViewListener(ViewListener listener) {
        views = listener;
    }

    @Override
    public void setSoleClient(BooleanSupplier isSole) {
        soleClient = isSole;
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

    /** Which zxids this server has forgotten. */
    public LostWrites lostWrites() {
        return lostWrites;
    }

    /** The view this server is a live member of, as far as it has begun here; null without one. */
    public ViewRecord view() {
        return view;
    }

    /** {@inheritDoc} Too many are under way, or the medium cannot keep up, whose backlog would fill the heap. */
    @Override
    public boolean isFull() {
        return own.outstandingCount() >= options.outstandingMax()
                || own.outstandingBytes() >= OUTSTANDING_BYTES_MAX
                || backlog.unflushedBytes() >= BACKLOG_FACTOR_MAX * options.maxUnsyncedBytes()
                || checkpointer.bytesSinceLast() >= BACKLOG_FACTOR_MAX * options.checkpointBytes();
    }

    /** Ordered requests of this server taken in and not yet applied. */
    public int outstandingCount() {
        return own.outstandingCount();
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
        while (own.hasNext() && life.core().mayTakeMore() && !zxidsAreUsedUp()) {
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

    /** Near the end of a view's zxids what gathers goes into the next view. */
    private boolean zxidsAreUsedUp() {
        if (view == null || (state.lastZxid() & COUNTER_MASK) + own.inFlightCount() <= options.zxidsPerView()) {
            return false;
        }
        if (!changingView) {
            changingView = true;
            LOG.info("The zxids of view {} are used up: the next view is asked for", view.viewId());
            life.core().planViewChange();
        }
        return true;
    }

    @Override
    public void perform(Effect effect) {
        if (effect instanceof Effect.Deliver deliver) {
            deliver(deliver.slot(), deliver.own());
        } else if (effect instanceof Effect.BeginView begin) {
            beginView(begin.view(), begin.fromDisk());
        } else if (effect instanceof Effect.FollowView follow) {
            followView(follow.view());
        } else if (effect instanceof Effect.FetchState fetch) {
            fetchState(fetch);
        } else if (effect instanceof Effect.FlushedEverywhere everywhere) {
            barriers.release(position(everywhere.viewId(), everywhere.upTo()));
        } else if (effect instanceof Effect.CutOff cut) {
            views.cutOff(cut.value());
        } else if (!(effect instanceof Effect.StopFetching)) {
            throw new IllegalArgumentException("not for the replica: " + effect);
        }
    }

    private static Position position(long viewId, long order) {
        return order == Order.NONE ? new Position(viewId, -1, 0)
                : new Position(viewId, Order.index(order), Order.rank(order));
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
        if (options.policy().isLazy() && backlog.unrequestedBytes() > options.maxUnsyncedBytes()) {
            life.requestFlush(applier.applied());
        }
        if (checkpointer.bytesSinceLast() > options.checkpointBytes()) {
            checkpoint();
        }
        zxidsAreUsedUp();
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
        if (options.policy().isLazy()) {
            backlog.secured(slot.payload().length);
        }
        checkpointer.noteApplied(slot.payload().length);
        if (view == null && !isObserver()) {
            followed.add(slot);
        }
    }

    /** A view begins in what a member feeds this process, which is in no view. */
    private void followView(ViewRecord next) {
        applier.view(next);
        barriers.release(endOf(next.viewId() - 1));
        if (isObserver()) {
            views.viewBegan(new EnsembleView(next.viewId(), life.core().self(), next.members()));
        } else {
            followed.add(next);
        }
    }

    private boolean isObserver() {
        return lives.isObserver();
    }

    /** The log of no member reaches back to where this server stands. */
    private void fetchState(Effect.FetchState fetch) {
        Incarnation asked = life;
        LOG.error("The logs of the others do not reach back to {}, where the state of this server stands: it cannot join."
                + " Stop it, copy the data directory of another server that is stopped as well, but for its disk id, or start"
                + " this server with an empty one while the others still have their whole log", applier.applied());
        loop.schedule(guard("retry", () -> {
            if (!asked.isOver()) {
                asked.core().stateNotFetched(fetch.stream());
                asked.turn();
            }
        }), FETCH_RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void beginView(ViewRecord next, boolean fromDisk) {
        if (fromDisk) {
            replay(next);
        }
        barriers.release(endOf(next.viewId() - 1));
        applier.view(next);
        if (lostWrites.takeChange()) {
            byte[] record = lostWrites.encode();
            log.call(held -> {
                held.putRecord(LostWrites.RECORD, record);
                return null;
            });
        }
        view = next;
        rank = next.rankOf(life.core().self());
        digests.viewBegan(next.viewId(), next.members().size(), rank);
        changingView = false;
        LOG.info("View {} begins: servers {}, this is {} of rank {}", next.viewId(),
                next.members().stream().map(member -> member.serverId()).toList(), life.core().self().serverId(), rank);
        views.viewBegan(new EnsembleView(next.viewId(), life.core().self(), next.members()));
    }

    private static Position endOf(long viewId) {
        return new Position(viewId, Long.MAX_VALUE, 0);
    }

    /** Brings the state up to the base of a view that begins from the disk. */
    private void replay(ViewRecord next) {
        Position before = applier.applied();
        long znodes = log.call(held -> {
            held.replay(before, applier);
            return state.nodeCount();
        });
        LOG.info("The log is applied from {} to {}: {} znodes", before, applier.applied(), znodes);
    }

    // ---- the log

    @Override
    public boolean secure(List<Effect> slots) {
        for (int i = 0; i < slots.size(); i++) {
            own.sent(((Effect.Secure) slots.get(i)).slot());
        }
        // With a sole client, and nobody else in the view: while its write is flushed there is nobody to serve, and two changes
        // of thread cost a third of a flush.
        boolean alone = view != null && view.members().size() == 1;
        return log.secure(slots, alone && soleClient.getAsBoolean());
    }

    @Override
    public void addToLog(List<Effect> effects) {
        for (int i = 0; i < effects.size(); i++) {
            if (effects.get(i) instanceof Effect.Flush flush) {
                backlog.requested(position(flush.viewId(), flush.upTo()));
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
            if (secure.slot().position().rank() == rank) {
                own.secured(secure.slot().position());
            }
        } else if (effect instanceof Effect.Flush flush) {
            flushed(position(flush.viewId(), flush.upTo()));
        } else if (effect instanceof Effect.Install install) {
            flushed(endOf(install.view().viewId() - 1));
        }
    }

    private void flushed(Position upTo) {
        flushed = upTo.compareTo(flushed) > 0 ? upTo : flushed;
        backlog.flushed(flushed);
        checkpointer.onFlushed(flushed);
        roomMade.run();
    }

    // ---- checkpoints

    private void checkpoint() {
        if (stopping) {
            return; // timers run on until the event loop ends, which is after the threads they need
        }
        Position applied = applier.applied();
        if (!options.policy().isLazy() || view == null || applied.compareTo(flushed) <= 0) {
            checkpointer.begin(applied, applied);
        } else {
            checkpointer.begin(applied, flushed);
            life.requestFlush(applied);
            life.scheduleTurn();
        }
    }

    /**
     * The state on the medium has reached {@code checkpointed}: slots before it go, unless somebody may still ask for them. Who is
     * in the view may come back with a state that is a checkpoint older; who is out of it, with any.
     */
    private void letGo(Position checkpointed) {
        if (view == null || view.members().size() < view.voters().size()) {
            return;
        }
        Position limit = view.members().size() == 1 ? checkpointed : checkpointedBefore;
        Position needed = life.core().neededByFollowers();
        log.deleteBelow(needed != null && needed.compareTo(limit) < 0 ? needed : limit);
        checkpointedBefore = checkpointed;
    }

    // ---- the end

    @Override
    public void excluded(Effect.Excluded effect) {
        LOG.warn("Out of view {}: the clients are dropped, and this server joins again", effect.view().viewId());
        view = null;
        own.drop();
        barriers.drop();
        delivering = false;
        changingView = false;
        views.excluded();
        log.reopen(found -> log.execute(held -> {
            held.flushAll();
            loop.execute(guard("new life", () -> checkpointThenLiveAgain(found)));
        }));
    }

    /** What comes from others is kept beside the log from where the state on the medium stands: that must be here. */
    private void checkpointThenLiveAgain(Recovered found) {
        Position applied = applier.applied();
        flushed(applied);
        if (!stopping) {
            checkpointer.bringTo(applied, () -> {
                if (!stopping) {
                    liveAgain(found);
                }
            });
        }
    }

    /**
     * Ends the replica: what was submitted is secured and, as far as the others let it, applied; a last checkpoint is finished,
     * the threads end. Called from outside the event loop, after the door has closed.
     */
    public void stop() throws InterruptedException {
        loop.submit(guard("shutdown", () -> {
            life.turn();
            stopping = true;
        })).awaitUninterruptibly();
        if (options.policy().isLazy()) {
            log.execute(MemberLog::flushAll);
        }
        boolean logIsWhole = log.close();
        loop.submit(guard("shutdown", () -> life.end())).awaitUninterruptibly();
        checkpointer.stop();
        if (logIsWhole) { // else the state could get ahead of it
            loop.submit(guard("last checkpoint", () -> checkpointer.writeLast(applier.applied()))).awaitUninterruptibly();
        }
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
