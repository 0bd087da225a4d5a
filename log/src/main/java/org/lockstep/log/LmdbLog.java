package org.lockstep.log;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.fsync.FsyncPolicy;

/**
 * The log over LMDB. The main log is one environment, every commit of which is flushed ({@link DiskLog}), with two tables of
 * slots: one holds the order, the other, at a process that follows the ensemble from outside, the copy. What is secured goes to
 * two plain files first, the {@link Tail}, and from there to the main log many slots at a time ({@link UnfoldedSlots}).
 *
 * <p><b>Threads.</b> Under {@code durable} one thread calls everything that writes. Under the lazy policies {@link #secure} may
 * run on one thread while all else that writes runs on another: the first only enters the tail, the others only the main log,
 * and slots pass between them in the heap. What reads is for any thread, {@link #replay} for the start. {@link #close} comes
 * after all of them have ended.
 *
 * <p>A log in which no view is installed takes slots of any view, in the order of views: that of a server alone, which names its
 * views in a record of its own.
 */
public final class LmdbLog implements MemberLog {
    private static final Comparator<Slot> BY_PLACE = Comparator.comparing(Slot::position);

    private final FsyncPolicy policy;
    private final DiskLog disk;
    private final LogMetrics metrics;
    private final LogCopy copy;
    private final UnfoldedSlots unfolded;
    private final OrderReader reader;
    private Recovered recovered;
    private volatile Position last;

    private LmdbLog(FsyncPolicy policy, DiskLog disk, LogMetrics metrics) {
        this.policy = policy;
        this.disk = disk;
        this.metrics = metrics;
        this.copy = new LogCopy(disk);
        this.unfolded = new UnfoldedSlots(policy, disk, metrics);
        this.reader = new OrderReader(disk, unfolded.slots());
    }

    /**
     * Opens the log of {@code directory} and checks every slot in it. A tail left by a lazy policy is taken over when the machine
     * has not rebooted since, whatever {@code policy} is now, and discarded otherwise.
     *
     * @throws DataDirectoryException when a file is missing or foreign, a page is damaged, or the disk is full
     * @throws LogDamagedException when a slot fails its checks
     */
    public static LmdbLog open(DataDirectory directory, FsyncPolicy policy, StorageOptions options, MetricRegistry registry) {
        return open(directory, policy, options, registry, false);
    }

    /**
     * As {@link #open}, for a member of an ensemble: a slot that fails its checks is told by {@link Recovered#damaged}. Records
     * can be used then, and a copy be made and installed; reading the order is refused until that is done.
     */
    public static LmdbLog openMember(DataDirectory directory, FsyncPolicy policy, StorageOptions options,
            MetricRegistry registry) {
        return open(directory, policy, options, registry, true);
    }

    private static LmdbLog open(DataDirectory directory, FsyncPolicy policy, StorageOptions options, MetricRegistry registry,
            boolean toleratesDamage) {
        LogMetrics metrics = new LogMetrics(registry);
        DiskLog disk = DiskLog.open(directory.logFile(), directory.diskId(), options, toleratesDamage, metrics);
        LmdbLog log = new LmdbLog(policy, disk, metrics);
        try {
            log.unfolded.open(directory, options, toleratesDamage);
            log.last = log.lastOfAll();
            log.recovered = log.recover();
            return log;
        } catch (IOException e) {
            log.close();
            throw directory.unusable("cannot prepare " + directory.tailFile(0), e);
        } catch (RuntimeException e) {
            log.close();
            throw e;
        }
    }

    private Position lastOfAll() {
        Position flushed = disk.order().last();
        var lastUnfolded = unfolded.slots().lastEntry();
        return lastUnfolded == null || lastUnfolded.getKey().compareTo(flushed) < 0 ? flushed : lastUnfolded.getKey();
    }

    private Recovered recover() {
        MemberRecords member = disk.member();
        ViewRecord view = member.installed();
        boolean damaged = disk.damage() != null;
        List<ViewRecord> staged = damaged ? List.of() : member.staged();
        if (view == null) {
            return new Recovered(null, null, null, true, damaged, Order.NONE, member.acceptor(), staged);
        }
        long[] lastIndexes = new long[view.members().size()];
        for (int k = 0; k < lastIndexes.length; k++) {
            lastIndexes[k] = disk.order().chain().last(view.viewId(), k);
        }
        for (Position place : unfolded.slots().keySet()) {
            lastIndexes[place.rank()] = Math.max(lastIndexes[place.rank()], place.index());
        }
        return new Recovered(view, member.writer(), Trim.of(lastIndexes), !member.hasLost(view.viewId()), damaged, mark(),
                member.acceptor(), staged);
    }

    private long mark() {
        long viewId = disk.member().installedId();
        return Math.max(disk.order().mark().in(viewId), disk.member().mark(viewId));
    }

    @Override
    public Recovered recovered() {
        return recovered;
    }

    @Override
    public ViewRecord installed() {
        return disk.member().installed();
    }

    @Override
    public void secure(List<Slot> given) {
        List<Slot> slots = ofInstalledInOrder(given);
        if (slots.isEmpty()) {
            return;
        }
        slots.forEach(slot -> SlotKey.requireValid(slot.position()));
        Timer.Context timer = metrics.secure.time();
        unfolded.secure(slots);
        timer.stop();
        metrics.secured(slots);
        Position end = slots.get(slots.size() - 1).position();
        last = end.compareTo(last) > 0 ? end : last;
    }

    /** The slots of the installed view by place, which fills pages best; the list itself when that is what it holds. */
    private List<Slot> ofInstalledInOrder(List<Slot> given) {
        long viewId = disk.member().installedId();
        boolean asIs = true;
        Position before = Position.START;
        for (int i = 0; i < given.size() && asIs; i++) {
            Position position = given.get(i).position();
            asIs = (viewId == 0 || position.viewId() == viewId) && (i == 0 || position.compareTo(before) > 0);
            before = position;
        }
        return asIs ? given
                : given.stream().filter(slot -> viewId == 0 || slot.position().viewId() == viewId).sorted(BY_PLACE).toList();
    }

    @Override
    public void flush(long viewId, long upTo) {
        synchronized (disk) {
            if (!policy.isLazy() || viewId != disk.member().installedId() || upTo == Order.NONE) {
                return;
            }
            Position end = new Position(viewId, Order.index(upTo), Order.rank(upTo));
            unfolded.foldStable(startOf(viewId), end);
            if (mark() < upTo) {
                // All of it was here already: no slot tells that it is stable.
                disk.change("write a record to", disk.member().changes().flushed(end), txn -> { });
            }
        }
    }

    private static Position startOf(long viewId) {
        return new Position(viewId, -1, 0);
    }

    @Override
    public void flushAll() {
        if (policy.isLazy()) {
            unfolded.foldAll();
        }
    }

    /**
     * Lazy policies, in a log without an installed view, where everything up to {@code upTo} is stable: puts it on the medium.
     * Under {@code durable} there is nothing to do.
     *
     * @return the position up to which the log is now flushed
     */
    public Position fold(Position upTo) {
        synchronized (disk) {
            unfolded.foldStable(Position.START, upTo);
            return disk.order().last();
        }
    }

    @Override
    public void onFailure(Consumer<RuntimeException> listener) {
        unfolded.onFailure(listener);
    }

    @Override
    public void store(AcceptorRecord value) {
        synchronized (disk) {
            disk.change("store a promise in", disk.member().changes().promise(value), txn -> { });
        }
    }

    @Override
    public void install(ViewRecord view, MemberId as, Effect.Base base, Trim cut) {
        synchronized (disk) {
            List<Slot> secured = new ArrayList<>();
            if (base == Effect.Base.LOG) {
                if (disk.damage() != null || disk.member().installedId() != view.viewId() - 1) {
                    throw new IllegalStateException("the log is no base for view " + view.viewId());
                }
                for (Slot slot : unfolded.slots().tailMap(startOf(view.viewId() - 1), false).values()) {
                    if (cut.covers(slot.position().index(), slot.position().rank())) {
                        secured.add(slot);
                    }
                }
            }
            new Installation(disk, view, as, cut).run(base, secured);
            unfolded.installed();
            last = disk.order().last();
        }
    }

    @Override
    public void beginCopy(Position from) {
        synchronized (disk) {
            copy.begin(from);
        }
    }

    @Override
    public Position copyFrom() {
        return copy.from();
    }

    @Override
    public Position copiedUpTo() {
        return copy.upTo();
    }

    @Override
    public void copy(LogRange range) {
        synchronized (disk) {
            copy.append(range);
        }
    }

    @Override
    public void stage(ViewRecord value, LogRange range, boolean whole) {
        synchronized (disk) {
            copy.stage(value, range, whole);
        }
    }

    @Override
    public boolean reachesBackTo(Position after) {
        return reader.reachesBackTo(after);
    }

    @Override
    public LogRange read(Position after, long viewId, Trim cut, int bytesMax) {
        return reader.read(after, viewId, cut, bytesMax);
    }

    @Override
    public void replay(Position after, Visitor visitor) {
        reader.replay(after, visitor);
    }

    /**
     * In a log without an installed view: hands every slot behind {@code after} to {@code visitor}, in order: first those of
     * the main log, then those of the tail.
     */
    public void replay(Position after, Consumer<Slot> visitor) {
        reader.replay(after, new Visitor() {
            @Override
            public void view(ViewRecord view) {
                throw new IllegalStateException("view " + view.viewId() + " is installed in the log of a server alone");
            }

            @Override
            public void slot(Slot slot) {
                visitor.accept(slot);
            }
        });
    }

    /** True when opening found a tail that could not be trusted: slots that were acknowledged may be gone. */
    public boolean tailDiscarded() {
        return unfolded.discarded();
    }

    @Override
    public void putRecord(String name, byte[] value) {
        synchronized (disk) {
            disk.putRecord(name, value);
        }
    }

    @Override
    public byte[] record(String name) {
        return disk.record(name);
    }

    @Override
    public boolean deleteBelow(Position position) {
        copy.deleteBelow(position);
        return disk.order().deleteBelow(position);
    }

    /** The position of the last slot in the log; {@link Position#START} when there is none. */
    public Position last() {
        return last;
    }

    @Override
    public void close() {
        unfolded.close();
        disk.close();
    }
}
