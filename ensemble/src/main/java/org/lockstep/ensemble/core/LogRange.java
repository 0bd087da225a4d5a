package org.lockstep.ensemble.core;

import java.util.List;

/**
 * A part of the total order without a gap: everything behind {@code after}, up to {@link #end}. A view begins before its first
 * slot and behind all slots of the view before. Immutable; the payloads are shared.
 *
 * @param after the place that this continues
 * @param views the views that begin behind {@code after}, oldest first
 * @param slots the data slots behind {@code after}, in the total order
 */
public record LogRange(Position after, List<ViewRecord> views, List<Slot> slots) {
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
}
