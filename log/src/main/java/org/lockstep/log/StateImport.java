package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lmdbjava.Dbi;
import org.lmdbjava.LmdbException;
import org.lmdbjava.PutFlags;
import org.lmdbjava.Txn;
import org.lockstep.log.DataDirectoryException.Kind;

/**
 * Takes a state that {@link StateExport} of another server sends, into a file beside this server's state, {@code
 * state.mdb.import}, and puts it in its place when it is whole. Until then the old state is not touched.
 *
 * <p>Chunks are written in transactions of a MiB or so, each flushed together with the place reached: after the death of the
 * process or of the machine an import of the same state goes on from there ({@link #resumePoint}); one of another state
 * begins anew. One thread.
 */
public final class StateImport implements AutoCloseable {
    /** Whoever else flushes to this disk waits for such a flush: with 8 MiB, one in a hundred took 4 ms more. */
    private static final int COMMIT_BYTES = 1 << 20;
    private static final byte[] HEADER = "import.header".getBytes(StandardCharsets.UTF_8);
    private static final byte[] PROGRESS = "import.progress".getBytes(StandardCharsets.UTF_8);
    private static final byte[] WHOLE = "import.whole".getBytes(StandardCharsets.UTF_8);

    private final DataDirectory directory;
    private final Path file;
    private final StateChunks.Header header;
    private final LmdbEnv env;
    private final EntryTable system;
    private final List<Dbi<ByteBuffer>> tables = new ArrayList<>();
    private final List<byte[]> pending = new ArrayList<>();
    private StateExport.ResumePoint reached;
    private StateExport.ResumePoint committed;
    private int pendingBytes;
    private boolean whole;
    private boolean closed;
    private final ByteBuffer keyBuffer = ByteBuffer.allocateDirect(NodeKeys.KEY_BYTES_MAX);
    private ByteBuffer valueBuffer = ByteBuffer.allocateDirect(4096);

    private StateImport(DataDirectory directory, Path file, StateChunks.Header header, LmdbEnv env) {
        this.directory = directory;
        this.file = file;
        this.header = header;
        this.env = env;
        system = new EntryTable(env, LmdbState.SYSTEM);
        for (String name : LmdbState.tableNames()) {
            tables.add(env.table(name));
        }
    }

    /**
     * Goes on with the import of the state that {@code headerBytes} names, or begins it in place of any other.
     *
     * @throws StateTransferException when {@code headerBytes} is no header of this version
     * @throws DataDirectoryException when the file cannot be made
     */
    public static StateImport open(DataDirectory directory, StorageOptions options, byte[] headerBytes) {
        StateChunks.Header header = StateChunks.Header.decode(headerBytes);
        Path file = importFile(directory);
        StateImport going = Files.exists(file) ? goOn(directory, file, options, headerBytes, header) : null;
        if (going != null) {
            return going;
        }
        discard(directory);
        LmdbState.format(file, directory.diskId(), options);
        StateImport begun = new StateImport(directory, file, header, LmdbEnv.open(file, options.stateMapBytes()));
        begun.reached = StateExport.ResumePoint.START;
        begun.commit(txn -> begun.system.put(txn, HEADER, headerBytes));
        return begun;
    }

    /**
     * The import that an earlier process has brought to its end and not put in the state's place, or null. Whether it is to be
     * put there is told by the log: its floor stands at the mark of the state that belongs to it.
     */
    public static StateImport whole(DataDirectory directory, StorageOptions options) {
        Path file = importFile(directory);
        byte[] headerBytes = Files.exists(file) ? headerOf(file, options) : null;
        StateImport found = headerBytes == null ? null
                : goOn(directory, file, options, headerBytes, StateChunks.Header.decode(headerBytes));
        if (found != null && !found.whole) {
            found.close();
            return null;
        }
        return found;
    }

    private static byte[] headerOf(Path file, StorageOptions options) {
        try (LmdbEnv env = LmdbEnv.open(file, options.stateMapBytes())) {
            EntryTable system = new EntryTable(env, LmdbState.SYSTEM);
            try (Txn<ByteBuffer> txn = env.read()) {
                return system.get(txn, HEADER);
            }
        } catch (DataDirectoryException e) {
            return null; // half made, or damaged: of no use
        }
    }

    private static StateImport goOn(DataDirectory directory, Path file, StorageOptions options, byte[] headerBytes,
            StateChunks.Header header) {
        LmdbEnv env = null;
        try {
            env = LmdbEnv.open(file, options.stateMapBytes());
            StateImport found = new StateImport(directory, file, header, env);
            if (found.load(headerBytes)) {
                return found;
            }
        } catch (DataDirectoryException e) {
            if (e.kind() == Kind.DISK_FULL) {
                throw e;
            }
            // Half made, or damaged: it is begun anew.
        }
        if (env != null) {
            env.close();
        }
        return null;
    }

    private boolean load(byte[] headerBytes) {
        try (Txn<ByteBuffer> txn = env.read()) {
            if (!Arrays.equals(headerBytes, system.get(txn, HEADER))) {
                return false;
            }
            byte[] progress = system.get(txn, PROGRESS);
            reached = progress == null ? StateExport.ResumePoint.START : StateExport.ResumePoint.decode(progress);
            committed = reached;
            whole = system.get(txn, WHOLE) != null;
            return true;
        }
    }

    private static Path importFile(DataDirectory directory) {
        Path state = directory.stateFile();
        return state.resolveSibling(state.getFileName() + ".import");
    }

    /** Removes an import that was begun and is not wanted any more. */
    public static void discard(DataDirectory directory) {
        Path file = importFile(directory);
        try {
            Files.deleteIfExists(file);
            Files.deleteIfExists(Path.of(file + "-lock"));
        } catch (IOException e) {
            throw directory.unusable("cannot remove " + file, e);
        }
    }

    /** What to hand to {@link StateExport#resume}: the place that is on the medium here. */
    public byte[] resumePoint() {
        return committed.encode();
    }

    /** True once the last chunk is on the medium and everything was counted. */
    public boolean isWhole() {
        return whole;
    }

    /** The mark that the state will have. */
    public byte[] mark() {
        return header.mark().clone();
    }

    /**
     * Takes the next chunk.
     *
     * @throws StateTransferException when it is damaged, not the next one, or the last and the count is wrong
     * @throws org.lockstep.ensemble.core.LogFailedException when it cannot be written
     */
    public void write(byte[] chunk) {
        if (StateChunks.kind(chunk) == StateChunks.END) {
            ByteBuffer end = StateChunks.open(chunk, StateChunks.END, reached.number());
            if (end.remaining() != Long.BYTES || end.getLong() != reached.entries() || reached.entries() != header.entries()) {
                throw new StateTransferException(reached.entries() + " entries of a state have come, it has " + header.entries());
            }
            flush(true);
            return;
        }
        ByteBuffer in = StateChunks.open(chunk, StateChunks.DATA, reached.number());
        StateExport.ResumePoint behind = walk(in, null);
        pending.add(chunk);
        pendingBytes += chunk.length;
        reached = behind;
        if (pendingBytes >= COMMIT_BYTES) {
            flush(false);
        }
    }

    /** Goes through the entries of a chunk; writes them when there is a transaction. */
    private StateExport.ResumePoint walk(ByteBuffer in, Txn<ByteBuffer> txn) {
        int table = reached.table();
        byte[] key = reached.key();
        long entries = reached.entries();
        while (in.hasRemaining()) {
            int keyLength = in.remaining() < StateChunks.ENTRY_BYTES ? -1 : in.getShort(in.position() + 1);
            int valueLength = keyLength < 0 ? -1 : in.getInt(in.position() + 3);
            boolean fits = keyLength > 0 && keyLength <= NodeKeys.KEY_BYTES_MAX && valueLength >= 0
                    && valueLength <= in.remaining() - StateChunks.ENTRY_BYTES - keyLength;
            table = in.get(in.position());
            if (!fits || table < 0 || table >= tables.size()) {
                throw new StateTransferException("an entry of a chunk of a state is not one");
            }
            in.position(in.position() + StateChunks.ENTRY_BYTES);
            key = new byte[keyLength];
            in.get(key);
            if (txn != null) {
                put(txn, tables.get(table), key, in.slice(in.position(), valueLength));
            }
            in.position(in.position() + valueLength);
            entries++;
        }
        return new StateExport.ResumePoint(table, key, reached.number() + 1, entries);
    }

    private void put(Txn<ByteBuffer> txn, Dbi<ByteBuffer> table, byte[] key, ByteBuffer value) {
        if (valueBuffer.capacity() < value.remaining()) {
            valueBuffer = ByteBuffer.allocateDirect(Math.max(value.remaining(), 2 * valueBuffer.capacity()));
        }
        try {
            table.put(txn, keyBuffer.clear().put(key).flip(), valueBuffer.clear().put(value).flip(), PutFlags.MDB_APPEND);
        } catch (Dbi.KeyExistsException e) {
            throw new StateTransferException("the keys of a state are out of order");
        }
    }

    private void flush(boolean last) {
        commit(txn -> {
            for (byte[] chunk : pending) {
                walk(ByteBuffer.wrap(chunk, StateChunks.LEAD_BYTES, chunk.length - StateChunks.LEAD_BYTES - StateChunks.CRC_BYTES)
                        .slice(), txn);
            }
            system.put(txn, PROGRESS, reached.encode());
            if (last) {
                system.put(txn, LmdbState.MARK, header.mark());
                system.put(txn, WHOLE, new byte[1]);
            }
        });
        pending.clear();
        pendingBytes = 0;
        whole = last;
    }

    private void commit(LmdbEnv.Change change) {
        try {
            env.commit(change, env::grow);
        } catch (LmdbException e) {
            throw env.failed("write an imported state to", e);
        }
        committed = reached;
    }

    /**
     * Puts the imported state in the place of this server's, at once and for good. The old one must be closed; the new one is
     * then opened as usual. Closes this import.
     */
    public void activate() {
        if (!whole) {
            throw new IllegalStateException("the imported state is not whole");
        }
        directory.requireStateClosed();
        close();
        try {
            Files.deleteIfExists(Path.of(directory.stateFile() + "-lock"));
            Files.deleteIfExists(Path.of(file + "-lock"));
            Files.move(file, directory.stateFile(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            DurableFiles.syncDirectory(directory.path());
        } catch (IOException e) {
            throw directory.unusable("cannot put " + file + " in the place of the state", e);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            env.close();
        }
    }
}
