package org.lockstep.log;

import java.util.ArrayList;
import java.util.List;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.ViewRecord;

/**
 * The copy: what a process outside takes from a member, in the table that does not hold the order. Up to {@link #upTo} it is
 * stable for good; what lies behind that was staged for values of one view that is not decided yet, all of which share it.
 *
 * <p>What was staged goes when that view is decided to be another (something of it or a later one is copied), when a later view
 * is staged, and at an install. Until then it stays: a value that only one voter accepted may come back.
 */
final class LogCopy {
    private final DiskLog disk;
    /** False while what is there may be damaged. */
    private boolean usable;
    /** For which value parts are being staged, and how far they go; not known any more after a restart. */
    private ViewRecord partsOf;
    private Position partsEnd;

    LogCopy(DiskLog disk) {
        this.disk = disk;
        usable = disk.damage() == null;
    }

    /** @see MemberLog#copyFrom */
    Position from() {
        return upTo() == null ? null : disk.copy().floor().position();
    }

    /** @see MemberLog#copiedUpTo */
    Position upTo() {
        return usable ? disk.member().copiedUpTo() : null;
    }

    /** @see MemberLog#beginCopy */
    void begin(Position from) {
        SlotArea area = disk.copy();
        MemberRecords.Changes changes = disk.member().changes().copiedUpTo(from);
        boolean keeps = upTo() != null && disk.member().stagedFor() > from.viewId()
                && from.compareTo(area.floor().position()) >= 0;
        if (keeps) {
            disk.change("begin a copy in", changes, txn -> area.drop(txn, from));
            disk.reload(area::dropped);
        } else {
            disk.change("begin a copy in", changes.unstage(), txn -> area.clear(txn, from));
            area.emptied(from);
        }
        usable = true;
        partsOf = null;
    }

    private Position requireBegun() {
        Position end = upTo();
        if (end == null) {
            throw new IllegalStateException("no copy was begun");
        }
        return end;
    }

    /** @see MemberLog#copy */
    void append(LogRange range) {
        Position end = requireBegun();
        requireNoGap(range, end);
        MemberRecords.Changes changes = addViews(range);
        long newestView = range.end().viewId();
        for (ViewRecord view : range.views()) {
            newestView = Math.max(newestView, view.viewId());
        }
        long heldFor = partsOf == null ? disk.member().stagedFor() : partsOf.viewId();
        if (heldFor <= newestView) {
            cutStaged(end);
        }
        Position newEnd = range.end().compareTo(end) > 0 ? range.end() : end;
        disk.append(disk.copy(), missing(range.slots(), end), changes.copiedUpTo(newEnd));
    }

    /** @see MemberLog#stage */
    void stage(ViewRecord value, LogRange range, boolean whole) {
        Position end = requireBegun();
        long stagedFor = disk.member().stagedFor();
        if (stagedFor > value.viewId()) {
            throw new IllegalArgumentException("view " + value.viewId() + " is staged behind view " + stagedFor);
        }
        boolean continues = value.equals(partsOf);
        requireNoGap(range, continues ? partsEnd : end);
        MemberRecords.Changes changes = addViews(range);
        if (!continues && stagedFor != value.viewId()) {
            cutStaged(end);
        }
        disk.append(disk.copy(), missing(range.slots(), end), changes);
        partsEnd = continues && partsEnd.compareTo(range.end()) > 0 ? partsEnd : range.end();
        partsOf = whole ? null : value;
        if (whole) {
            disk.change("stage a view in", disk.member().changes().stage(value), txn -> { });
        }
    }

    private static void requireNoGap(LogRange range, Position end) {
        if (range.after().compareTo(end) > 0) {
            throw new IllegalArgumentException("a range behind " + range.after() + " leaves a gap behind " + end);
        }
    }

    /** Views come one after the other, each before its slots; those that are known are passed over. */
    private MemberRecords.Changes addViews(LogRange range) {
        MemberRecords member = disk.member();
        MemberRecords.Changes changes = member.changes();
        long known = disk.copy().floor().position().viewId();
        while (member.knows(known + 1)) {
            known++;
        }
        for (ViewRecord view : range.views()) {
            if (view.viewId() > known + 1) {
                throw new IllegalArgumentException("view " + view.viewId() + " is to follow view " + known);
            }
            if (view.viewId() == known + 1) {
                known++;
                changes.addView(view);
            }
        }
        if (range.end().viewId() > known) {
            throw new IllegalArgumentException("a slot at " + range.end() + " of a view that is not known");
        }
        return changes;
    }

    /** Those behind {@code end} that are not there yet. */
    private List<Slot> missing(List<Slot> slots, Position end) {
        List<Slot> missing = new ArrayList<>();
        for (Slot slot : slots) {
            SlotKey.requireValid(slot.position());
            if (slot.position().compareTo(end) > 0 && disk.copy().chain().isNew(slot.position())) {
                missing.add(slot);
            }
        }
        return missing;
    }

    /** Drops what is staged behind the copy. */
    private void cutStaged(Position end) {
        SlotArea area = disk.copy();
        partsOf = null;
        if (area.last().compareTo(end) > 0 || disk.member().stagedFor() != 0) {
            disk.change("drop staged slots from", disk.member().changes().unstage(), txn -> area.cutBehind(txn, end));
            disk.reload(area::reload);
        }
    }

    /** @see MemberLog#deleteBelow */
    void deleteBelow(Position position) {
        Position end = upTo();
        if (end != null) {
            disk.copy().deleteBelow(position.compareTo(end) < 0 ? position : end);
        }
    }
}
