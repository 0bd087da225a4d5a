package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Consumer;
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
    private static final int DELETE_BYTES_MIN = 32 << 10;

    private final LmdbEnv env;
    private final SlotTable slots;
    private final SlotChain chain = new SlotChain();
    private volatile Position folded = Position.START;
    private Position last = Position.START;
    private Position deleted = Position.START;
    private long bytesSinceDelete;
    private boolean failed;

    private LazyTail(LmdbEnv env) {
        this.env = env;
        this.slots = new SlotTable(env, SlotTable.NAME);
        FreshRows fresh = new FreshRows(env);
        try (Txn<ByteBuffer> txn = env.read()) {
            fresh.load(txn);
        }
        slots.useFresh(fresh);
    }

    /** True when {@code file} exists and its machine has not rebooted since it was made. */
    static boolean isTrusted(Path file, Path bootFile, String bootId) throws IOException {
        return Files.exists(file) && Files.isRegularFile(bootFile)
                && bootId.equals(new String(Files.readAllBytes(bootFile), StandardCharsets.UTF_8).trim());
    }

    /**
     * True when a tail was begun before the machine rebooted: what it held is lost, also when not even its name has reached the
     * medium. The boot file, which comes first, has.
     */
    static boolean isLost(Path file, Path bootFile, String bootId) throws IOException {
        if (!Files.isRegularFile(bootFile)) {
            return Files.exists(file);
        }
        return !bootId.equals(new String(Files.readAllBytes(bootFile), StandardCharsets.UTF_8).trim());
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

    /** Deletes a tail, unseen; on return nothing of it comes back. */
    static void discard(Path file, Path bootFile) throws IOException {
        delete(file);
        if (Files.deleteIfExists(bootFile)) {
            DurableFiles.syncDirectory(bootFile.getParent());
        }
    }

    private static void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
        Files.deleteIfExists(Path.of(file + "-lock"));
    }

    /**
     * Begins where the main log's chains end: {@code visitor} receives every slot that continues them, in order, checked; what
     * the main log has already is passed over, and so is what was left of views before the installed one.
     *
     * @param viewId the installed view; 0 for a log without
     */
    void begin(SlotChain main, long viewId, Consumer<Slot> visitor) {
        chain.continueFrom(main);
        try (Txn<ByteBuffer> txn = env.read(); SlotTable.Scan scan = slots.scan(txn)) {
            while (scan.next()) {
                last = scan.slot().position();
                if ((viewId == 0 || last.viewId() == viewId) && main.isNew(last)) {
                    SlotArea.checkChain(scan, chain);
                    visitor.accept(scan.slot());
                }
            }
        } catch (LmdbException e) {
            throw env.failed("read", e);
        }
    }

    /**
     * Writes slots, which are in order, into the page cache. Slots that were let go leave in the same commit, unless others that
     * are still needed have come to stand among them: after a fold of everything, senders that were behind go on from there.
     *
     * @param firstNeeded the first slot before these that must stay; null for none
     */
    void append(List<Slot> batch, Position firstNeeded) {
        if (failed) {
            throw new LogFailedException(env.file() + " has failed before; start this server again");
        }
        Position limit = folded;
        long[] prevIndexes = new long[batch.size()];
        long bytes = 0;
        for (int i = 0; i < prevIndexes.length; i++) {
            prevIndexes[i] = chain.extend(batch.get(i).position());
            bytes += FreshRows.slotBytes(batch.get(i).payload().length);
        }
        bytesSinceDelete += bytes;
        long batchBytes = bytes;
        Position highest = batch.get(prevIndexes.length - 1).position();
        boolean mayDelete = limit.compareTo(deleted) > 0 && limit.compareTo(batch.get(0).position()) < 0
                && (firstNeeded == null || limit.compareTo(firstNeeded) < 0);
        long toDelete = mayDelete && bytesSinceDelete >= DELETE_BYTES_MIN ? 2 * bytesSinceDelete : 0;
        boolean[] allGone = {false};
        try {
            env.commit(txn -> {
                if (toDelete == 0 && slots.hasFreshRoomFor(batchBytes)) {
                    slots.putFresh(txn, batch, SlotKind.SECURED, prevIndexes, null);
                    return;
                }
                slots.put(txn, batch, SlotKind.SECURED, prevIndexes, null, last);
                allGone[0] = toDelete > 0 && slots.deleteFirst(txn, limit, toDelete, new Floor.Rising(Floor.START));
            }, env::grow);
        } catch (LmdbException e) {
            failed = true;
            throw env.failed("append to", e);
        }
        if (toDelete > 0) {
            bytesSinceDelete = 0;
        }
        if (allGone[0]) {
            deleted = limit;
        }
        last = highest.compareTo(last) > 0 ? highest : last;
    }

    /** Slots up to {@code position} are in the main log now, or cut away; they go with the appends to come. Any thread. */
    void letGo(Position position) {
        folded = position;
    }

    @Override
    public void close() {
        env.close();
    }
}
