package org.lockstep.compat.crash;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * All changes of one file's content, in order, with the time from which each is on the medium for certain: the end of the first
 * successful flush of the file that began after the change had returned, or the end of an O_DSYNC write itself. A flush that is
 * under way when the power goes proves nothing.
 */
final class FileHistory {
    static final long NEVER = Long.MAX_VALUE;
    private static final int SECTOR = 512;

    private final int number;
    private final List<IoEvent> changes = new ArrayList<>();
    private final List<IoEvent> flushes = new ArrayList<>();
    private long[] durableAt;
    private SparseFile base = new SparseFile();
    private int inBase;

    FileHistory(int number) {
        this.number = number;
    }

    /** Events come in the order in which their calls began. */
    void add(IoEvent event) {
        if (event.changesContent()) {
            changes.add(event);
        } else if (event.type() == IoEvent.Type.FLUSH && !event.failed()) {
            flushes.add(event);
        }
    }

    /** To be called once, when all events were added. */
    void complete() {
        flushes.sort(Comparator.comparingLong(IoEvent::begin));
        durableAt = new long[changes.size()];
        for (int i = 0; i < durableAt.length; i++) {
            IoEvent change = changes.get(i);
            durableAt[i] = Math.min(firstFlushAfter(change.end()), change.has(IoEvent.DSYNC) ? change.end() : NEVER);
        }
    }

    /** When something that ended at {@code time} is flushed; {@link #NEVER} when it is not. */
    long firstFlushAfter(long time) {
        int low = 0;
        int high = flushes.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (flushes.get(middle).begin() >= time) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        long first = NEVER;
        // a later flush may end earlier, on another thread; a few suffice, as no more run at once
        for (int i = low; i < Math.min(flushes.size(), low + 8); i++) {
            first = Math.min(first, flushes.get(i).end());
        }
        return first;
    }

    /** The content that a crash at {@code cut} leaves. Cuts must not go backwards from call to call. */
    SparseFile at(long cut, Loss loss) {
        while (inBase < changes.size() && durableAt[inBase] <= cut) {
            applyWhole(base, changes.get(inBase++));
        }
        SparseFile image = base.fork();
        int end = inBase;
        int uncovered = 0;
        while (end < changes.size() && changes.get(end).begin() < cut) {
            uncovered += durableAt[end++] > cut ? 1 : 0;
        }
        int index = 0;
        for (int i = inBase; i < end; i++) {
            IoEvent change = changes.get(i);
            if (durableAt[i] <= cut) {
                applyWhole(image, change);
            } else {
                apply(image, change, loss.fate(number, index++, uncovered, change.end() >= cut), loss);
            }
        }
        return image;
    }

    /** The content after the whole trace. */
    SparseFile finalContent() {
        SparseFile all = new SparseFile();
        changes.forEach(change -> applyWhole(all, change));
        return all;
    }

    private static void apply(SparseFile image, IoEvent change, Loss.Fate fate, Loss loss) {
        if (fate == Loss.Fate.KEPT) {
            applyWhole(image, change);
        } else if (change.type() == IoEvent.Type.WRITE && fate == Loss.Fate.TORN) {
            applySectors(image, change, loss);
        } else if (change.type() == IoEvent.Type.WRITE && loss.sizeKept()) {
            image.resize(Math.max(image.size(), change.offset() + change.length()));
        }
    }

    private static void applySectors(SparseFile image, IoEvent change, Loss loss) {
        long end = change.offset() + change.length();
        long at = change.offset();
        while (at < end) {
            int count = (int) Math.min(end - at, SECTOR - at % SECTOR);
            if (loss.sectorKept()) {
                image.write(at, change.data(), (int) (at - change.offset()), count);
            }
            at += count;
        }
    }

    private static void applyWhole(SparseFile image, IoEvent change) {
        switch (change.type()) {
            case WRITE -> image.write(change.offset(), change.data(), 0, (int) change.length());
            case TRUNCATE -> image.resize(change.length());
            case ALLOCATE -> {
                if (change.has(IoEvent.PUNCH)) {
                    image.punch(change.offset(), change.length());
                } else if (!change.has(IoEvent.KEEP_SIZE)) {
                    image.resize(Math.max(image.size(), change.offset() + change.length()));
                }
            }
            default -> throw new IllegalArgumentException(change.toString());
        }
    }
}
