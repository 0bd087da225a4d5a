package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.List;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;

/**
 * One table of slots of the main log, with what is known of it: where each sender's chain ends, how far it is stable, what was
 * deleted from its front. Changes are made in a transaction that may run more than once, and known once it is committed. One
 * thread writes; {@link #last} and {@link #floor} are for any.
 */
final class SlotArea {
    /**
     * So many free pages are kept, and a few commits' needs more: as little as will do, since the list of free pages is a tree
     * that commits change too, best a single page.
     */
    private static final int FREE_PAGES = 64;
    /** A commit needs pages while those that the two before it gave back cannot be used yet. */
    private static final int COMMITS_OF_FREE_PAGES = 4;
    /** Old slots go in bundles of this many pages or more: each bundle dirties the front pages once. */
    private static final int DELETE_PAGES_MIN = 32;

    /** Counts the free pages of the log's file. */
    interface FreePages {
        long count(Txn<ByteBuffer> txn);
    }

    private final LmdbEnv env;
    private final SlotTable table;
    private final RecordTable records;
    private final FreePages freePages;
    private final String floorRecord;
    private final SlotChain chain = new SlotChain();
    private final StableMark mark = new StableMark();
    private volatile Floor floor = Floor.START;
    private volatile Position last = Position.START;
    private volatile Position deleteLimit = Position.START;
    private volatile boolean somethingToDelete;
    private Floor risenTo;

    SlotArea(LmdbEnv env, RecordTable records, String name, FreePages freePages) {
        this.env = env;
        this.table = new SlotTable(env, name);
        this.records = records;
        this.freePages = freePages;
        this.floorRecord = name + ".floor";
    }

    /** Reads and checks every slot; what is known stays at the last good one when that throws. */
    void load(Txn<ByteBuffer> txn) {
        byte[] bytes = records.get(floorRecord);
        Floor stored = bytes == null ? Floor.START : Floor.decode(bytes);
        if (stored == null) {
            throw MetaPages.damaged(env.file(), "its record \"" + floorRecord + "\" cannot be read");
        }
        begin(stored);
        mark.raise(stored.position());
        try (SlotTable.Scan scan = table.scan(txn)) {
            while (scan.next()) {
                Position position = scan.slot().position();
                checkChain(scan, chain);
                last = position;
                if (scan.header().kind() == SlotKind.STABLE) {
                    mark.raise(position);
                }
            }
        }
    }

    /** A slot must name the one found before it as its sender's. */
    static void checkChain(SlotTable.Scan scan, SlotChain chain) {
        Position position = scan.slot().position();
        long named = scan.header().prevIndex();
        if (named != chain.extend(position)) {
            throw scan.damaged("before slot " + position, "the slot of the same sender at index " + named + " is missing");
        }
    }

    private void begin(Floor stored) {
        floor = stored;
        last = stored.position();
        deleteLimit = stored.position();
        somethingToDelete = false;
        chain.begin(stored);
    }

    SlotTable table() {
        return table;
    }

    SlotChain chain() {
        return chain;
    }

    StableMark mark() {
        return mark;
    }

    Floor floor() {
        return floor;
    }

    /** The place of the last slot, or where the floor is when there is none. */
    Position last() {
        return last;
    }

    /** The damage of a place that is read and is not there. */
    LogDamagedException gone(Position after) {
        return new LogDamagedException("the slot behind " + after + " is missing in " + env.file() + ", which was deleted from"
                + " up to " + floor.position() + ": the state is older than its log; restore the data directory from a backup,"
                + " or move it away to let this server rejoin its ensemble with a blank one");
    }

    /** Lets slots up to {@code position} go when additions to come need their pages; true while some may be left. */
    synchronized boolean deleteBelow(Position position) {
        if (position.compareTo(deleteLimit) > 0) {
            deleteLimit = position;
            somethingToDelete = true;
        }
        return somethingToDelete;
    }

    private synchronized void deleted(boolean someAreLeft, Position limit) {
        somethingToDelete = someAreLeft || !limit.equals(deleteLimit);
    }

    /** Prepares to add {@code slots}, which are in order and continue their senders' chains; the chains are extended at once. */
    Addition add(List<Slot> slots, SlotKind kind) {
        return new Addition(slots, kind);
    }

    /** A batch on its way into the table; old slots leave with it. */
    final class Addition {
        private final List<Slot> slots;
        private final SlotKind kind;
        private final long[] prevIndexes;
        private final Position end;
        private final Position limit = deleteLimit;
        private final boolean mayDelete = somethingToDelete;
        private long rowBytes;
        private Floor risen;
        private boolean allGone;

        private Addition(List<Slot> slots, SlotKind kind) {
            this.slots = slots;
            this.kind = kind;
            prevIndexes = new long[slots.size()];
            for (int i = 0; i < prevIndexes.length; i++) {
                Position position = slots.get(i).position();
                prevIndexes[i] = chain.extend(position);
                if (kind == SlotKind.STABLE) {
                    mark.raise(position);
                }
                rowBytes += SlotCodec.slotBytes(slots.get(i).payload().length);
            }
            Position highest = slots.isEmpty() ? last : slots.get(slots.size() - 1).position();
            end = highest.compareTo(last) > 0 ? highest : last;
        }

        void run(Txn<ByteBuffer> txn) {
            risen = null;
            long pages = mayDelete ? pagesToDelete(txn) : 0;
            table.put(txn, slots, kind, prevIndexes, last);
            if (pages >= DELETE_PAGES_MIN) {
                Floor.Rising rising = new Floor.Rising(floor);
                allGone = table.deleteFirst(txn, limit, pages * env.pageBytes(), rising);
                risen = rising.floor();
                records.put(txn, floorRecord, risen.encode());
            }
        }

        private long pagesToDelete(Txn<ByteBuffer> txn) {
            return FREE_PAGES + COMMITS_OF_FREE_PAGES * (rowBytes / env.pageBytes()) - freePages.count(txn);
        }

        void committed() {
            last = end;
            if (risen != null) {
                deleted(!allGone, limit);
                floor = risen;
                records.committed(floorRecord, risen.encode());
            }
        }
    }

    /** Deletes everything; {@link #emptied} makes it known. */
    void clear(Txn<ByteBuffer> txn, Position from) {
        table.clear(txn);
        records.put(txn, floorRecord, new Floor(from, new long[0]).encode());
    }

    /** The table was cleared and begins behind {@code from}. */
    void emptied(Position from) {
        begin(new Floor(from, new long[0]));
        records.committed(floorRecord, floor.encode());
    }

    /** Deletes the slots of view {@code viewId} that {@code cut} does not cover; {@link #shortened} makes it known. */
    void cut(Txn<ByteBuffer> txn, long viewId, Trim cut) {
        Position from = null;
        for (int k = 0; k < cut.ranks(); k++) {
            Position first = new Position(viewId, cut.lastIndex(k) + 1, k);
            // A sender that has nothing above the cut must not make the whole view be read.
            if (chain.last(viewId, k) > cut.lastIndex(k) && (from == null || first.compareTo(from) < 0)) {
                from = first;
            }
        }
        if (from != null) {
            table.deleteFrom(txn, from, position -> position.viewId() == viewId
                    && (position.rank() >= cut.ranks() || !cut.covers(position.index(), position.rank())));
        }
    }

    /** The end of the table was cut: its last slot is at {@code end} now, null for none. The chains end where they did. */
    void shortened(Position end) {
        last = end == null ? floor.position() : end;
    }

    /** Deletes what stands behind {@code place}; {@link #reload} makes it known. */
    void cutBehind(Txn<ByteBuffer> txn, Position place) {
        table.deleteFrom(txn, place, position -> position.compareTo(place) > 0);
    }

    /** Deletes everything up to {@code from}, where the table begins then; {@link #dropped} makes it known. */
    void drop(Txn<ByteBuffer> txn, Position from) {
        Floor.Rising rising = new Floor.Rising(floor);
        table.deleteFirst(txn, from, Long.MAX_VALUE, rising);
        Floor reached = rising.floor();
        risenTo = new Floor(from, reached.position().viewId() == from.viewId() ? reached.lastIndexes() : new long[0]);
        records.put(txn, floorRecord, risenTo.encode());
    }

    void dropped(Txn<ByteBuffer> txn) {
        records.committed(floorRecord, risenTo.encode());
        floor = risenTo;
        deleteLimit = floor.position();
        somethingToDelete = false;
        reload(txn);
    }

    /** Reads again where the chains end. */
    void reload(Txn<ByteBuffer> txn) {
        chain.begin(floor);
        last = floor.position();
        try (SlotTable.Scan scan = table.scan(txn, floor.position())) {
            while (scan.next()) {
                chain.extend(scan.slot().position());
                last = scan.slot().position();
            }
        }
    }
}
