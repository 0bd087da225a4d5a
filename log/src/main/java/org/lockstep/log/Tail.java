package org.lockstep.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/**
 * Slots that are secured and not in the main log yet, in two files that are written in turn ({@link TailFile}): one goes on while
 * what is in the other is folded into the main log. Under a lazy policy all slots come here, and into the page cache only. Under
 * {@code durable} all do but batches too large for a file, as records of whole pages that are flushed before they count: one
 * write in one place, where a commit of the main log writes at least three.
 *
 * <p>What a lazy policy has written is believed only while the machine has not rebooted: {@code tail.boot} holds the kernel's boot
 * id and is on the medium before the first such record. Without that file everything here was flushed.
 * One thread calls everything.
 */
final class Tail implements AutoCloseable {
    /** So that no record shares a page with one that counts already: the medium may tear a page. */
    private static final int FLUSHED_PAD_BYTES = 4096;
    private static final int WRITTEN_PAD_BYTES = 8;
    private static final int FLUSHED_FILE_BYTES = 1 << 20;
    /** What is longer than one part in so many of a file goes to the main log at once. */
    private static final int PARTS = 4;
    private static final int STEPS = 8;
    /** A file that got longer than so many others, since folding fell behind, is cut when its turn comes. */
    private static final int LONG_FILES = 8;

    private final DataDirectory directory;
    private final boolean flushes;
    private final int fileBytes;
    private final TailFile[] files;
    private final SlotChain chain = new SlotChain();
    private int current;
    private boolean failed;
    /** Records that were appended, by the number of the last: in a file, known to who folds, and in the main log. */
    private final long[] lastRecord = new long[2];
    private volatile long appended;
    private volatile long folded;

    private Tail(DataDirectory directory, boolean flushes, StorageOptions options) throws IOException {
        this.directory = directory;
        this.flushes = flushes;
        this.fileBytes = flushes ? Math.min(FLUSHED_FILE_BYTES, options.tailFileBytes()) : options.tailFileBytes();
        boolean fresh = !Files.exists(directory.tailFile(0)) || !Files.exists(directory.tailFile(1));
        files = new TailFile[] {open(0), open(1)};
        if (fresh) {
            DurableFiles.syncDirectory(directory.logPath());
        }
    }

    private TailFile open(int number) throws IOException {
        TailFile file = new TailFile(directory.tailFile(number), directory.diskMark(), flushes);
        if (flushes) {
            try (Preallocation zeros = new Preallocation(file.file(), fileBytes / STEPS)) {
                zeros.ensure(0);
            }
            file.flush();
        }
        return file;
    }

    /**
     * Opens the tail, making what is missing.
     *
     * @param flushes whether what is appended is flushed before {@link #append} returns
     */
    static Tail open(DataDirectory directory, boolean flushes, StorageOptions options) throws IOException {
        return new Tail(directory, flushes, options);
    }

    /** True when a lazy policy has begun a tail before the machine rebooted: what it held unflushed is lost. */
    static boolean isLost(DataDirectory directory) throws IOException {
        return isLazy(directory) && !isOfThisBoot(directory);
    }

    /** True when what a lazy policy has written here can be believed. */
    static boolean isWritten(DataDirectory directory) throws IOException {
        return isLazy(directory) && isOfThisBoot(directory);
    }

    /** True when a lazy policy writes here, or did so last. */
    static boolean isLazy(DataDirectory directory) {
        return Files.isRegularFile(directory.tailBootFile());
    }

    private static boolean isOfThisBoot(DataDirectory directory) throws IOException {
        byte[] bootId = Files.readAllBytes(directory.tailBootFile());
        return directory.bootId().equals(new String(bootId, StandardCharsets.UTF_8).trim());
    }

    /** Deletes what the files hold, unseen. */
    static void discard(DataDirectory directory) throws IOException {
        Files.deleteIfExists(directory.tailFile(0));
        Files.deleteIfExists(directory.tailFile(1));
    }

    /**
     * Reads what continues the main log's chains and hands it to {@code visitor}, in order, checked; what the main log has
     * already is passed over, and so is what was left of views before the installed one.
     *
     * @param viewId the installed view; 0 for a log without
     * @param written whether what a lazy policy has written is believed
     * @return false when there was such a thing, of use, and it was not believed
     * @throws LogDamagedException when a record or a slot is missing before others that are there
     */
    boolean begin(SlotChain main, long viewId, boolean written, Consumer<Slot> visitor) throws IOException {
        NavigableMap<Position, Found> found = new TreeMap<>();
        boolean[] passedOver = {false};
        for (TailFile file : files) {
            boolean damaged = file.read((slot, prevIndex, flushed) -> {
                Position position = slot.position();
                boolean wanted = (viewId == 0 || position.viewId() == viewId) && main.isNew(position);
                passedOver[0] |= wanted && !flushed && !written;
                if (wanted && (flushed || written)) {
                    found.put(position, new Found(slot, prevIndex));
                    return true;
                }
                return false;
            });
            if (damaged) {
                throw Damage.ofLog(file.file(), "a record before its last one fails its checks");
            }
        }
        current = files[1].highest().compareTo(files[0].highest()) > 0 ? 1 : 0;
        lastRecord[1 - current] = 1;
        lastRecord[current] = 2;
        appended = 2;
        chain.continueFrom(main);
        for (Found each : found.values()) {
            if (each.prevIndex != chain.extend(each.slot.position())) {
                throw Damage.ofLog(files[current].file(), "before slot " + each.slot.position()
                        + " the slot of the same sender at index " + each.prevIndex + " is missing");
            }
            visitor.accept(each.slot);
        }
        return !passedOver[0];
    }

    private record Found(Slot slot, long prevIndex) {}

    /**
     * Everything here that is of use is in the main log: both files begin again. Before the first append.
     *
     * @param erases whether there may be more, which is never to be believed
     */
    void empty(boolean erases) throws IOException {
        for (TailFile file : files) {
            if (erases) {
                file.erase();
            }
            file.rewind();
        }
        folded = appended;
    }

    /** Who folds knows the slots of all records by now. */
    void appendedAreKnown() {
        appended = lastRecord[current];
    }

    /** How many records there are of which who folds knows the slots. Any thread. */
    long appended() {
        return appended;
    }

    /** So many records are not needed any more. Any thread. */
    void letGo(long records) {
        folded = records;
    }

    /** A lazy policy begins: nothing that was flushed here is needed any more. */
    void beginWritten() throws IOException {
        DurableFiles.write(directory.tailBootFile(), directory.bootId() + "\n");
    }

    /** No lazy policy writes here any more, and what one has written is not needed. */
    void endWritten() throws IOException {
        if (Files.deleteIfExists(directory.tailBootFile())) {
            DurableFiles.syncDirectory(directory.logPath());
        }
    }

    /** The places of {@code slots}, which are in order and come next, in their senders' chains. */
    long[] extend(List<Slot> slots) {
        long[] prevIndexes = new long[slots.size()];
        for (int i = 0; i < prevIndexes.length; i++) {
            prevIndexes[i] = chain.extend(slots.get(i).position());
        }
        return prevIndexes;
    }

    /**
     * Whether {@code slots} can go here: always under a lazy policy, else when they are not too large and there is room.
     *
     * @param firstNeeded the first slot that is not in the main log; null for none
     */
    boolean takes(List<Slot> slots, Position firstNeeded) {
        requireSound();
        int bytes = TailFile.recordBytes(slots, padBytes());
        if (flushes && bytes > fileBytes / PARTS) {
            return false;
        }
        if (files[current].endBytes() + bytes > fileBytes && isOtherFree(firstNeeded)) {
            turnToOther();
        }
        return !flushes || files[current].endBytes() + bytes <= fileBytes;
    }

    private void turnToOther() {
        current = 1 - current;
        try {
            files[current].rewind(LONG_FILES * (long) fileBytes);
        } catch (IOException e) {
            failed = true;
            throw LmdbEnv.failed(files[current].file(), "shorten", e);
        }
    }

    private boolean isOtherFree(Position firstNeeded) {
        int other = 1 - current;
        return lastRecord[other] <= folded || firstNeeded == null || files[other].highest().compareTo(firstNeeded) < 0;
    }

    /** Whether it is time to fold, so that the other file is free when this one is full. */
    boolean wantsFold(Position firstNeeded) {
        return files[current].endBytes() > fileBytes / PARTS && !isOtherFree(firstNeeded);
    }

    private int padBytes() {
        return flushes ? FLUSHED_PAD_BYTES : WRITTEN_PAD_BYTES;
    }

    /** Writes a record of {@code slots}, for which {@link #takes} has made room; flushed, if it is to be, on return. */
    void append(List<Slot> slots, long[] prevIndexes) {
        requireSound();
        try {
            files[current].append(slots, prevIndexes, padBytes());
            lastRecord[current] = Math.max(lastRecord[0], lastRecord[1]) + 1;
            if (flushes) {
                files[current].flush();
            }
        } catch (IOException e) {
            failed = true;
            throw LmdbEnv.failed(files[current].file(), "append to", e);
        }
    }

    private void requireSound() {
        if (failed) {
            throw new LogFailedException(files[current].file() + " has failed before; start this server again");
        }
    }

    @Override
    public void close() {
        try {
            for (TailFile file : files) {
                file.close();
            }
        } catch (IOException e) {
            throw LmdbEnv.failed(files[current].file(), "close", e);
        }
    }
}
