package org.lockstep.log;

import com.codahale.metrics.Timer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Slots that are secured in the {@link Tail} and not in the main log yet: on the heap for who reads, in the tail's files for the
 * next start. Folding moves them over.
 *
 * <p>One thread secures. Another may fold meanwhile, and so may the thread that folds in the background under {@code durable}
 * ({@link TailFolder}): whoever changes the main log holds the monitor of the {@link DiskLog}.
 */
final class UnfoldedSlots implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UnfoldedSlots.class);

    private final FsyncPolicy policy;
    private final DiskLog disk;
    private final LogMetrics metrics;
    /** Of views before the installed one, what is here came too late and is void. */
    private final NavigableMap<Position, Slot> slots = new ConcurrentSkipListMap<>();
    private final TailFolder folder = new TailFolder(this::foldAll);
    private Tail tail;
    private boolean discarded;

    UnfoldedSlots(FsyncPolicy policy, DiskLog disk, LogMetrics metrics) {
        this.policy = policy;
        this.disk = disk;
        this.metrics = metrics;
    }

    /** By place; for any thread, changing while others look. */
    NavigableMap<Position, Slot> slots() {
        return slots;
    }

    /** True when opening found a tail that could not be trusted. */
    boolean discarded() {
        return discarded;
    }

    /** Is told, on a thread of its own, when folding in the background has failed. */
    void onFailure(Consumer<RuntimeException> listener) {
        folder.onFailure(listener);
    }

    /** Opens the tail and takes over what is to be believed of it. */
    void open(DataDirectory directory, StorageOptions options, boolean toleratesDamage) throws IOException {
        boolean written = Tail.isWritten(directory);
        if (Tail.isLost(directory)) {
            noteLoss(directory); // before the files go: who dies in between must not come back believing that nothing was lost
            Tail.discard(directory);
        }
        tail = Tail.open(directory, !policy.isLazy(), options);
        read(directory, written, toleratesDamage);
        boolean goesOn = policy.isLazy() ? written : !Tail.isLazy(directory);
        if (goesOn && !discarded) {
            return; // as it is: a start that is refused later has changed nothing
        }
        if (disk.damage() == null) {
            foldAll();
            tail.empty(discarded);
        }
        if (policy.isLazy()) {
            tail.beginWritten();
        } else {
            tail.endWritten();
        }
    }

    private void read(DataDirectory directory, boolean written, boolean toleratesDamage) throws IOException {
        try {
            SlotChain chain = disk.order().chain();
            if (!tail.begin(chain, disk.member().installedId(), written, slot -> slots.put(slot.position(), slot))) {
                noteLoss(directory);
            }
        } catch (LogDamagedException e) {
            if (!toleratesDamage) {
                throw e;
            }
            disk.tolerate(e);
        }
        if (!slots.isEmpty()) {
            LOG.info("took over {} slots from {} and {}, up to {}", slots.size(), directory.tailFile(0),
                    directory.tailFile(1).getFileName(), slots.lastKey());
        }
    }

    private void noteLoss(DataDirectory directory) {
        discarded = true;
        LOG.warn("the machine has rebooted (or {} is missing): discarding {} and {}, what they held unflushed is lost",
                directory.tailBootFile().getFileName(), directory.tailFile(0), directory.tailFile(1).getFileName());
        if (disk.member().installed() != null) {
            disk.change("write a record to", disk.member().changes().lost(disk.member().installedId()), txn -> { });
        }
    }

    /** Secures slots, which are in order and continue their senders' chains: in the tail, or in the main log if there is no room. */
    void secure(List<Slot> batch) {
        folder.requireSound();
        disk.requireSound();
        long[] prevIndexes = tail.extend(batch);
        var first = slots.firstEntry();
        Position firstNeeded = first == null ? null : first.getKey();
        boolean takes = tail.takes(batch, firstNeeded);
        if (takes) {
            append(batch, prevIndexes);
        }
        for (Slot slot : batch) {
            slots.put(slot.position(), slot);
        }
        tail.appendedAreKnown();
        if (!takes) {
            foldAll();
        } else if (!policy.isLazy() && tail.wantsFold(firstNeeded)) {
            folder.want();
        }
    }

    private void append(List<Slot> batch, long[] prevIndexes) {
        if (policy.isLazy()) {
            tail.append(batch, prevIndexes);
            return;
        }
        Timer.Context timer = metrics.flush.time();
        tail.append(batch, prevIndexes);
        timer.stop();
    }

    /** Puts what stands up to {@code end} and behind {@code start} into the main log, as the stable order. */
    void foldStable(Position start, Position end) {
        synchronized (disk) {
            slots.headMap(start).clear();
            fold(slots.subMap(start, false, end, true).values(), SlotKind.STABLE);
        }
    }

    /** Puts everything into the main log. */
    void foldAll() {
        synchronized (disk) {
            slots.headMap(new Position(disk.member().installedId(), -1, 0)).clear();
            long records = tail.appended(); // before the look at the slots: there are no fewer of them then
            fold(slots.values(), SlotKind.SECURED);
            tail.letGo(records);
        }
    }

    private void fold(Collection<Slot> chosen, SlotKind kind) {
        List<Slot> batch = new ArrayList<>(chosen);
        if (batch.isEmpty()) {
            return;
        }
        Timer.Context timer = metrics.fold.time();
        disk.append(disk.order(), batch, kind);
        timer.stop();
        for (Slot slot : batch) {
            slots.remove(slot.position());
        }
        metrics.tailSlots = slots.size();
    }

    /** A view was installed with what was needed of these: none is needed any more. */
    void installed() {
        long records = tail.appended();
        slots.clear();
        tail.letGo(records);
        metrics.tailSlots = 0;
    }

    @Override
    public void close() {
        folder.close();
        if (tail != null) {
            tail.close();
            tail = null;
        }
    }
}
