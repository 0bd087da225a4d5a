package org.lockstep.ensemble.core;

import java.util.ArrayList;
import java.util.List;

/**
 * The end of the order as this member has delivered it: what followers that have nearly caught up are fed from. A ring in memory;
 * what falls out at its beginning is read from the log instead. Payloads are shared, never copied.
 */
final class RecentOrder {
    private static final int RING_MIN = 64;

    private final long bytesMax;
    private Object[] ring = new Object[RING_MIN];
    private int head;
    private int size;
    private long bytes;
    private Position from = Position.START;
    private Position last = Position.START;

    RecentOrder(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** The place of the last entry. */
    Position last() {
        return last;
    }

    /** Whether everything behind {@code after} is here. */
    boolean reaches(Position after) {
        return after.compareTo(from) >= 0;
    }

    /** Forgets everything: the order stands at {@code at}. */
    void startAt(Position at) {
        if (size > 0) {
            ring = new Object[RING_MIN];
            head = 0;
            size = 0;
            bytes = 0;
        }
        from = at;
        last = at;
    }

    void add(Slot slot) {
        last = slot.position();
        append(slot, slot.payload().length);
    }

    void add(ViewRecord view) {
        last = Position.beginOf(view.viewId());
        append(view, 0);
    }

    private void append(Object entry, int payloadBytes) {
        if (size == ring.length) {
            grow();
        }
        ring[head + size & ring.length - 1] = entry;
        size++;
        bytes += payloadBytes + LogRange.ENTRY_BYTES;
        while (bytes > bytesMax && size > 0) {
            dropFirst();
        }
    }

    private void grow() {
        Object[] larger = new Object[2 * ring.length];
        for (int i = 0; i < size; i++) {
            larger[i] = entry(i);
        }
        ring = larger;
        head = 0;
    }

    private void dropFirst() {
        from = place(entry(0));
        bytes -= LogRange.ENTRY_BYTES + (entry(0) instanceof Slot slot ? slot.payload().length : 0);
        ring[head] = null;
        head = head + 1 & ring.length - 1;
        size--;
    }

    private Object entry(int i) {
        return ring[head + i & ring.length - 1];
    }

    private static Position place(Object entry) {
        return entry instanceof Slot slot ? slot.position() : Position.beginOf(((ViewRecord) entry).viewId());
    }

    /** What follows {@code after}, which it {@link #reaches}: about {@code rangeBytesMax} bytes, at least one entry if any. */
    LogRange after(Position after, int rangeBytesMax) {
        List<ViewRecord> views = new ArrayList<>();
        List<Slot> slots = new ArrayList<>();
        long taken = 0;
        for (int i = firstBehind(after); i < size && taken < rangeBytesMax; i++) {
            if (entry(i) instanceof Slot slot) {
                slots.add(slot);
                taken += slot.payload().length;
            } else {
                views.add((ViewRecord) entry(i));
            }
            taken += LogRange.ENTRY_BYTES;
        }
        return new LogRange(after, views, slots);
    }

    private int firstBehind(Position after) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = low + high >>> 1;
            if (place(entry(middle)).compareTo(after) > 0) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
