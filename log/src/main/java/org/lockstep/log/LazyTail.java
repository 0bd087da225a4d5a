package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.BiConsumer;
import org.lmdbjava.Env;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/**
 * The lazy policies' second environment: slots that are written but not flushed. It is committed with MDB_NOSYNC, so the death of
 * the process cannot hurt it, and the death of the machine can leave anything in it.
 *
 * <p>Whether the machine has died since is told by the kernel's boot id, kept in a file of its own that is flushed before the
 * environment exists. With another boot id the environment is deleted unseen: LMDB must not walk a tree that may be torn.
 * One thread calls everything; {@link #letGo} may come from another.
 */
final class LazyTail implements AutoCloseable {
    private static final int DELETE_CHUNKS_MIN = 64;

    private final LmdbEnv env;
    private final SlotTable slots;
    private volatile Position folded = Position.START;
    private Position last = Position.START;
    private Position deleted = Position.START;
    private int chunksSinceDelete;
    private boolean failed;

    private LazyTail(LmdbEnv env) {
        this.env = env;
        this.slots = new SlotTable(env);
    }

    /** True when {@code file} exists and its machine has not rebooted since it was made. */
    static boolean isTrusted(Path file, Path bootFile, String bootId) throws IOException {
        return Files.exists(file) && Files.isRegularFile(bootFile)
                && bootId.equals(new String(Files.readAllBytes(bootFile), StandardCharsets.UTF_8).trim());
    }

    /** Opens a trusted tail as it is. */
    static LazyTail open(Path file, StorageOptions options) {
        MetaPages.requirePresent(file);
        TreeCheck.check(file);
        LmdbEnv env = LmdbEnv.open(file, options.tailMapBytes(), LmdbEnv.Flush.NEVER);
        try {
            return new LazyTail(env);
        } catch (RuntimeException e) {
            env.close();
            throw e;
        }
    }

    /** Makes an empty tail in place of whatever was there. */
    static LazyTail create(Path file, Path bootFile, String bootId, StorageOptions options) throws IOException {
        discard(file, bootFile);
        DurableFiles.write(bootFile, bootId + "\n");
        // Made whole under another name: who dies meanwhile leaves no half-made tail to trip over.
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        delete(draft);
        LmdbEnv.create(draft, options.tailMapBytes(), LmdbEnv.Flush.NEVER, SlotTable.NAME).close();
        Files.deleteIfExists(Path.of(draft + "-lock"));
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        return open(file, options);
    }

    /** Deletes a tail, unseen. */
    static void discard(Path file, Path bootFile) throws IOException {
        delete(file);
        Files.deleteIfExists(bootFile);
    }

    private static void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
        Files.deleteIfExists(Path.of(file + "-lock"));
    }

    /** Hands every slot behind {@code after} to {@code visitor} with its chain index, in order, checked. */
    void read(Position after, SlotChain chain, BiConsumer<Slot, Long> visitor) {
        try (Txn<ByteBuffer> txn = env.read(); SlotTable.Scan scan = slots.scan(txn)) {
            while (scan.next()) {
                last = scan.slot().position();
                if (last.compareTo(after) > 0) {
                    DiskLog.checkChain(scan, chain, after);
                    visitor.accept(scan.slot(), scan.prevIndex());
                }
            }
        } catch (LmdbException e) {
            throw env.failed("read", e);
        }
    }

    /** Writes slots into the page cache. Slots that were let go leave in the same commit. */
    void append(List<Slot> batch, long[] prevIndexes) {
        if (failed) {
            throw new LogFailedException(env.file() + " has failed before; start this server again");
        }
        Position limit = folded;
        Position end = last;
        for (Slot slot : batch) {
            chunksSinceDelete += SlotCodec.chunks(slot.payload().length);
            end = slot.position().compareTo(end) > 0 ? slot.position() : end;
        }
        int toDelete = chunksSinceDelete >= DELETE_CHUNKS_MIN && limit.compareTo(deleted) > 0 ? 2 * chunksSinceDelete : 0;
        try {
            while (!tryCommit(batch, prevIndexes, limit, toDelete)) {
                env.grow();
            }
        } catch (LmdbException e) {
            failed = true;
            throw env.failed("append to", e);
        }
        last = end;
    }

    private boolean tryCommit(List<Slot> batch, long[] prevIndexes, Position limit, int toDelete) {
        try (Txn<ByteBuffer> txn = env.write()) {
            slots.put(txn, batch, prevIndexes, last);
            boolean allGone = toDelete > 0 && slots.deleteFirst(txn, limit, toDelete);
            txn.commit();
            if (toDelete > 0) {
                chunksSinceDelete = 0;
            }
            if (allGone) {
                deleted = limit;
            }
            return true;
        } catch (Env.MapFullException e) {
            return false;
        }
    }

    /** Slots up to {@code position} are in the main log now; they go with the appends to come. Any thread. */
    void letGo(Position position) {
        folded = position;
    }

    @Override
    public void close() {
        env.close();
    }
}
