package org.lockstep.log;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log over LMDB. What is flushed lies in one environment whose commits flush what they write ({@link DiskLog}); what the lazy
 * policies have merely written lies in a second one, the tail, until it is folded over. The main environment has two tables of
 * slots: one holds the order, the other, at a process that follows the ensemble from outside, the copy.
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
    private static final Logger LOG = LoggerFactory.getLogger(LmdbLog.class);
    private static final Comparator<Slot> BY_PLACE = Comparator.comparing(Slot::position);

    private final FsyncPolicy policy;
    private final DiskLog disk;
    private final LogMetrics metrics;
    private final LogCopy copy;
    /** Slots in the tail that are not in the main log yet; of views before the installed one, what came too late and is void. */
    private final NavigableMap<Position, Slot> unfolded = new ConcurrentSkipListMap<>();
    private final OrderReader reader;
    private LazyTail tail;
    private boolean tailDiscarded;
    private Recovered recovered;
    private volatile Position last;

    private LmdbLog(FsyncPolicy policy, DiskLog disk, LogMetrics metrics) {
        this.policy = policy;
        this.disk = disk;
        this.metrics = metrics;
        this.copy = new LogCopy(disk);
        this.reader = new OrderReader(disk, unfolded);
        this.last = disk.order().last();
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
            log.openTail(directory, options, toleratesDamage);
            log.recovered = log.recover();
            return log;
        } catch (IOException e) {
            log.close();
            throw directory.unusable("cannot prepare " + directory.tailFile(), e);
        } catch (RuntimeException e) {
            log.close();
            throw e;
        }
    }

    private void openTail(DataDirectory directory, StorageOptions options, boolean toleratesDamage) throws IOException {
        boolean trusted = LazyTail.isTrusted(directory.tailFile(), directory.tailBootFile(), directory.bootId());
        if (trusted) {
            tail = LazyTail.open(directory.tailFile(), options);
            readTail(toleratesDamage);
        } else if (LazyTail.isLost(directory.tailFile(), directory.tailBootFile(), directory.bootId())) {
            tailDiscarded = true;
            LOG.warn("the machine has rebooted (or {} is missing): discarding {}, what it held unflushed is lost",
                    directory.tailBootFile().getFileName(), directory.tailFile());
            // Before the file goes: who dies in between must not come back believing that nothing was lost.
            noteLoss();
        }
        if (!policy.isLazy()) {
            flushUnfolded();
            closeTail();
            LazyTail.discard(directory.tailFile(), directory.tailBootFile());
        } else if (!trusted) {
            tail = LazyTail.create(directory.tailFile(), directory.tailBootFile(), directory.bootId(), options);
            readTail(toleratesDamage);
        }
    }

    private void readTail(boolean toleratesDamage) {
        try {
            tail.begin(disk.order().chain(), disk.member().installedId(), slot -> unfolded.put(slot.position(), slot));
        } catch (LogDamagedException e) {
            if (!toleratesDamage) {
                throw e;
            }
            disk.tolerate(e);
        }
        if (!unfolded.isEmpty()) {
            last = unfolded.lastKey().compareTo(last) > 0 ? unfolded.lastKey() : last;
            LOG.info("took over {} slots that were written but not flushed, up to {}", unfolded.size(), last);
        }
    }

    private void noteLoss() {
        if (disk.member().installed() != null) {
            disk.change("write a record to", disk.member().changes().lost(disk.member().installedId()), txn -> { });
        }
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
        for (Position place : unfolded.keySet()) {
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
        if (policy.isLazy()) {
            var firstUnfolded = unfolded.firstEntry();
            tail.append(slots, firstUnfolded == null ? null : firstUnfolded.getKey());
            for (Slot slot : slots) {
                unfolded.put(slot.position(), slot);
            }
        } else {
            disk.append(disk.order(), slots, SlotKind.SECURED);
        }
        timer.stop();
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
        if (!policy.isLazy() || viewId != disk.member().installedId() || upTo == Order.NONE) {
            return;
        }
        Position end = new Position(viewId, Order.index(upTo), Order.rank(upTo));
        Position start = startOf(viewId);
        unfolded.headMap(start).clear();
        fold(new ArrayList<>(unfolded.subMap(start, false, end, true).values()), SlotKind.STABLE);
        if (mark() < upTo) {
            // All of it was here already: no slot tells that it is stable.
            disk.change("write a record to", disk.member().changes().flushed(end), txn -> { });
        }
    }

    private static Position startOf(long viewId) {
        return new Position(viewId, -1, 0);
    }

    @Override
    public void flushAll() {
        flushUnfolded();
        disk.sync();
    }

    private void flushUnfolded() {
        if (policy.isLazy() || tail != null) {
            unfolded.headMap(startOf(disk.member().installedId())).clear();
            fold(new ArrayList<>(unfolded.values()), SlotKind.SECURED);
        }
    }

    /** Puts {@code slots}, everything of the tail up to the last of them, into the main log. */
    private void fold(List<Slot> slots, SlotKind kind) {
        if (slots.isEmpty()) {
            return;
        }
        Timer.Context timer = metrics.fold.time();
        disk.append(disk.order(), slots, kind);
        timer.stop();
        for (Slot slot : slots) {
            unfolded.remove(slot.position());
        }
        if (tail != null) {
            tail.letGo(slots.get(slots.size() - 1).position());
        }
        metrics.tailSlots = unfolded.size();
    }

    /**
     * Lazy policies, in a log without an installed view, where everything up to {@code upTo} is stable: puts it on the medium.
     * Under {@code durable} there is nothing to do.
     *
     * @return the position up to which the log is now flushed
     */
    public Position fold(Position upTo) {
        fold(new ArrayList<>(unfolded.headMap(upTo, true).values()), SlotKind.STABLE);
        return disk.order().last();
    }

    @Override
    public void store(AcceptorRecord value) {
        disk.change("store a promise in", disk.member().changes().promise(value), txn -> { });
    }

    @Override
    public void install(ViewRecord view, MemberId as, Effect.Base base, Trim cut) {
        List<Slot> secured = new ArrayList<>();
        if (base == Effect.Base.LOG) {
            if (disk.damage() != null || disk.member().installedId() != view.viewId() - 1) {
                throw new IllegalStateException("the log is no base for view " + view.viewId());
            }
            for (Slot slot : unfolded.tailMap(startOf(view.viewId() - 1), false).values()) {
                if (cut.covers(slot.position().index(), slot.position().rank())) {
                    secured.add(slot);
                }
            }
        }
        new Installation(disk, view, as, cut).run(base, secured);
        unfolded.clear();
        if (tail != null) {
            tail.letGo(startOf(view.viewId()));
        }
        metrics.tailSlots = 0;
        last = disk.order().last();
    }

    @Override
    public void beginCopy(Position from) {
        copy.begin(from);
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
        copy.append(range);
    }

    @Override
    public void stage(ViewRecord value, LogRange range, boolean whole) {
        copy.stage(value, range, whole);
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
     * In a log without an installed view: hands every slot behind {@code after} to {@code visitor}, in order, flushed ones first,
     * then the trusted lazy tail.
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
        return tailDiscarded;
    }

    @Override
    public void putRecord(String name, byte[] value) {
        disk.putRecord(name, value);
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
        closeTail();
        disk.close();
    }

    private void closeTail() {
        if (tail != null) {
            tail.close();
            tail = null;
        }
    }
}
