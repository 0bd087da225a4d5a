package org.lockstep.server.replica;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;

/**
 * A disk that never fails and never lets go, though it may stand still for a moment: what logs opened on it one after the other
 * have written.
 */
final class MemoryDisk {
    private final TreeMap<Position, Slot> order = new TreeMap<>();
    private final TreeMap<Long, ViewRecord> views = new TreeMap<>();
    private final TreeMap<Position, Slot> copied = new TreeMap<>();
    private final Map<String, byte[]> records = new HashMap<>();
    private final List<ViewRecord> staged = new ArrayList<>();
    private ViewRecord installed;
    private MemberId installedAs;
    private AcceptorRecord acceptor;
    private final AtomicLong stallMillis = new AtomicLong();
    private long flushedMark = Order.NONE;
    private Position copyFrom;

    /** The next slots take so long, once. */
    void stall(long millis) {
        stallMillis.set(millis);
    }

    private void standStill() {
        try {
            Thread.sleep(stallMillis.getAndSet(0));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    synchronized MemberLog open() {
        return new Log(recovered());
    }

    private Recovered recovered() {
        return new Recovered(installed, installedAs, installed == null ? null : last(), true, false, flushedMark, acceptor,
                List.copyOf(staged));
    }

    private Trim last() {
        long[] last = new long[installed.members().size()];
        Arrays.fill(last, -1);
        for (Position at : order.tailMap(new Position(installed.viewId(), -1, 0), true).keySet()) {
            last[at.rank()] = Math.max(last[at.rank()], at.index());
        }
        return Trim.of(last);
    }

    private final class Log implements MemberLog {
        private final Recovered found;

        Log(Recovered found) {
            this.found = found;
        }

        @Override
        public Recovered recovered() {
            return found;
        }

        @Override
        public void secure(List<Slot> slots) {
            standStill();
            synchronized (MemoryDisk.this) {
                for (Slot slot : slots) {
                    if (installed != null && slot.position().viewId() == installed.viewId()) {
                        order.put(slot.position(), slot);
                    }
                }
            }
        }

        @Override
        public void flush(long viewId, long upTo) {
            synchronized (MemoryDisk.this) {
                if (installed != null && installed.viewId() == viewId) {
                    flushedMark = Math.max(flushedMark, upTo);
                }
            }
        }

        @Override
        public void flushAll() {}

        @Override
        public void store(AcceptorRecord value) {
            synchronized (MemoryDisk.this) {
                acceptor = value;
            }
        }

        @Override
        public void install(ViewRecord view, MemberId as, Effect.Base base, Trim cut) {
            synchronized (MemoryDisk.this) {
                if (base == Effect.Base.STAGED) {
                    order.tailMap(copyFrom, false).clear(); // what is before it is in the state, and stays
                    order.putAll(copied);
                }
                order.keySet().removeIf(at -> at.viewId() == view.viewId() - 1 && !cut.covers(at.index(), at.rank()));
                copied.clear();
                staged.clear();
                copyFrom = null;
                views.put(view.viewId(), view);
                installed = view;
                installedAs = as;
                flushedMark = Order.NONE;
            }
        }

        @Override
        public ViewRecord installed() {
            return installed;
        }

        @Override
        public void beginCopy(Position from) {
            synchronized (MemoryDisk.this) {
                copyFrom = from;
                copied.clear();
            }
        }

        @Override
        public Position copyFrom() {
            return copyFrom;
        }

        @Override
        public Position copiedUpTo() {
            return copied.isEmpty() ? copyFrom : copied.lastKey();
        }

        @Override
        public void copy(LogRange range) {
            synchronized (MemoryDisk.this) {
                range.views().forEach(view -> views.put(view.viewId(), view));
                range.slots().forEach(slot -> copied.put(slot.position(), slot));
            }
        }

        @Override
        public void stage(ViewRecord value, LogRange range, boolean whole) {
            copy(range);
            synchronized (MemoryDisk.this) {
                if (whole) {
                    staged.removeIf(other -> other.viewId() < value.viewId());
                    staged.add(value);
                }
            }
        }

        @Override
        public boolean reachesBackTo(Position after) {
            return after.equals(Position.START) || order.containsKey(after)
                    || after.index() < 0 && views.containsKey(after.viewId());
        }

        @Override
        public LogRange read(Position after, long viewId, Trim cut, int bytesMax) {
            synchronized (MemoryDisk.this) {
                List<Slot> slots = order.tailMap(after, false).values().stream().filter(slot -> slot.position().viewId() < viewId
                        || slot.position().viewId() == viewId && cut.covers(slot.position().index(), slot.position().rank()))
                        .toList();
                return new LogRange(after, List.copyOf(views.subMap(after.viewId(), false, viewId, true).values()), slots);
            }
        }

        @Override
        public void replay(Position after, Visitor visitor) {
            synchronized (MemoryDisk.this) {
                long seen = after.viewId();
                for (Slot slot : order.tailMap(after, false).values()) {
                    if (slot.position().viewId() >= installed.viewId()) {
                        break;
                    }
                    if (slot.position().viewId() > seen) {
                        seen = slot.position().viewId();
                        visitor.view(views.get(seen));
                    }
                    visitor.slot(slot);
                }
                visitor.view(installed);
            }
        }

        @Override
        public boolean deleteBelow(Position position) {
            return false;
        }

        @Override
        public void putRecord(String name, byte[] value) {
            synchronized (MemoryDisk.this) {
                records.put(name, value);
            }
        }

        @Override
        public byte[] record(String name) {
            synchronized (MemoryDisk.this) {
                return records.get(name);
            }
        }

        @Override
        public void close() {}
    }
}
