package org.lockstep.ensemble.sim;

import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.ViewRecord;

/**
 * The order from its very beginning on, views and slots, as an immutable list that shares its beginning; equal hashes mean equal
 * sequences.
 */
final class History {
    static final History EMPTY = new History(null, null, null, 0, 17);

    final History before;
    /** The last entry, if it is a slot. */
    final Slot slot;
    /** The last entry, if it is the beginning of a view. */
    final ViewRecord view;
    final int count;
    final long hash;

    private History(History before, Slot slot, ViewRecord view, int count, long hash) {
        this.before = before;
        this.slot = slot;
        this.view = view;
        this.count = count;
        this.hash = hash;
    }

    History append(Slot next) {
        long h = hash;
        h = mix(h, next.position().viewId());
        h = mix(h, next.position().index());
        h = mix(h, next.position().rank());
        h = mix(h, java.util.Arrays.hashCode(next.payload()));
        return new History(this, next, null, count + 1, h);
    }

    History append(ViewRecord next) {
        long h = mix(hash, -next.viewId());
        h = mix(h, next.trim().hashCode());
        h = mix(h, next.members().hashCode());
        return new History(this, null, next, count + 1, h);
    }

    /** The place of the last entry. */
    Position position() {
        if (slot != null) {
            return slot.position();
        }
        return view == null ? Position.START : Position.beginOf(view.viewId());
    }

    /** Whether this is a beginning of {@code longer}. */
    boolean isPrefixOf(History longer) {
        return count <= longer.count && longer.at(count).hash == hash;
    }

    /** The first {@code entries} of it. */
    History at(int entries) {
        History at = this;
        while (at.count > entries) {
            at = at.before;
        }
        return at;
    }

    static long mix(long hash, long value) {
        long h = (hash ^ value) * 0x9E3779B97F4A7C15L;
        h = (h ^ h >>> 32) * 0xD6E8FEB86659FD93L;
        return h ^ h >>> 29;
    }
}
