package org.lockstep.log;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.LogStore;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log over LMDB. What is flushed lies in one environment whose commits flush what they write; what the lazy policies
 * have merely written lies in a second one, the tail, until {@link #fold} copies it over.
 *
 * <p><b>Threads.</b> Under {@code durable} one thread calls everything that writes. Under the lazy policies {@link #secure} may
 * run on one thread while {@link #fold}, {@link #putRecord} and {@link #deleteBelow} run on another: the first only enters the
 * tail, the others only the main log, and slots pass between them in the heap. {@link #record} and {@link #last} are for any
 * thread. {@link #close} comes after all of them have ended.
 */
public final class LmdbLog implements LogStore {
    private static final Logger LOG = LoggerFactory.getLogger(LmdbLog.class);

    private final FsyncPolicy policy;
    private final DiskLog disk;
    private final LogMetrics metrics;
    private final SlotChain chain;
    /** Slots in the tail that are not in the main log yet. */
    private final ConcurrentNavigableMap<Position, Secured> unfolded = new ConcurrentSkipListMap<>();
    private LazyTail tail;
    private boolean tailDiscarded;
    private volatile Position last;

    /** A slot in the tail, and the index its sender's chain names before it. */
    private record Secured(Slot slot, long prevIndex) {}

    private LmdbLog(FsyncPolicy policy, DiskLog disk, SlotChain chain, LogMetrics metrics) {
        this.policy = policy;
        this.disk = disk;
        this.chain = chain;
        this.metrics = metrics;
        this.last = disk.last();
    }

    /**
     * Opens the log of {@code directory} and checks every slot in it. A tail left by a lazy policy is taken over when the machine
     * has not rebooted since, whatever {@code policy} is now, and discarded otherwise.
     *
     * @throws DataDirectoryException when a file is missing or foreign, a page is damaged, or the disk is full
     * @throws LogDamagedException when a slot fails its checks
     */
    public static LmdbLog open(DataDirectory directory, FsyncPolicy policy, StorageOptions options, MetricRegistry registry) {
        SlotChain chain = new SlotChain();
        LogMetrics metrics = new LogMetrics(registry);
        DiskLog disk = DiskLog.open(directory.logFile(), directory.diskId(), options, chain, metrics);
        LmdbLog log = new LmdbLog(policy, disk, chain, metrics);
        try {
            log.openTail(directory, options);
            return log;
        } catch (IOException e) {
            log.close();
            throw directory.unusable("cannot prepare " + directory.tailFile(), e);
        } catch (RuntimeException e) {
            log.close();
            throw e;
        }
    }

    private void openTail(DataDirectory directory, StorageOptions options) throws IOException {
        boolean trusted = LazyTail.isTrusted(directory.tailFile(), directory.tailBootFile(), directory.bootId());
        if (trusted) {
            tail = LazyTail.open(directory.tailFile(), options);
            tail.read(disk.last(), chain, (slot, prevIndex) -> unfolded.put(slot.position(), new Secured(slot, prevIndex)));
            if (!unfolded.isEmpty()) {
                last = unfolded.lastKey();
                LOG.info("took over {} slots that were written but not flushed, up to {}", unfolded.size(), last);
            }
        } else if (java.nio.file.Files.exists(directory.tailFile())) {
            tailDiscarded = true;
            LOG.warn("the machine has rebooted (or {} is missing): discarding {}, what it held unflushed is lost",
                    directory.tailBootFile().getFileName(), directory.tailFile());
        }
        if (!policy.isLazy()) {
            foldAll();
            closeTail();
            LazyTail.discard(directory.tailFile(), directory.tailBootFile());
        } else if (!trusted) {
            tail = LazyTail.create(directory.tailFile(), directory.tailBootFile(), directory.bootId(), options);
        }
    }

    @Override
    public void secure(List<Slot> slots) {
        if (slots.isEmpty()) {
            return;
        }
        long[] prevIndexes = new long[slots.size()];
        Position end = last;
        for (int i = 0; i < prevIndexes.length; i++) {
            Position position = slots.get(i).position();
            SlotKey.requireValid(position);
            prevIndexes[i] = chain.extend(position);
            end = position.compareTo(end) > 0 ? position : end;
        }
        Timer.Context timer = metrics.secure.time();
        if (policy.isLazy()) {
            tail.append(slots, prevIndexes);
            for (int i = 0; i < prevIndexes.length; i++) {
                Slot slot = slots.get(i);
                unfolded.put(slot.position(), new Secured(slot, prevIndexes[i]));
            }
        } else {
            disk.append(slots, prevIndexes);
        }
        timer.stop();
        last = end;
    }

    @Override
    public Position fold(Position upTo) {
        Map<Position, Secured> ready = unfolded.headMap(upTo, true);
        if (ready.isEmpty()) {
            return disk.last();
        }
        List<Secured> secured = new ArrayList<>(ready.values());
        long[] prevIndexes = new long[secured.size()];
        List<Slot> slots = new ArrayList<>(prevIndexes.length);
        for (Secured each : secured) {
            prevIndexes[slots.size()] = each.prevIndex();
            slots.add(each.slot());
        }
        Timer.Context timer = metrics.fold.time();
        disk.append(slots, prevIndexes);
        timer.stop();
        for (Slot slot : slots) {
            unfolded.remove(slot.position());
        }
        if (tail != null) {
            tail.letGo(slots.get(slots.size() - 1).position());
        }
        metrics.tailSlots = unfolded.size();
        return disk.last();
    }

    /** True when opening found a tail that could not be trusted: slots that were acknowledged may be gone. */
    public boolean tailDiscarded() {
        return tailDiscarded;
    }

    private void foldAll() {
        if (!unfolded.isEmpty()) {
            fold(unfolded.lastKey());
        }
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
        return disk.deleteBelow(position);
    }

    @Override
    public void replay(Position after, Consumer<Slot> visitor) {
        disk.replay(after, visitor);
        for (Secured secured : unfolded.tailMap(after, false).values()) {
            visitor.accept(secured.slot());
        }
    }

    @Override
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
