package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;

/** What a member's log must hold, the simple way: a part that survives everything, and a tail that survives the process only. */
final class MemberLogModel {
    private final boolean lazy;
    ViewRecord installed;
    private MemberId writer;
    NavigableMap<Position, Slot> base = new TreeMap<>();
    NavigableMap<Long, ViewRecord> views = new TreeMap<>();
    NavigableMap<Position, Slot> main = new TreeMap<>();
    NavigableMap<Position, Slot> tail = new TreeMap<>();
    long mark = Order.NONE;
    private AcceptorRecord acceptor;
    final List<ViewRecord> staged = new ArrayList<>();
    boolean lost;

    MemberLogModel(boolean lazy) {
        this.lazy = lazy;
    }

    void secure(List<Slot> slots) {
        for (Slot slot : slots) {
            if (slot.position().viewId() == installed.viewId()) {
                (lazy ? tail : main).put(slot.position(), slot);
            }
        }
    }

    void flush(long upTo) {
        if (lazy) {
            Position end = new Position(installed.viewId(), Order.index(upTo), Order.rank(upTo));
            NavigableMap<Position, Slot> stable = tail.headMap(end, true);
            main.putAll(stable);
            stable.clear();
            mark = Math.max(mark, upTo);
        }
    }

    void flushAll() {
        main.putAll(tail);
        tail.clear();
    }

    void store(AcceptorRecord value) {
        acceptor = value;
    }

    /** @param newBase the base and its views when they do not come from this log; null otherwise */
    void install(ViewRecord view, MemberId as, Trim cut, MemberLogModel newBase) {
        if (newBase != null) {
            base = newBase.base;
            views = newBase.views;
        } else if (cut != null) {
            for (NavigableMap<Position, Slot> part : List.of(main, tail)) {
                part.forEach((position, slot) -> {
                    if (cut.covers(position.index(), position.rank())) {
                        base.put(position, slot);
                    }
                });
            }
        }
        installed = view;
        writer = as;
        views.put(view.viewId(), view);
        main.clear();
        tail.clear();
        mark = Order.NONE;
        lost = false;
        staged.clear();
        if (acceptor != null && acceptor.viewId() <= view.viewId()) {
            acceptor = null;
        }
    }

    void losePower() {
        tail.clear();
        lost |= lazy;
    }

    /** Slots of the installed view, secured and not lost. */
    NavigableMap<Position, Slot> secured() {
        TreeMap<Position, Slot> all = new TreeMap<>(main);
        all.putAll(tail);
        return all;
    }

    Trim last() {
        long[] last = new long[installed.members().size()];
        Arrays.fill(last, -1);
        secured().keySet().forEach(position -> last[position.rank()] = Math.max(last[position.rank()], position.index()));
        return Trim.of(last);
    }

    void check(Recovered found, String when) {
        assertEquals(installed, found.installed(), when);
        assertEquals(acceptor, found.acceptor(), when);
        assertEquals(new HashSet<>(staged), new HashSet<>(found.staged()), when);
        assertEquals(false, found.damaged(), when);
        if (installed != null) {
            assertEquals(writer, found.installedAs(), when);
            assertEquals(last(), found.last(), when);
            assertEquals(!lost, found.intact(), when);
            if (lazy) {
                assertEquals(mark, found.flushedMark(), when);
            }
        }
    }

    /** What is final behind {@code after}, as it is replayed, and everything secured, as it is read. */
    void check(MemberLog log, Position after, String when) {
        List<Slot> slots = new ArrayList<>();
        List<ViewRecord> begun = new ArrayList<>();
        log.replay(after, new MemberLog.Visitor() {
            @Override
            public void view(ViewRecord view) {
                begun.add(view);
                assertEquals(true, slots.isEmpty() || last(slots).viewId() < view.viewId(), "behind the slots before it");
            }

            @Override
            public void slot(Slot slot) {
                assertEquals(begun.isEmpty() ? after.viewId() : last(begun, after), slot.position().viewId(), "of its view");
                slots.add(slot);
            }
        });
        LmdbLogTest.assertSame(List.copyOf(base.tailMap(after, false).values()), slots);
        assertEquals(List.copyOf(views.tailMap(after.viewId(), false).values()), begun, when);
        assertEquals(true, log.reachesBackTo(after), when);
    }

    private static Position last(List<Slot> slots) {
        return slots.get(slots.size() - 1).position();
    }

    private static long last(List<ViewRecord> begun, Position after) {
        return Math.max(after.viewId(), begun.get(begun.size() - 1).viewId());
    }
}
