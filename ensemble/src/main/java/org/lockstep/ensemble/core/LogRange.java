package org.lockstep.ensemble.core;

import java.util.List;
import java.util.function.Consumer;

/**
 * A part of the total order without a gap: everything behind {@code after}, up to {@link #end}. A view begins before its first
 * slot and behind all slots of the view before. Immutable; the payloads are shared.
 *
 * @param after the place that this continues
 * @param views the views that begin behind {@code after}, oldest first
 * @param slots the data slots behind {@code after}, in the total order
 */
public record LogRange(Position after, List<ViewRecord> views, List<Slot> slots) {
    /** What one entry weighs besides its payload. */
    static final int ENTRY_BYTES = 64;

    public LogRange {
        views = List.copyOf(views);
        slots = List.copyOf(slots);
    }

    /** The place of the last slot, {@code after} when there is none. */
    public Position end() {
        return slots.isEmpty() ? after : slots.get(slots.size() - 1).position();
    }

    public boolean isEmpty() {
        return views.isEmpty() && slots.isEmpty();
    }

    /** The place of the last entry, be it a slot or the beginning of a view. */
    public Position last() {
        long newest = views.isEmpty() ? 0 : views.get(views.size() - 1).viewId();
        return newest > end().viewId() ? Position.beginOf(newest) : end();
    }

    /** About how much memory it takes. */
    long bytes() {
        long bytes = (long) ENTRY_BYTES * views.size();
        for (int i = 0; i < slots.size(); i++) {
            bytes += slots.get(i).payload().length + ENTRY_BYTES;
        }
        return bytes;
    }

    /** Its entries in order. */
    public void forEach(Consumer<ViewRecord> view, Consumer<Slot> slot) {
        int next = 0;
        for (int i = 0; i < slots.size(); i++) {
            while (next < views.size() && views.get(next).viewId() <= slots.get(i).position().viewId()) {
                view.accept(views.get(next++));
            }
            slot.accept(slots.get(i));
        }
        while (next < views.size()) {
            view.accept(views.get(next++));
        }
    }

    /**
     * Whether it goes on where {@code after} stops: places rise, no view is left out, and each view's base begins with what is
     * before it. A follower that has applied what a cut forgot is found here.
     */
    boolean isUnbroken() {
        Walk walk = new Walk(after);
        forEach(walk::view, walk::slot);
        return walk.unbroken;
    }

    private static final class Walk {
        private Position at;
        private boolean unbroken = true;

        Walk(Position at) {
            this.at = at;
        }

        void view(ViewRecord view) {
            unbroken &= view.continues(at);
            at = Position.beginOf(view.viewId());
        }

        void slot(Slot slot) {
            unbroken &= slot.position().viewId() == at.viewId() && slot.position().compareTo(at) > 0;
            at = slot.position();
        }
    }
}
