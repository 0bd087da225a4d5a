package org.lockstep.log;

import com.codahale.metrics.Timer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.log.DataDirectoryException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main log environment: slots and records, every commit flushed.
 *
 * <p>All that writes comes from one thread at a time; {@link #read} and {@link #record} are for any.
 */
final class DiskLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DiskLog.class);
    private static final String DISK_RECORD = "lockstep.disk";
    private static final int NOTE_EVERY_COMMITS = 32;

    private final LmdbEnv env;
    private final RecordTable records;
    private final MemberRecords member;
    private final SlotArea[] areas;
    private final Preallocation preallocation;
    private final LogMetrics metrics;
    /** Readers share it; held alone while the map moves or the tables change places. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private volatile int live;
    private volatile LogDamagedException damage;
    private volatile boolean failed;
    private int commits;

    private DiskLog(LmdbEnv env, int stepBytes, LogMetrics metrics) throws IOException {
        this.env = env;
        this.records = new RecordTable(env);
        this.member = new MemberRecords(env, records);
        this.areas = new SlotArea[] {new SlotArea(env, records, SlotTable.NAME, this::freePages),
            new SlotArea(env, records, SlotTable.OTHER_NAME, this::freePages)};
        this.preallocation = new Preallocation(env.file(), stepBytes);
        this.metrics = metrics;
    }

    /** Makes the file of an empty log that belongs to {@code diskId}. */
    static void format(Path file, String diskId, StorageOptions options) {
        try (LmdbEnv env = LmdbEnv.create(file, options.logMapBytes(), SlotTable.NAME,
                SlotTable.OTHER_NAME, RecordTable.NAME)) {
            RecordTable records = new RecordTable(env);
            try (Txn<ByteBuffer> txn = env.write()) {
                records.put(txn, DISK_RECORD, diskId.getBytes(StandardCharsets.UTF_8));
                txn.commit();
            }
        }
    }

    /**
     * Opens and verifies the log. A damaged slot is thrown as {@link LogDamagedException}, or with {@code toleratesDamage} kept
     * in mind ({@link #damage}): everything but the order can then be used.
     */
    static DiskLog open(Path file, String diskId, StorageOptions options, boolean toleratesDamage, LogMetrics metrics) {
        MetaPages.requirePresent(file);
        TreeCheck.check(file);
        LmdbEnv env = LmdbEnv.open(file, options.logMapBytes());
        try {
            DiskLog log = new DiskLog(env, options.logStepBytes(), metrics);
            log.load(diskId, toleratesDamage);
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

    private void load(String diskId, boolean toleratesDamage) {
        try (Txn<ByteBuffer> txn = env.read()) {
            records.load(txn);
            byte[] disk = records.get(DISK_RECORD);
            if (disk == null || !diskId.equals(new String(disk, StandardCharsets.UTF_8))) {
                throw DataDirectory.foreignFile(env.file());
            }
            member.load();
            live = member.table();
            for (SlotArea area : areas) {
                load(txn, area, toleratesDamage);
            }
        } catch (LmdbException e) {
            throw MetaPages.damaged(env.file(), "reading it fails (" + e.getMessage() + ")");
        }
        preallocation.ensure(env.usedBytes());
    }

    private void load(Txn<ByteBuffer> txn, SlotArea area, boolean toleratesDamage) {
        try {
            area.load(txn);
        } catch (LogDamagedException e) {
            if (!toleratesDamage) {
                throw e;
            }
            tolerate(e);
        }
    }

    /** The order cannot be used from here on. */
    void tolerate(LogDamagedException e) {
        LOG.error("this server's log gives no base to its ensemble any more, it rejoins by transfer: {}", e.getMessage());
        damage = e;
    }

    /** The table that holds the order. */
    SlotArea order() {
        return areas[live];
    }

    /** The table that holds the copy, if there is one. */
    SlotArea copy() {
        return areas[1 - live];
    }

    MemberRecords member() {
        return member;
    }

    /** Why the order cannot be used, or null. */
    LogDamagedException damage() {
        return damage;
    }

    byte[] record(String name) {
        return records.get(name);
    }

    void putRecord(String name, byte[] value) {
        Map<String, byte[]> change = Map.of(name, value);
        commit("write a record to", txn -> records.putAll(txn, change));
        records.committed(change);
    }

    /** Makes {@code changes} and {@code also}; on the medium on return. */
    void change(String doing, MemberRecords.Changes changes, LmdbEnv.Change also) {
        commit(doing, txn -> {
            also.run(txn);
            records.putAll(txn, changes.bytes());
        });
        member.committed(changes);
    }

    /**
     * Lets the copy be the order from here on, as {@code changes} say and in the same transaction; no reader
     * sees one half of it.
     *
     * @param known what makes the tables' changes known, run before any reader comes again
     */
    void install(MemberRecords.Changes changes, LmdbEnv.Change also, int newTable, Runnable known) {
        lock.writeLock().lock();
        try {
            change("install a view in", changes, also);
            live = newTable;
            damage = null;
            known.run();
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Which of the two tables {@code area} is. */
    int numberOf(SlotArea area) {
        return area == areas[0] ? 0 : 1;
    }

    /** Appends and flushes {@code batch}, which is in order. */
    void append(SlotArea area, List<Slot> batch, SlotKind kind) {
        SlotArea.Addition addition = area.add(batch, kind);
        commit("append to", addition::run);
        appended(addition);
    }

    /** Appends to the copy, with changes of records. */
    void append(SlotArea area, List<Slot> batch, MemberRecords.Changes changes) {
        SlotArea.Addition addition = area.add(batch, SlotKind.COPIED);
        commit("append to", txn -> {
            addition.run(txn);
            records.putAll(txn, changes.bytes());
        });
        appended(addition);
        member.committed(changes);
    }

    private void appended(SlotArea.Addition addition) {
        addition.committed();
        preallocation.ensure(env.usedBytes());
        if (commits++ % NOTE_EVERY_COMMITS == 0) {
            note();
        }
    }

    /** Throws when something has failed to be written: nothing more can be said for sure then. */
    void requireSound() {
        if (failed) {
            throw new LogFailedException(env.file() + " has failed before; start this server again");
        }
    }

    private void commit(String doing, LmdbEnv.Change change) {
        requireSound();
        Timer.Context timer = metrics.flush.time();
        try {
            env.commit(change, this::grow);
            timer.stop();
        } catch (LogFailedException e) {
            failed = true;
            throw e;
        } catch (LmdbException e) {
            failed = true;
            throw env.failed(doing, e);
        }
    }

    /** No reader may be about while the map moves. */
    private void grow() {
        lock.writeLock().lock();
        try {
            env.grow();
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Runs {@code reader} in a transaction of its own; keep it short, since a commit that must grow the map waits for it. */
    <T> T read(Function<Txn<ByteBuffer>, T> reader) {
        lock.readLock().lock();
        try (Txn<ByteBuffer> txn = env.read()) {
            LogDamagedException damaged = damage;
            if (damaged != null) {
                throw damaged;
            }
            return reader.apply(txn);
        } catch (LmdbException e) {
            throw env.failed("read", e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Makes known what {@code change}, committed by {@link #change}, has done to a table, as {@code txn} shows it. */
    void reload(LmdbEnv.Change change) {
        try (Txn<ByteBuffer> txn = env.read()) {
            change.run(txn);
        } catch (LmdbException e) {
            throw env.failed("read", e);
        }
    }

    private void note() {
        try (Txn<ByteBuffer> txn = env.read()) {
            metrics.fileBytes = env.usedBytes();
            metrics.freePages = freePages(txn);
        }
    }

    /** Pages that hold nothing; those that list them are taken for such too. */
    private long freePages(Txn<ByteBuffer> txn) {
        return env.usedBytes() / env.pageBytes() - MetaPages.COUNT - areas[0].table().pages(txn) - areas[1].table().pages(txn)
                - records.pages(txn);
    }

    @Override
    public void close() {
        preallocation.close();
        env.close();
    }
}
