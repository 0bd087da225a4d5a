package org.lockstep.log;

import com.codahale.metrics.Timer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.lmdbjava.Env;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.log.DataDirectoryException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main log environment: slots and records, every commit flushed: its pages by the commit itself, its meta page with the next
 * one, which costs a flush less; {@link Salvage} finds what a power cut in between makes unreachable. Records, which have no
 * checksum to be found by, are flushed whole. All calls come from one thread at a time; only
 * {@link #record} and {@link #last} may be asked by others.
 */
final class DiskLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DiskLog.class);
    private static final String DISK_RECORD = "lockstep.disk";
    /** Old slots go in bundles of this many chunks or more: each bundle dirties the front pages once. */
    private static final int DELETE_CHUNKS_MIN = 64;
    private static final int NOTE_EVERY_COMMITS = 32;

    private final LmdbEnv env;
    private final SlotTable slots;
    private final RecordTable records;
    private final Preallocation preallocation;
    private final LogMetrics metrics;
    private volatile Position last = Position.START;
    private volatile Position deleteLimit = Position.START;
    private volatile boolean somethingToDelete;
    private boolean failed;
    private int chunksSinceDelete;
    private int commits;

    /** One change of the log, run again from its start when the map had to grow. */
    private interface Change {
        void run(Txn<ByteBuffer> txn);
    }

    private DiskLog(LmdbEnv env, int stepBytes, LogMetrics metrics) throws IOException {
        this.env = env;
        this.slots = new SlotTable(env);
        this.records = new RecordTable(env);
        this.preallocation = new Preallocation(env.file(), stepBytes);
        this.metrics = metrics;
    }

    /** Makes the file of an empty log that belongs to {@code diskId}. */
    static void format(Path file, String diskId, StorageOptions options) {
        try (LmdbEnv env = LmdbEnv.create(file, options.logMapBytes(), LmdbEnv.Flush.WHOLE, SlotTable.NAME, RecordTable.NAME)) {
            RecordTable records = new RecordTable(env);
            try (Txn<ByteBuffer> txn = env.write()) {
                records.put(txn, DISK_RECORD, diskId.getBytes(StandardCharsets.UTF_8));
                txn.commit();
            }
        }
    }

    /** Opens and verifies the log; {@code chain} is brought up to its last slots. */
    static DiskLog open(Path file, String diskId, StorageOptions options, SlotChain chain, LogMetrics metrics) {
        MetaPages.requirePresent(file);
        TreeCheck.check(file);
        LmdbEnv env = LmdbEnv.open(file, options.logMapBytes(), LmdbEnv.Flush.PAGES);
        try {
            DiskLog log = new DiskLog(env, options.logStepBytes(), metrics);
            log.load(diskId, chain);
            log.salvage(chain);
            return log;
        } catch (IOException e) {
            env.close();
            boolean full = LmdbEnv.isSpaceLow(file);
            throw new DataDirectoryException(full ? Kind.DISK_FULL : Kind.UNUSABLE,
                    "cannot open " + file + ": " + (full ? LmdbEnv.fullDisk(file) : e.getMessage()), e);
        } catch (RuntimeException e) {
            env.close();
            throw e;
        }
    }

    private void load(String diskId, SlotChain chain) {
        try (Txn<ByteBuffer> txn = env.read()) {
            records.load(txn);
            byte[] disk = records.get(DISK_RECORD);
            if (disk == null || !diskId.equals(new String(disk, StandardCharsets.UTF_8))) {
                throw DataDirectory.foreignFile(env.file());
            }
            try (SlotTable.Scan scan = slots.scan(txn)) {
                while (scan.next()) {
                    checkChain(scan, chain, null);
                    last = scan.slot().position();
                }
            }
        } catch (LmdbException e) {
            throw MetaPages.damaged(env.file(), "reading it fails (" + e.getMessage() + ")");
        }
        preallocation.ensure(env.usedBytes());
    }

    /** Takes back into the tree what the last commit before a power cut had flushed; see {@link Salvage}. */
    private void salvage(SlotChain chain) throws IOException {
        SalvageFile begun = new SalvageFile(env.file());
        List<Slot> found = begun.read().stream().filter(slot -> slot.position().compareTo(last) > 0).toList();
        if (found.isEmpty()) {
            found = Salvage.find(env.file(), env.pageBytes(), last, chain);
            if (!found.isEmpty()) {
                // What they continue may be in the page cache only, after kill -9: the power must not take it and leave them.
                sync();
                begun.write(found);
            }
        }
        if (!found.isEmpty()) {
            takeBack(found, chain);
        }
        begun.delete();
    }

    private void takeBack(List<Slot> found, SlotChain chain) {
        long[] prevIndexes = new long[found.size()];
        for (int i = 0; i < prevIndexes.length; i++) {
            prevIndexes[i] = chain.extend(found.get(i).position());
        }
        append(found, prevIndexes);
        sync();
        LOG.info("took {} slots, up to {}, from the last commit before a power cut", found.size(), last);
    }

    /** A slot must name the one found before it; a sender's first may name one that was let go, up to {@code floor}. */
    static void checkChain(SlotTable.Scan scan, SlotChain chain, Position floor) {
        Position position = scan.slot().position();
        long found = chain.extend(position);
        long named = scan.prevIndex();
        boolean gone = found < 0 && named >= 0
                && (floor == null || new Position(position.viewId(), named, position.rank()).compareTo(floor) <= 0);
        if (named != found && !gone) {
            throw scan.damaged("before slot " + position, "the slot of the same sender at index " + named + " is missing");
        }
    }

    Position last() {
        return last;
    }

    byte[] record(String name) {
        return records.get(name);
    }

    void putRecord(String name, byte[] value) {
        commit("write a record to", txn -> records.put(txn, name, value));
        sync();
        records.committed(name, value);
    }

    private void sync() {
        try {
            env.sync();
        } catch (LmdbException e) {
            failed = true;
            throw env.failed("flush", e);
        }
    }

    /** Appends and flushes; {@code prevIndexes} as {@link SlotTable#put} wants them. */
    void append(List<Slot> batch, long[] prevIndexes) {
        int bytes = 0;
        int chunks = 0;
        Position end = last;
        for (Slot slot : batch) {
            bytes += slot.payload().length;
            chunks += SlotCodec.chunks(slot.payload().length);
            end = slot.position().compareTo(end) > 0 ? slot.position() : end;
        }
        chunksSinceDelete += chunks;
        int toDelete = somethingToDelete && chunksSinceDelete >= DELETE_CHUNKS_MIN ? 2 * chunksSinceDelete : 0;
        Position limit = deleteLimit;
        boolean[] allGone = {false};
        commit("append to", txn -> {
            slots.put(txn, batch, prevIndexes, last);
            if (toDelete > 0) {
                allGone[0] = slots.deleteFirst(txn, limit, toDelete);
            }
        });
        last = end;
        if (toDelete > 0) {
            chunksSinceDelete = 0;
            somethingToDelete = !allGone[0] || !limit.equals(deleteLimit);
        }
        metrics.commitSlots.update(batch.size());
        metrics.commitBytes.update(bytes);
        preallocation.ensure(env.usedBytes());
        if (commits++ % NOTE_EVERY_COMMITS == 0) {
            note();
        }
    }

    /** Lets slots up to {@code position} go with the commits to come; true while some may be left. */
    boolean deleteBelow(Position position) {
        if (position.compareTo(deleteLimit) > 0) {
            deleteLimit = position;
            somethingToDelete = true;
        }
        return somethingToDelete;
    }

    private void commit(String doing, Change change) {
        if (failed) {
            throw new LogFailedException(env.file() + " has failed before; start this server again");
        }
        Timer.Context timer = metrics.flush.time();
        try {
            while (!tryCommit(change)) {
                env.grow();
            }
            timer.stop();
        } catch (LogFailedException e) {
            failed = true;
            throw e;
        } catch (LmdbException e) {
            failed = true;
            throw env.failed(doing, e);
        }
    }

    private boolean tryCommit(Change change) {
        try (Txn<ByteBuffer> txn = env.write()) {
            change.run(txn);
            txn.commit();
            return true;
        } catch (Env.MapFullException e) {
            return false;
        }
    }

    private void note() {
        try (Txn<ByteBuffer> txn = env.read()) {
            long used = env.usedBytes();
            metrics.fileBytes = used;
            metrics.freePages = used / env.pageBytes() - slots.pages(txn) - records.pages(txn);
        }
    }

    /** Hands every slot behind {@code after} to {@code visitor}, in order, with the chain checked from there. */
    void replay(Position after, Consumer<Slot> visitor) {
        SlotChain chain = new SlotChain();
        try (Txn<ByteBuffer> txn = env.read(); SlotTable.Scan scan = slots.scan(txn)) {
            while (scan.next()) {
                checkChain(scan, chain, after);
                if (scan.slot().position().compareTo(after) > 0) {
                    visitor.accept(scan.slot());
                }
            }
        } catch (LmdbException e) {
            throw env.failed("read", e);
        }
    }

    @Override
    public void close() {
        preallocation.close();
        env.close();
    }
}
