package org.lockstep.ensemble.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.EnsembleMember;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.PlantedBug;
import org.lockstep.ensemble.core.PlantedRules;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.ViewRecord;

/** One server: a process that runs the core, its disk, its clock, its clients' requests. */
final class SimNode {
    private static final int BATCH_MAX = 4;
    /** An observer's batch takes longer on its way. */
    private static final int OBSERVER_BATCH_MAX = 16;
    private static final long TICK_NANOS = 25 * SimConfig.MILLI;
    private static final long OWED_NANOS = SimConfig.MILLI;

    private final Simulation simulation;
    private final SimConfig config;
    private final EnsembleOptions options;
    private final int serverId;
    private SimDisk disk;
    private long incarnations;
    private long disks;
    private MemberId self;
    private EnsembleMember core;
    private long process;
    private boolean dead;
    private long clockOffset;
    private long pausedUntil;
    private final ArrayDeque<Runnable> deferred = new ArrayDeque<>();
    private final DiskQueue queue;
    private History applied = History.EMPTY;
    private final ArrayDeque<Long> inbox = new ArrayDeque<>();
    private final List<Barrier> barriers = new ArrayList<>();
    private final ArrayDeque<byte[]> submitted = new ArrayDeque<>();
    private final SimFollowing following;

    private record Barrier(long viewId, long order, History at, long request) {}

    SimNode(Simulation simulation, SimConfig config, int serverId) {
        this.simulation = simulation;
        this.config = config;
        this.options = config.options();
        this.serverId = serverId;
        this.queue = new DiskQueue(simulation, config, this);
        this.following = new SimFollowing(simulation, this);
        newDisk();
    }

    private void newDisk() {
        disks++;
        disk = new SimDisk(new UUID(serverId, disks), config.policy().isLazy(), config.bug());
    }

    int serverId() {
        return serverId;
    }

    MemberId self() {
        return self;
    }

    SimDisk disk() {
        return disk;
    }

    boolean isUp() {
        return core != null;
    }

    History applied() {
        return applied;
    }

    ViewRecord view() {
        return core == null ? null : core.view();
    }

    /** Whether it serves clients, as a member or as an observer. */
    boolean serves() {
        return core != null && core.serves();
    }

    /** The process ends and never comes back. */
    void die() {
        kill(false);
        dead = true;
    }

    void stickDisk() {
        queue.stick();
    }

    void start() {
        if (core != null || dead) {
            return;
        }
        incarnations++;
        process++;
        self = new MemberId(serverId, disk.diskId, incarnations);
        core = PlantedRules.member(self, options, disk.recover(), config.bug());
        applied = disk.state();
        simulation.trace(serverId, "starts", self.incarnation());
        simulation.network().started(serverId);
        long mine = process;
        simulation.after(1, () -> tick(mine));
    }

    private void tick(long ofProcess) {
        if (ofProcess != process || core == null) {
            return;
        }
        whenAwake(() -> {
            core.tick(simulation.now() + clockOffset);
            perform();
            simulation.after(TICK_NANOS, () -> tick(ofProcess));
        });
    }

    /** Runs now, or when the pause is over; not at all once the process is dead. */
    private void whenAwake(Runnable action) {
        if (core == null) {
            return;
        }
        if (simulation.now() < pausedUntil) {
            deferred.add(action);
            return;
        }
        action.run();
    }

    void pause(long nanos) {
        if (core == null || simulation.now() < pausedUntil) {
            return;
        }
        pausedUntil = simulation.now() + nanos;
        long mine = process;
        simulation.after(nanos, () -> {
            while (mine == process && core != null && !deferred.isEmpty()) {
                deferred.poll().run();
            }
        });
    }

    void jumpClock(long nanos) {
        clockOffset += nanos;
    }

    void slowDown(int factor) {
        queue.slowDown(factor);
    }

    /** The process ends at once; what its disk was doing is done or not. */
    void kill(boolean powerLoss) {
        if (core != null) {
            simulation.trace(serverId, powerLoss ? "loses power" : "is killed", self.incarnation());
            core = null;
            process++;
            simulation.network().died(serverId);
            queue.crash(disk);
        }
        deferred.clear();
        pausedUntil = 0;
        inbox.clear();
        barriers.clear();
        submitted.clear();
        applied = History.EMPTY;
        simulation.clients().dropped(serverId);
        if (powerLoss) {
            disk.losePower();
        }
    }

    void wipe() {
        kill(true);
        newDisk();
    }

    void planViewChange() {
        if (core != null) {
            core.planViewChange();
        }
    }

    void receive(MemberId from, Message message) {
        whenAwake(() -> {
            simulation.traceMessage(from.serverId(), serverId, message);
            core.message(from, message);
            perform();
        });
    }

    void connection(int peer, boolean up) {
        whenAwake(() -> {
            core.connection(peer, up);
            perform();
        });
    }

    void processGone(MemberId dead) {
        whenAwake(() -> {
            core.processGone(dead);
            perform();
        });
    }

    /** Something from outside that concerns the process {@code ofProcess}, if it still is there. */
    void input(long ofProcess, Consumer<EnsembleMember> input) {
        if (ofProcess == process) {
            whenAwake(() -> {
                input.accept(core);
                perform();
            });
        }
    }

    /** The state that was copied takes the place of the own. */
    void replaceState(History copied) {
        disk.replaceState(copied);
        applied = copied;
    }

    long process() {
        return process;
    }

    boolean takesRequests() {
        return core != null && (core.view() != null || core.serves()) && simulation.now() >= pausedUntil;
    }

    void request(long request) {
        inbox.add(request);
        pump();
    }

    private void pump() {
        boolean any = false;
        while (core != null && !inbox.isEmpty() && core.mayTakeMore()) {
            List<Long> batch = new ArrayList<>();
            while (!inbox.isEmpty() && batch.size() < (core.view() == null ? OBSERVER_BATCH_MAX : BATCH_MAX)) {
                batch.add(inbox.poll());
            }
            byte[] payload = Payload.encode(batch);
            submitted.add(payload);
            core.submit(payload);
            any = true;
        }
        if (any) {
            performOnce();
        }
    }

    /** What the disk has done in one go is reported to the process, if it is still the one that asked. */
    void diskDone(long ofProcess, List<Effect> effects) {
        if (ofProcess != process) {
            return;
        }
        if (effects.get(0) instanceof Effect.Install install) {
            simulation.checker().onInstalled(serverId, install.view(), disk.base());
        }
        whenAwake(() -> {
            effects.forEach(this::report);
            perform();
        });
    }

    private void report(Effect effect) {
        if (effect instanceof Effect.Secure secure) {
            core.secured(secure.slot().position());
        } else if (effect instanceof Effect.Flush flush) {
            core.flushed(flush.viewId(), flush.upTo());
        } else if (effect instanceof Effect.FlushAll flushAll) {
            core.flushedAll(flushAll.token());
        } else if (effect instanceof Effect.Store store) {
            recordStored(store.recordNumber());
        } else if (effect instanceof Effect.Install install) {
            recordStored(install.recordNumber());
        } else if (effect instanceof Effect.Stage stage) {
            core.staged(stage.transfer());
        }
    }

    private void recordStored(long number) {
        queue.recordStored(number);
        core.recordStored(number);
    }

    private void perform() {
        performOnce();
        pump();
    }

    private void performOnce() {
        if (core == null) {
            return;
        }
        EnsembleMember mine = core;
        mine.endTurn();
        for (int i = 0; i < mine.effects().size() && core == mine; i++) {
            perform(mine.effects().get(i));
        }
        mine.effects().clear();
    }

    private void perform(Effect effect) {
        if (effect instanceof Effect.Send send) {
            queue.sendAfter(send);
        } else if (effect instanceof Effect.Deliver deliver) {
            deliver(deliver);
        } else if (effect instanceof Effect.OweRows) {
            oweRows(process);
        } else if (effect instanceof Effect.BeginView begin) {
            beginView(begin);
        } else if (effect instanceof Effect.FlushedEverywhere flushed) {
            completeBarriers(flushed.viewId(), flushed.upTo());
        } else if (effect instanceof Effect.FollowView follow) {
            followView(follow.view());
        } else if (effect instanceof Effect.StandsIn standsIn) {
            checkStandsIn(standsIn.view());
        } else if (effect instanceof Effect.FetchState fetch) {
            submitted.clear();
            following.fetch(fetch, process);
        } else if (effect instanceof Effect.StopFetching) {
            following.end();
        } else if (effect instanceof Effect.ReadLog read) {
            following.read(read, process);
        } else if (effect instanceof Effect.SendTransfer transfer) {
            sendTransfer(transfer);
        } else if (effect instanceof Effect.Excluded excluded) {
            leave(excluded);
        } else if (effect instanceof Effect.CutOff cut) {
            simulation.clients().cutOff(serverId, cut.value());
        } else if (effect instanceof Effect.Note note) {
            simulation.traceNote(serverId, note.text());
        } else {
            boolean skipped = effect instanceof Effect.FlushAll && config.bug() == PlantedBug.SOURCE_NOT_FLUSHED
                    && core.view() == null;
            queue.add(skipped ? new Effect.Flush(-1, Order.NONE) : effect, process);
            if (skipped) {
                queue.addReport(effect, process);
            }
        }
        simulation.maybeCrash(this, effect);
    }

    private void oweRows(long ofProcess) {
        simulation.after(OWED_NANOS, () -> {
            if (ofProcess == process && core != null) {
                whenAwake(() -> {
                    core.payRows();
                    perform();
                });
            }
        });
    }

    /** A message leaves the process. */
    void sendNow(Effect.Send send) {
        if (send.message() instanceof Message.RowUpdate update) {
            simulation.checker().onRow(self, update.row());
        } else if (send.message() instanceof Message.Promise promise) {
            simulation.checker().onPromise(self, promise);
        } else if (send.message() instanceof Message.Decided news) {
            simulation.checker().onDecided(news.view(), simulation);
        } else if (send.message() instanceof Message.Accept accept) {
            simulation.checker().onAccept(accept);
        } else if (send.message() instanceof Message.Accepted accepted) {
            simulation.checker().onAccepted(self, accepted);
        }
        simulation.network().send(serverId, send.serverId(), send.message());
    }

    private void leave(Effect.Excluded excluded) {
        simulation.trace(serverId, "is out of view", excluded.view().viewId());
        kill(false);
        simulation.after(SimConfig.MILLI, this::start);
    }

    private void deliver(Effect.Deliver deliver) {
        Slot slot = deliver.slot();
        checkOwn(deliver);
        apply(applied.append(slot));
        Position position = slot.position();
        simulation.trace(serverId, "delivers", History.mix(position.viewId() << 40, Order.of(position.index(), position.rank())));
        long order = Order.of(position.index(), position.rank());
        for (long request : Payload.decode(slot.payload())) {
            if (Payload.isBarrier(request)) {
                barriers.add(new Barrier(position.viewId(), order, applied, request));
                core.requestFlush(position.viewId(), order);
            } else if (simulation.clients().acknowledge(serverId, request)) {
                simulation.checker().onAcknowledged(position.viewId(), applied);
            }
        }
    }

    /** What was submitted here comes back as its own, in order, and nothing else does. */
    private void checkOwn(Effect.Deliver deliver) {
        boolean isNext = !submitted.isEmpty() && Arrays.equals(submitted.peek(), deliver.slot().payload());
        if (isNext != deliver.own()) {
            throw new SimulationFailure(self + " delivers " + deliver.slot().position() + (isNext ? " and does not know it as"
                    : " as") + " its own");
        }
        if (isNext) {
            submitted.poll();
        }
    }

    private void apply(History next) {
        applied = next;
        simulation.checker().onDelivered(self, next.position().viewId(), next);
        if (simulation.random().nextInt(20) == 0) {
            checkpoint();
        }
    }

    /** Now and then the state is written, and what the log has before it forgotten. */
    private void checkpoint() {
        if (core.view() == null) {
            disk.replaceState(applied);
        } else {
            disk.checkpoint(applied);
            if (simulation.random().nextInt(3) == 0) {
                disk.forgetLogBelow(notNeededBelow());
            }
        }
    }

    private void checkStandsIn(ViewRecord view) {
        if (applied.position().viewId() != view.viewId()) {
            throw new SimulationFailure(self + " is at " + applied.position() + ", not in view " + view.viewId());
        }
    }

    /**
     * The log is kept for followers, and behind a state that is being copied, as far as there is room: while faults last there is
     * not always any.
     */
    private int notNeededBelow() {
        History at = disk.state();
        if (simulation.now() < config.calmNanos() && simulation.random().nextInt(3) == 0) {
            return at.count;
        }
        Position needed = core.neededByFollowers();
        while (needed != null && at.position().compareTo(needed) > 0) {
            at = at.before;
        }
        return Math.min(at.count, following.held());
    }

    /** Somebody copies this server's state as it was checkpointed last, and will ask for what follows. */
    History giveState() {
        following.hold(disk.state().count);
        return disk.state();
    }

    private void followView(ViewRecord view) {
        simulation.trace(serverId, "follows view", view.viewId());
        apply(applied.append(view));
        completeBarriers(view.viewId(), Order.NONE);
    }

    private void completeBarriers(long viewId, long upTo) {
        while (!barriers.isEmpty() && (barriers.get(0).viewId() < viewId || barriers.get(0).order() <= upTo)) {
            Barrier barrier = barriers.remove(0);
            if (simulation.clients().acknowledge(serverId, barrier.request())) {
                simulation.checker().onAcknowledged(barrier.viewId(), barrier.at());
                simulation.checker().onBarrier(barrier.viewId(), barrier.at());
            }
        }
    }

    private void beginView(Effect.BeginView begin) {
        simulation.trace(serverId, "begins view", begin.view().viewId());
        if (begin.fromDisk()) {
            simulation.checker().onStateFollowed(self, applied, disk.base());
            applied = disk.base();
            return;
        }
        applied = applied.append(begin.view());
        if (applied.hash != disk.base().hash) {
            throw new SimulationFailure(self + " begins view " + begin.view().viewId() + " with " + applied.count
                    + " slots applied, its log has " + disk.base().count);
        }
        completeBarriers(begin.view().viewId(), Order.NONE);
    }

    private void sendTransfer(Effect.SendTransfer transfer) {
        Message.TransferRequest request = transfer.request();
        SimDisk.Content content = new SimDisk.Content(disk.sequence(transfer.cut()));
        sendNow(new Effect.Send(request.joinerId(),
                new Message.Transfer(request.ballot(), request.attempt(), request.value(), content), 0));
    }

    /** For messages about what went wrong. */
    @Override
    public String toString() {
        AcceptorRecord record = disk.recover().acceptor();
        return "server " + serverId + (core == null ? " down" : " up as " + self.incarnation()) + ", view "
                + (view() == null ? "none" : view().viewId()) + ", decided "
                + (core == null || core.decided() == null ? "none" : core.decided().viewId()) + ", installed "
                + (disk.installed() == null ? "none" : disk.installed().viewId()) + ", promised "
                + (record == null ? "none" : record.viewId() + " " + record.promised()) + ", applied " + applied.count;
    }
}
