package org.lockstep.ensemble.sim;

import org.lockstep.ensemble.core.Slot;

/**
 * A sequence of slots from the very first one on, as an immutable list that shares its beginning; equal hashes mean equal
 * sequences.
 */
final class History {
    static final History EMPTY = new History(null, null, 0, 17);

    final History before;
    final Slot slot;
    final int count;
    final long hash;

    private History(History before, Slot slot, int count, long hash) {
        this.before = before;
        this.slot = slot;
        this.count = count;
        this.hash = hash;
    }

    History append(Slot next) {
        long h = hash;
        h = mix(h, next.position().viewId());
        h = mix(h, next.position().index());
        h = mix(h, next.position().rank());
        h = mix(h, java.util.Arrays.hashCode(next.payload()));
        return new History(this, next, count + 1, h);
    }

    static long mix(long hash, long value) {
        long h = (hash ^ value) * 0x9E3779B97F4A7C15L;
        h = (h ^ h >>> 32) * 0xD6E8FEB86659FD93L;
        return h ^ h >>> 29;
    }
}
