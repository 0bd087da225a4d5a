package org.lockstep.server.replica;

import com.codahale.metrics.MetricRegistry;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.lockstep.ensemble.core.LogStore;
import org.lockstep.ensemble.core.Member;
import org.lockstep.ensemble.core.Outbox;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.View;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.state.BatchReader;
import org.lockstep.state.BatchWriter;
import org.lockstep.state.Command;
import org.lockstep.state.Reply;
import org.lockstep.state.StateMachine;
import org.lockstep.wire.MalformedRecordException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This server's copy of the service: turns requests into slots, drives the member core and the log, and applies stable slots.
 *
 * <p><b>Threads.</b> Every method runs on the main event loop, which also owns the client connections, so nothing is shared and
 * nothing is locked. The log thread ({@link LogWriter}) and the checkpoint thread ({@link Checkpointer}) answer by tasks.
 *
 * <p><b>Batching</b> is by opportunity: requests gather while the event loop goes round its sockets and become one slot at the
 * end of the round; the log thread takes all slots that came during its last commit into the next one. There is no timer.
 */
public final class Replica implements RequestOrder, LogWriter.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);
    /** A batch that has grown to this becomes a slot at once. What is larger travels alone. */
    private static final int BATCH_BYTES_MAX = 256 * 1024;
    private static final long OUTSTANDING_BYTES_MAX = 64L << 20;
    /** How far a backlog may grow past the point at which it is worked off in the background. */
    private static final int BACKLOG_FACTOR_MAX = 4;

    private final EventLoop loop;
    private final StateMachine state;
    private final Member member;
    private final LogStore log;
    private final ReplicaOptions options;
    private final FatalHandler fatal;
    private final ReplicaMetrics metrics;
    private final LogWriter logWriter;
    private final Checkpointer checkpointer;
    private final Barriers barriers = new Barriers();
    private final FlushBacklog backlog = new FlushBacklog();
    private final AtomicReference<Position> securedNews = new AtomicReference<>();
    private final Runnable securedTask = this::takeSecured;
    private final Runnable sealTask = this::sealScheduled;

    private final BatchWriter batch = new BatchWriter();
    private final BatchReader batchReader = new BatchReader();
    private final Command command = new Command();
    private final Reply reply = new Reply();
    private final Outbox outbox = new Outbox();
    private final ArrayDeque<SlotInFlight> inFlight = new ArrayDeque<>();
    private SlotInFlight building;
    private boolean sealScheduled;
    private boolean driving;
    private boolean rollingView;
    private boolean stopping;
    private int outstandingCount;
    private long outstandingBytes;
    private long lastBatchMillis;
    private Position applied;
    private Position delivering;
    private Runnable beforeDelivery = () -> {};
    private Runnable afterDelivery = () -> {};
    private Runnable roomMade = () -> {};
    private ViewListener viewListener;
    private BooleanSupplier soleClient = () -> false;

    /**
     * @param applied where {@code state} stands in the order, the log replayed
     */
    public Replica(EventLoop loop, StateMachine state, Member member, LogStore log, CheckpointStore store, Position applied,
            ReplicaOptions options, MetricRegistry registry, FatalHandler fatal) {
        this.loop = loop;
        this.state = state;
        this.member = member;
        this.log = log;
        this.options = options;
        this.fatal = fatal;
        this.applied = applied;
        this.metrics = new ReplicaMetrics(registry);
        this.logWriter = new LogWriter("lockstep-log", log, this,
                new FlushWatch(options.fsyncWarningMillis(), registry), fatal);
        this.checkpointer = new Checkpointer("lockstep-checkpoint", loop, state, store, logWriter, () -> roomMade.run(), fatal);
    }

    /** Starts the threads and timers. */
    public void start() {
        logWriter.start();
        loop.scheduleWithFixedDelay(guard("checkpoint timer", this::checkpoint), options.checkpointMillis(),
                options.checkpointMillis(), TimeUnit.MILLISECONDS);
        if (options.policy().isLazy()) {
            loop.scheduleWithFixedDelay(guard("background flush timer", this::foldIfBehind), options.maxUnsyncedMillis(),
                    options.maxUnsyncedMillis(), TimeUnit.MILLISECONDS);
        }
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

    /** Tells of views that begin from here on. */
    public void setViewListener(ViewListener listener) {
        viewListener = listener;
    }

    /** The view this server is in: of this server alone. */
    public EnsembleView ensembleView() {
        View view = member.view();
        return new EnsembleView(view.viewId(), view.members().get(0), view.members());
    }

    public long viewId() {
        return member.view().viewId();
    }

    /**
     * True when no more requests should be taken in: too many are in flight, or the medium cannot keep up with the background
     * flush or the checkpoints, whose backlog would fill the heap.
     */
    @Override
    public boolean isFull() {
        return outstandingCount >= options.outstandingMax()
                || outstandingBytes >= OUTSTANDING_BYTES_MAX
                || backlog.unflushedBytes() >= BACKLOG_FACTOR_MAX * options.maxUnsyncedBytes()
                || checkpointer.bytesSinceLast() >= BACKLOG_FACTOR_MAX * options.checkpointBytes();
    }

    /** Ordered requests submitted and not yet applied. */
    public int outstandingCount() {
        return outstandingCount;
    }

    // ---- in

    @Override
    public void submit(Pending pending, int opcode, long sessionId, int attach, int cxid, byte[] ids, byte[] body, int offset,
            int length) {
        if (building != null && batch.length() + length > BATCH_BYTES_MAX && batch.count() > 0) {
            sealOrStop();
        }
        SlotInFlight slot = open();
        slot.addCommand(pending);
        batch.add(opcode, sessionId, attach, cxid, ids, body, offset, length);
        outstandingCount++;
        outstandingBytes += length;
    }

    @Override
    public void afterOwnWrites(Pending read) {
        if (building != null) {
            building.addLocalRead(read);
        } else if (!inFlight.isEmpty()) {
            inFlight.peekLast().addLocalRead(read);
        } else {
            read.onTurn(null);
        }
    }

    private SlotInFlight open() {
        if (building == null) {
            building = new SlotInFlight();
            building.openedNanos = System.nanoTime();
            lastBatchMillis = Math.max(lastBatchMillis, System.currentTimeMillis());
            batch.begin(lastBatchMillis);
            scheduleSeal();
        }
        return building;
    }

    private void scheduleSeal() {
        if (!sealScheduled) {
            sealScheduled = true;
            loop.execute(sealTask);
        }
    }

    private void sealScheduled() {
        sealScheduled = false;
        sealOrStop();
    }

    /** A log that fails ends the server, whoever's request it was that filled the batch. */
    private void sealOrStop() {
        try {
            seal();
        } catch (RuntimeException e) {
            fatal.onFatal("the main loop failed", e);
        }
    }

    private void seal() {
        if (building == null || rollingView) {
            return; // nothing gathered, or the view is ending: what gathers goes into the next one
        }
        if (driving) {
            scheduleSeal(); // slots are applied one after another, never one within another
            return;
        }
        if (counterInSight() > options.zxidsPerView()) {
            rollView();
            return;
        }
        SlotInFlight sealed = building;
        building = null;
        metrics.batchSize.update(batch.count());
        metrics.batchBytes.update(batch.length());
        sealed.seal(member.submit(batch.toByteArray(), outbox));
        sealed.sealedNanos = System.nanoTime();
        metrics.queue.update(sealed.sealedNanos - sealed.openedNanos, TimeUnit.NANOSECONDS);
        inFlight.add(sealed);
        drive();
    }

    private long counterInSight() {
        return (state.lastZxid() & 0xffff_ffffL) + outstandingCount;
    }

    // ---- the core's effects

    private void drive() {
        driving = true;
        try {
            while (!outbox.secure().isEmpty() || !outbox.deliver().isEmpty()) {
                if (!outbox.secure().isEmpty()) {
                    secure(outbox.secure());
                }
                List<Slot> stable = outbox.deliver().isEmpty() ? List.of() : List.copyOf(outbox.deliver());
                outbox.clear();
                if (!stable.isEmpty()) {
                    deliver(stable);
                }
            }
        } finally {
            driving = false;
        }
    }

    private void secure(List<Slot> slots) {
        if (!options.policy().isLazy() && !(soleClient.getAsBoolean() && logWriter.isIdle())) {
            logWriter.secure(slots);
            return;
        }
        // Lazy: into the page cache, no wait for the medium, so no thread in between. Durable with a sole client: while its
        // write is flushed there is nobody else to serve, and two changes of thread cost a third of a flush.
        log.secure(slots);
        Position last = slots.get(slots.size() - 1).position();
        for (Slot slot : slots) {
            backlog.secured(slot.payload().length);
        }
        slots.clear();
        noteSecured(last);
    }

    @Override
    public void onSecured(Position last) {
        if (securedNews.getAndSet(last) == null) {
            loop.execute(securedTask);
        }
    }

    private void takeSecured() {
        try {
            noteSecured(securedNews.getAndSet(null));
            drive();
        } catch (RuntimeException e) {
            fatal.onFatal("the main loop failed", e);
        }
    }

    private void noteSecured(Position last) {
        long now = System.nanoTime();
        for (SlotInFlight slot : inFlight) {
            if (slot.slot().position().compareTo(last) > 0) {
                break;
            }
            if (slot.securedNanos == 0) {
                slot.securedNanos = now;
                metrics.secure.update(now - slot.sealedNanos, TimeUnit.NANOSECONDS);
            }
        }
        member.onSecured(last.viewId(), last.index(), outbox);
    }

    // ---- apply

    private void deliver(List<Slot> slots) {
        beforeDelivery.run();
        long before = System.nanoTime();
        for (Slot slot : slots) {
            deliver(slot);
        }
        long applied = System.nanoTime();
        metrics.apply.update(applied - before, TimeUnit.NANOSECONDS);
        afterDelivery.run();
        metrics.reply.update(System.nanoTime() - applied, TimeUnit.NANOSECONDS);
        flushBehind();
        if (checkpointer.bytesSinceLast() > options.checkpointBytes()) {
            checkpoint();
        }
        if (rollingView && member.inFlightCount() == 0) {
            finishRollingView();
        }
    }

    private void deliver(Slot slot) {
        SlotInFlight own = inFlight.poll();
        if (own == null || own.slot() != slot) {
            throw new IllegalStateException("slot " + slot.position() + " was delivered out of turn");
        }
        metrics.stable.update(System.nanoTime() - own.securedNanos, TimeUnit.NANOSECONDS);
        delivering = slot.position();
        try {
            batchReader.wrap(slot.payload(), 0, slot.payload().length);
            for (int i = 0; i < own.turnCount(); i++) {
                turn(own, i);
            }
        } catch (MalformedRecordException e) {
            throw new IllegalStateException("slot " + slot.position() + " holds no batch: " + e.getMessage(), e);
        }
        applied = slot.position();
        checkpointer.noteApplied(slot.payload().length);
    }

    private void turn(SlotInFlight own, int i) throws MalformedRecordException {
        if (own.isLocalRead(i)) {
            own.turn(i).onTurn(null);
            return;
        }
        batchReader.next(command);
        state.apply(batchReader.timeMillis(), command, reply);
        outstandingCount--;
        outstandingBytes -= command.bodyLength();
        own.turn(i).onTurn(reply);
    }

    // ---- barriers and the background flush

    /**
     * Calls {@code released} when everything ordered up to the slot now being applied is on this member's medium. Under
     * {@code durable} and {@code no-sync} a sync promises no more than its place in the order, and this returns false at once.
     */
    @Override
    public boolean awaitFlush(Runnable released) {
        if (options.policy() != FsyncPolicy.WRITE_BARRIER) {
            return false;
        }
        barriers.add(delivering, released);
        return true;
    }

    private void flushBehind() {
        if (barriers.wantFlush() || (options.policy().isLazy() && backlog.unrequestedBytes() > options.maxUnsyncedBytes())) {
            fold();
        }
    }

    private void foldIfBehind() {
        if (backlog.unrequestedBytes() > 0) {
            fold();
        }
    }

    private void fold() {
        backlog.requested(applied);
        barriers.flushRequested(applied);
        logWriter.fold(applied);
    }

    @Override
    public void onFolded(Position flushed) {
        loop.execute(guard("barrier", () -> {
            backlog.flushed(flushed);
            barriers.release(flushed);
            checkpointer.onFlushed(flushed);
            roomMade.run();
        }));
    }

    // ---- checkpoints

    private void checkpoint() {
        if (stopping) {
            return; // timers run on until the event loop ends, which is after the threads they need
        }
        checkpointer.begin(applied, options.policy().isLazy());
    }

    /**
     * Ends the replica: what was submitted is secured and applied, a last checkpoint is written, the threads end. Called from
     * outside the event loop, after the door has closed.
     */
    public void stop() throws InterruptedException {
        loop.submit(guard("shutdown", () -> {
            seal();
            stopping = true;
            if (options.policy().isLazy()) {
                fold();
            }
        })).awaitUninterruptibly();
        boolean logIsWhole = logWriter.stop();
        loop.submit(() -> {}).awaitUninterruptibly();
        checkpointer.stop();
        if (logIsWhole) { // else the state could get ahead of it
            loop.submit(guard("last checkpoint", () -> checkpointer.writeLast(applied))).awaitUninterruptibly();
        }
    }

    // ---- the end of a view's zxids

    private void rollView() {
        rollingView = true;
        if (member.inFlightCount() == 0) {
            finishRollingView();
        }
    }

    private void finishRollingView() {
        member.beginView(outbox);
        View view = outbox.view();
        outbox.clear();
        logWriter.execute(() -> {
            log.putRecord(View.RECORD, view.encode());
            loop.execute(guard("change of view", () -> enterView(view)));
        });
    }

    private void enterView(View view) {
        LOG.info("View {} begins: the zxids of view {} are used up", view.viewId(), view.viewId() - 1);
        state.beginView(view.viewId());
        viewListener.viewBegan(ensembleView());
        rollingView = false;
        seal();
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
