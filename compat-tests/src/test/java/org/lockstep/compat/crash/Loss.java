package org.lockstep.compat.crash;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What a crash does to the changes that no completed flush covers. Each may have reached the medium whole, not at all, or in any
 * subset of its 512-byte sectors, whatever happened to those before and after it.
 */
final class Loss {
    /** The kinds of loss; the hostile ones first. {@link #KILL} is the death of the process alone: the page cache lives on. */
    enum Kind {
        DROP_ALL, KEEP_ALL, LAST_ONLY, DROP_ONE, KEEP_ONE, TEAR_LAST, RANDOM, RANDOM_TORN, PER_FILE, SUFFIX_ONLY, KILL
    }

    /** The kinds that a power cut or an OS crash has. */
    static final List<Kind> POWER = List.of(Kind.DROP_ALL, Kind.KEEP_ALL, Kind.LAST_ONLY, Kind.DROP_ONE, Kind.KEEP_ONE,
            Kind.TEAR_LAST, Kind.RANDOM, Kind.RANDOM_TORN, Kind.PER_FILE, Kind.SUFFIX_ONLY);

    private final Kind kind;
    private final Random random;
    private final Map<Integer, Integer> chosen = new HashMap<>();

    Loss(Kind kind, long seed) {
        this.kind = kind;
        // close seeds give nearly equal first numbers
        this.random = new Random((seed + 1) * 0x9E3779B97F4A7C15L);
    }

    Kind kind() {
        return kind;
    }

    /** How many of {@code count} name changes that no flush covers are kept: a journal keeps a prefix of them. */
    int namesKept(int count) {
        return switch (kind) {
            case KEEP_ALL, KILL, TEAR_LAST -> count;
            case DROP_ALL -> 0;
            default -> random.nextInt(count + 1);
        };
    }

    /**
     * The fate of the {@code index}th of a file's {@code count} uncovered changes.
     *
     * @param inProgress the call had not returned at the moment of the crash
     */
    Fate fate(int file, int index, int count, boolean inProgress) {
        boolean last = index == count - 1;
        return switch (kind) {
            case DROP_ALL -> Fate.LOST;
            case KEEP_ALL -> Fate.KEPT;
            case KILL -> inProgress ? Fate.values()[random.nextInt(2)] : Fate.KEPT;
            case LAST_ONLY -> last ? Fate.KEPT : Fate.LOST;
            case TEAR_LAST -> last ? Fate.TORN : Fate.KEPT;
            case DROP_ONE -> index == choice(file, count) ? Fate.LOST : Fate.KEPT;
            case KEEP_ONE -> index == choice(file, count) ? Fate.KEPT : Fate.LOST;
            case SUFFIX_ONLY -> index >= choice(file, count) ? Fate.KEPT : Fate.LOST;
            case RANDOM -> Fate.values()[random.nextInt(2)];
            case RANDOM_TORN -> Fate.values()[random.nextInt(Fate.values().length)];
            case PER_FILE -> choice(file, 2) == 0 ? Fate.LOST : Fate.KEPT;
        };
    }

    /** For a torn change: whether its next sector arrived. */
    boolean sectorKept() {
        return random.nextBoolean();
    }

    /** For a lost change that would have grown the file: whether the file grew all the same, with zeros. */
    boolean sizeKept() {
        return kind == Kind.RANDOM_TORN && random.nextBoolean();
    }

    private int choice(int file, int bound) {
        return chosen.computeIfAbsent(file, f -> random.nextInt(bound));
    }

    /** What becomes of one change. */
    enum Fate { LOST, KEPT, TORN }
}
