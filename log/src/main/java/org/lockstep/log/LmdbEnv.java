package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.EnvInfo;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Stat;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.log.DataDirectoryException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One LMDB environment in one file: opening with checks, growing its map, and the wording of its failures.
 *
 * <p>Every commit is flushed, pages and then meta page, before it returns: LMDB without that does not survive a power cut. Never
 * opened with MDB_WRITEMAP: a full disk would be a SIGBUS. MDB_NOTLS always: readers are pooled, not tied to threads.
 */
final class LmdbEnv implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LmdbEnv.class);

    /** One change, run again from its start when the map had to grow. */
    interface Change {
        void run(Txn<ByteBuffer> txn);
    }

    private static final int TABLES_MAX = 16;
    private static final int READERS_MAX = 16;
    private static final long LOW_SPACE_BYTES = 1 << 20;

    private final Path file;
    private final Env<ByteBuffer> env;
    private final int pageBytes;
    private long mapBytes;

    private LmdbEnv(Path file, Env<ByteBuffer> env, long mapBytes) {
        this.file = file;
        this.env = env;
        this.mapBytes = mapBytes;
        this.pageBytes = env.stat().pageSize;
    }

    /** Makes a new environment with the named tables, empty, in a file that must not exist. */
    static LmdbEnv create(Path file, long mapBytes, String... tables) {
        if (Files.exists(file)) {
            throw new IllegalStateException(file + " exists");
        }
        LmdbEnv made = openChecked(file, mapBytes);
        try {
            for (String table : tables) {
                made.env.openDbi(table, DbiFlags.MDB_CREATE);
            }
            return made;
        } catch (LmdbException e) {
            made.close();
            throw unusable(file, e);
        }
    }

    /** Opens an environment that exists; a file that LMDB could stumble over is refused before LMDB sees it. */
    static LmdbEnv open(Path file, long mapBytes) {
        MetaPages.requirePresent(file);
        MetaPages.read(file);
        return openChecked(file, mapBytes);
    }

    private static LmdbEnv openChecked(Path file, long mapBytes) {
        try {
            Env<ByteBuffer> env = Env.create().setMapSize(mapBytes).setMaxDbs(TABLES_MAX).setMaxReaders(READERS_MAX)
                    .open(file.toFile(), EnvFlags.MDB_NOSUBDIR, EnvFlags.MDB_NOTLS);
            return new LmdbEnv(file, env, mapBytes);
        } catch (LmdbException e) {
            throw unusable(file, e);
        }
    }

    private static DataDirectoryException unusable(Path file, LmdbException e) {
        if (isSpaceLow(file)) {
            return new DataDirectoryException(Kind.DISK_FULL, "cannot open " + file + ": " + fullDisk(file), e);
        }
        return new DataDirectoryException(Kind.UNUSABLE, "cannot open " + file + ": " + e.getMessage(), e);
    }

    Path file() {
        return file;
    }

    /** The table of that name, which every file of this format has. Not within a transaction: it makes one of its own. */
    Dbi<ByteBuffer> table(String name) {
        try {
            return env.openDbi(name);
        } catch (Dbi.KeyNotFoundException e) {
            throw MetaPages.damaged(file, "its table " + name + " is missing");
        } catch (LmdbException e) {
            throw MetaPages.damaged(file, "its table " + name + " cannot be opened (" + e.getMessage() + ")");
        }
    }

    Txn<ByteBuffer> write() {
        return env.txnWrite();
    }

    Txn<ByteBuffer> read() {
        return env.txnRead();
    }

    /**
     * Runs {@code change} in a transaction and commits it; it is on the medium on return. While the map is too small for it, {@code makeRoom}, which must
     * {@link #grow} it, is called, and the change runs again.
     */
    void commit(Change change, Runnable makeRoom) {
        while (!tryCommit(change)) {
            makeRoom.run();
        }
    }

    private boolean tryCommit(Change change) {
        try (Txn<ByteBuffer> txn = env.txnWrite()) {
            change.run(txn);
            txn.commit();
            return true;
        } catch (Env.MapFullException e) {
            return false;
        }
    }

    /** Doubles the map. No transaction of this environment may be open in the process. */
    void grow() {
        long bytes = Math.multiplyExact(mapBytes, 2L);
        LOG.info("{} has outgrown its map of {} bytes: mapping {}", file, mapBytes, bytes);
        env.setMapSize(bytes);
        mapBytes = bytes;
    }

    long mapBytes() {
        return mapBytes;
    }

    int pageBytes() {
        return pageBytes;
    }

    /** Bytes up to the end of the last page ever used; the file may be longer, and pages below may be free. */
    long usedBytes() {
        EnvInfo info = env.info();
        return (info.lastPageNumber + 1) * pageBytes;
    }

    /** Pages held by one table. */
    static long pages(Stat stat) {
        return stat.branchPages + stat.leafPages + stat.overflowPages;
    }

    /** The failure of a write or a flush: what, where, and what to do. */
    LogFailedException failed(String doing, Throwable cause) {
        return failed(file, doing, cause);
    }

    /** As {@link #failed(String, Throwable)}, of any file. */
    static LogFailedException failed(Path file, String doing, Throwable cause) {
        if (isSpaceLow(file) || String.valueOf(cause.getMessage()).matches(".*(ENOSPC|No space left).*")) {
            return new LogFailedException("cannot " + doing + " " + file + ": " + fullDisk(file), cause);
        }
        return new LogFailedException("cannot " + doing + " " + file + ": " + cause.getMessage()
                + "; check the disk and the kernel log, then start this server again", cause);
    }

    /** True when {@code file}'s file system can be written to and has next to nothing left. */
    static boolean isSpaceLow(Path file) {
        try {
            FileStore store = Files.getFileStore(existing(file));
            return store.getTotalSpace() > 0 && !store.isReadOnly() && store.getUsableSpace() < LOW_SPACE_BYTES;
        } catch (IOException e) {
            return false;
        }
    }

    static String fullDisk(Path file) {
        String where = "its file system";
        try {
            FileStore store = Files.getFileStore(existing(file));
            where = "file system " + store;
        } catch (IOException e) {
            LOG.debug("cannot name the file system of {}", file, e);
        }
        return "no space left on " + where + "; make room there and start this server again, nothing was overwritten";
    }

    private static Path existing(Path file) {
        Path path = file.toAbsolutePath();
        while (path.getParent() != null && !Files.exists(path)) {
            path = path.getParent();
        }
        return path;
    }

    @Override
    public void close() {
        env.close();
    }
}
