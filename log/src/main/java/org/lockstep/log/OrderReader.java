package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;

/** Reads the order: what is in the main log and, behind or between it, what is in the tail only. Any thread. */
final class OrderReader {
    private final DiskLog disk;
    private final NavigableMap<Position, Slot> unfolded;

    OrderReader(DiskLog disk, NavigableMap<Position, Slot> unfolded) {
        this.disk = disk;
        this.unfolded = unfolded;
    }

    /** @see MemberLog#reachesBackTo */
    boolean reachesBackTo(Position after) {
        if (disk.damage() != null) {
            return false;
        }
        // The heap first: a slot that is folded meanwhile is then found in one place or in both.
        boolean unflushed = unfolded.containsKey(after);
        return disk.read(txn -> {
            Position floor = disk.order().floor().position();
            if (after.index() < 0 && after.viewId() > 0) {
                return after.compareTo(floor) >= 0 && disk.member().knows(after.viewId());
            }
            return after.equals(floor)
                    || after.compareTo(floor) > 0 && (unflushed || disk.order().table().contains(txn, after));
        });
    }

    /** @see MemberLog#read */
    LogRange read(Position after, long viewId, Trim cut, int bytesWanted) {
        int bytesMax = Math.max(1, bytesWanted);
        Predicate<Position> wanted = position -> position.viewId() < viewId
                || position.viewId() == viewId && position.rank() < cut.ranks() && cut.covers(position.index(), position.rank());
        TreeMap<Position, Slot> found = new TreeMap<>();
        int bytes = 0;
        for (Slot slot : unfolded.tailMap(after, false).values()) {
            if (wanted.test(slot.position())) {
                found.put(slot.position(), slot);
                bytes += slot.payload().length;
                if (bytes >= bytesMax) {
                    break;
                }
            }
        }
        boolean unflushedIsWhole = bytes < bytesMax;
        Position unflushedEnd = unflushedIsWhole ? null : found.lastKey();
        List<Slot> flushed = disk.read(txn -> flushed(txn, after, unflushedEnd, wanted, bytesMax));
        flushed.forEach(slot -> found.put(slot.position(), slot));
        List<Slot> slots = firstOf(found, bytesMax);
        boolean whole = unflushedIsWhole && slots.size() == found.size() && bytesOf(slots) < bytesMax;
        long lastView = whole ? viewId : slots.get(slots.size() - 1).position().viewId();
        return new LogRange(after, List.copyOf(disk.member().views(after.viewId(), lastView)), slots);
    }

    private List<Slot> flushed(Txn<ByteBuffer> txn, Position after, Position upTo, Predicate<Position> wanted, int bytesMax) {
        SlotArea order = disk.order();
        requireFrom(after, order);
        List<Slot> slots = new ArrayList<>();
        int bytes = 0;
        try (SlotTable.Scan scan = order.table().scan(txn, after)) {
            for (Position next = scan.peek(); next != null && bytes < bytesMax; next = scan.peek()) {
                if (upTo != null && next.compareTo(upTo) > 0) {
                    break;
                }
                if (!wanted.test(next)) {
                    scan.skip();
                } else if (scan.next()) {
                    slots.add(scan.slot());
                    bytes += scan.slot().payload().length;
                }
            }
        }
        return slots;
    }

    private static void requireFrom(Position after, SlotArea order) {
        if (after.compareTo(order.floor().position()) < 0) {
            throw order.gone(after);
        }
    }

    /** The slots in order until {@code bytesMax} bytes are reached; at least one. */
    private static List<Slot> firstOf(TreeMap<Position, Slot> found, int bytesMax) {
        List<Slot> slots = new ArrayList<>();
        int bytes = 0;
        for (Slot slot : found.values()) {
            slots.add(slot);
            bytes += slot.payload().length;
            if (bytes >= bytesMax) {
                break;
            }
        }
        return slots;
    }

    private static long bytesOf(List<Slot> slots) {
        return slots.stream().mapToLong(slot -> slot.payload().length).sum();
    }

    /** @see MemberLog#replay */
    void replay(Position after, MemberLog.Visitor visitor) {
        ViewRecord installed = disk.member().installed();
        long endView = installed == null ? Long.MAX_VALUE : installed.viewId();
        long[] begun = {after.viewId()};
        NavigableMap<Position, Slot> unflushed = new TreeMap<>();
        unfolded.tailMap(after, false).forEach(unflushed::put); // slots may be folded meanwhile
        disk.read(txn -> {
            SlotArea order = disk.order();
            requireFrom(after, order);
            try (SlotTable.Scan scan = order.table().scan(txn, after)) {
                while (scan.next() && scan.slot().position().viewId() < endView) {
                    unflushed.headMap(scan.slot().position(), false).values().forEach(slot -> visit(slot, begun, visitor));
                    unflushed.headMap(scan.slot().position(), true).clear();
                    visit(scan.slot(), begun, visitor);
                }
            }
            return null;
        });
        unflushed.values().stream().filter(slot -> slot.position().viewId() < endView)
                .forEach(slot -> visit(slot, begun, visitor));
        beginViews(begun, endView, visitor);
    }

    private void visit(Slot slot, long[] begun, MemberLog.Visitor visitor) {
        beginViews(begun, slot.position().viewId(), visitor);
        visitor.slot(slot);
    }

    private void beginViews(long[] begun, long viewId, MemberLog.Visitor visitor) {
        disk.member().views(begun[0], viewId).forEach(visitor::view);
        begun[0] = Math.max(begun[0], viewId);
    }
}
