package org.lockstep.log;

import com.codahale.metrics.Histogram;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.lmdbjava.Dbi;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.metrics.Meters;
import org.lockstep.state.Checkpoint;
import org.lockstep.state.Node;
import org.lockstep.state.StateBase;

/**
 * The materialised state over LMDB. A checkpoint is one transaction, flushed, that holds every change and the position it stands
 * for; so there is nothing to replay but the log behind that position, at any size of the state.
 *
 * <p><b>Threads.</b> {@link #find} and the two forEach methods belong to the state machine's thread; {@link #write} to one other
 * thread, at the same time. More readers take a {@link #snapshot}. {@link #close} comes after all of them have ended.
 */
public final class LmdbState implements StateBase, AutoCloseable {
    /** Up to this size every page and node is checked on opening; beyond, that would take longer than a start may. */
    private static final long CHECKED_BYTES_MAX = 32 << 20;
    private static final String NODES = "nodes";
    static final String SYSTEM = "system";
    static final byte[] MARK = "mark".getBytes(StandardCharsets.UTF_8);
    private static final byte[] DISK = "disk".getBytes(StandardCharsets.UTF_8);

    private final LmdbEnv env;
    private final DataDirectory directory;
    private final Dbi<ByteBuffer> nodes;
    private final EntryTable system;
    private final Map<Table, EntryTable> tables = new EnumMap<>(Table.class);
    private final StateReader reader;
    private final CheckpointWriter writer;
    private final Timer checkpointTime;
    private final Histogram checkpointNodes;
    private volatile long usedBytes;
    private boolean failed;

    /** Guards every read transaction, so that the map is only moved while none is open. */
    private final Object readLock = new Object();
    private final List<Snapshot> snapshots = new ArrayList<>();
    private final List<StateExport> exports = new ArrayList<>();
    private Txn<ByteBuffer> readTxn;
    private boolean readTxnActive;

    private LmdbState(LmdbEnv env, DataDirectory directory, MetricRegistry registry) {
        this.env = env;
        this.directory = directory;
        this.nodes = env.table(NODES);
        this.system = new EntryTable(env, SYSTEM);
        for (Table table : Table.values()) {
            tables.put(table, new EntryTable(env, tableName(table)));
        }
        this.reader = new StateReader(env, nodes);
        this.writer = new CheckpointWriter(env, nodes, tables);
        this.checkpointTime = Meters.timer(registry, "state.checkpoint");
        this.checkpointNodes = Meters.histogram(registry, "state.checkpoint.nodes");
        this.usedBytes = env.usedBytes();
        LogMetrics.gauge(registry, "state.used.bytes", () -> usedBytes);
    }

    private static String tableName(Table table) {
        return table.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The tables that make up a state, in the order in which they are exported. */
    static List<String> tableNames() {
        List<String> names = new ArrayList<>(List.of(NODES));
        for (Table table : Table.values()) {
            names.add(tableName(table));
        }
        return names;
    }

    /** Makes the file of an empty state that belongs to {@code diskId}. */
    static void format(Path file, String diskId, StorageOptions options) {
        List<String> names = tableNames();
        names.add(SYSTEM);
        try (LmdbEnv env = LmdbEnv.create(file, options.stateMapBytes(), names.toArray(new String[0]))) {
            EntryTable system = new EntryTable(env, SYSTEM);
            try (Txn<ByteBuffer> txn = env.write()) {
                system.put(txn, DISK, diskId.getBytes(StandardCharsets.UTF_8));
                txn.commit();
            }
        }
    }

    /**
     * Opens the state of {@code directory} as its last checkpoint left it.
     *
     * @throws DataDirectoryException when the file is missing, foreign or damaged
     */
    public static LmdbState open(DataDirectory directory, StorageOptions options, MetricRegistry registry) {
        MetaPages.requirePresent(directory.stateFile());
        MetaPages meta = MetaPages.read(directory.stateFile());
        boolean small = meta.usedBytes() <= CHECKED_BYTES_MAX;
        if (small || meta.isShort()) {
            TreeCheck.check(directory.stateFile());
        }
        LmdbEnv env = LmdbEnv.open(directory.stateFile(), options.stateMapBytes());
        try {
            LmdbState state = new LmdbState(env, directory, registry);
            byte[] disk = state.systemEntry(DISK);
            if (disk == null || !directory.diskId().equals(new String(disk, StandardCharsets.UTF_8))) {
                throw DataDirectory.foreignFile(directory.stateFile());
            }
            if (small) {
                state.verify();
            }
            directory.stateOpened();
            return state;
        } catch (LmdbException e) {
            env.close();
            throw unreadable(directory.stateFile(), e);
        } catch (RuntimeException e) {
            env.close();
            throw e;
        }
    }

    private static DataDirectoryException unreadable(Path file, LmdbException e) {
        return MetaPages.damaged(file, "reading it fails (" + e.getMessage() + ")");
    }

    private void verify() {
        try (Txn<ByteBuffer> txn = env.read()) {
            reader.verify(txn);
        }
    }

    /** The mark of the last checkpoint; null when there has been none. */
    public byte[] mark() {
        return systemEntry(MARK);
    }

    private byte[] systemEntry(byte[] key) {
        try (Txn<ByteBuffer> txn = env.read()) {
            return system.get(txn, key);
        }
    }

    @Override
    public Node find(String path) {
        synchronized (readLock) {
            try {
                return reader.find(activeTxn(), path);
            } catch (LmdbException e) {
                throw unreadable(env.file(), e);
            }
        }
    }

    @Override
    public void forEachChild(String path, Consumer<String> visitor) {
        synchronized (readLock) {
            try {
                reader.forEachChild(activeTxn(), path, visitor);
            } catch (LmdbException e) {
                throw unreadable(env.file(), e);
            }
        }
    }

    @Override
    public void forEach(Table table, EntryVisitor visitor) {
        synchronized (readLock) {
            tables.get(table).forEach(activeTxn(), visitor);
        }
    }

    private Txn<ByteBuffer> activeTxn() {
        if (!readTxnActive) {
            if (readTxn == null) {
                readTxn = env.read();
            } else {
                readTxn.renew();
            }
            readTxnActive = true;
        }
        return readTxn;
    }

    /** The reader sees the newest checkpoint from its next call on, and an idle one does not pin the pages of an old one. */
    private void restReader() {
        synchronized (readLock) {
            if (readTxnActive) {
                readTxn.reset();
                readTxnActive = false;
            }
        }
    }

    /**
     * Writes {@code checkpoint} in one transaction and flushes it. It may be asked to write itself more than once.
     *
     * @throws LogFailedException when the medium fails; the state then stands where it stood, and the process must stop
     */
    public void write(Checkpoint checkpoint) {
        if (failed) {
            throw new LogFailedException(env.file() + " has failed before; start this server again");
        }
        Timer.Context timer = checkpointTime.time();
        try {
            env.commit(txn -> {
                writer.write(txn, checkpoint);
                system.put(txn, MARK, checkpoint.mark());
            }, this::growMap);
            timer.stop();
        } catch (LmdbException e) {
            failed = true;
            throw env.failed("write a checkpoint to", e);
        }
        restReader();
        checkpointNodes.update(checkpoint.nodeCount());
        usedBytes = env.usedBytes();
        synchronized (readLock) {
            List.copyOf(exports).forEach(export -> export.endIfOutgrown(usedBytes));
        }
    }

    /** Only the writer, outside its transaction; readers are shut out, and snapshots and exports end. */
    private void growMap() {
        synchronized (readLock) {
            if (readTxn != null) {
                readTxn.close();
                readTxn = null;
                readTxnActive = false;
            }
            endReaders();
            env.grow();
        }
    }

    private void endReaders() {
        List.copyOf(snapshots).forEach(Snapshot::close);
        List.copyOf(exports).forEach(StateExport::end);
    }

    /**
     * The last checkpoint, to be copied to another server; null before the first. See {@link StateExport} for what it costs.
     *
     * @param chunkBytes about how large its chunks are
     * @param growthBytesMax by how much the file may grow before the export is ended
     */
    public StateExport export(int chunkBytes, long growthBytesMax) {
        synchronized (readLock) {
            Txn<ByteBuffer> txn = env.read();
            byte[] mark = system.get(txn, MARK);
            if (mark == null) {
                txn.close();
                return null;
            }
            List<Dbi<ByteBuffer>> exported = new ArrayList<>(List.of(nodes));
            tables.values().forEach(table -> exported.add(table.dbi()));
            StateExport[] made = new StateExport[1];
            made[0] = new StateExport(new StateExport.Source(readLock, txn, exported, env.file(), () -> exports.remove(made[0])),
                    directory.diskId(), mark, chunkBytes, usedBytes + Math.min(growthBytesMax, Long.MAX_VALUE - usedBytes));
            exports.add(made[0]);
            return made[0];
        }
    }

    /** A view of the last checkpoint for one more reading thread; it stays the same while checkpoints go on. */
    public Snapshot snapshot() {
        synchronized (readLock) {
            Snapshot snapshot = new Snapshot(env.read());
            snapshots.add(snapshot);
            return snapshot;
        }
    }

    /**
     * An unchanging view of one checkpoint. Its pages cannot be reused while it is open, so the file grows: keep it short. It is
     * ended from outside when the map has to grow; every method then throws IllegalStateException.
     */
    public final class Snapshot implements AutoCloseable {
        private final Txn<ByteBuffer> txn;
        private final StateReader own = new StateReader(env, nodes);
        private boolean ended;

        private Snapshot(Txn<ByteBuffer> txn) {
            this.txn = txn;
        }

        /** The mark of the checkpoint this shows; null before the first. */
        public byte[] mark() {
            synchronized (readLock) {
                return system.get(open(), MARK);
            }
        }

        /** As {@link LmdbState#find}. */
        public Node find(String path) {
            synchronized (readLock) {
                return own.find(open(), path);
            }
        }

        /** As {@link LmdbState#forEachChild}. The state machine's reader waits meanwhile. */
        public void forEachChild(String path, Consumer<String> visitor) {
            synchronized (readLock) {
                own.forEachChild(open(), path, visitor);
            }
        }

        private Txn<ByteBuffer> open() {
            if (ended) {
                throw new IllegalStateException("the snapshot has ended");
            }
            return txn;
        }

        @Override
        public void close() {
            synchronized (readLock) {
                if (!ended) {
                    ended = true;
                    txn.close();
                    snapshots.remove(this);
                }
            }
        }
    }

    @Override
    public void close() {
        synchronized (readLock) {
            endReaders();
            if (readTxn != null) {
                readTxn.close();
                readTxn = null;
            }
            env.close();
        }
        directory.stateClosed();
    }
}
