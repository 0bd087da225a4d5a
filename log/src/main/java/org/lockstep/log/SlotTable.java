package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Predicate;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.GetOp;
import org.lmdbjava.PutFlags;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/**
 * Slots in one LMDB table: appending, deleting from the front, cutting off the end, and reading back with every check. One thread
 * at a time, but for scans, each of which has its own transaction.
 */
final class SlotTable {
    static final String NAME = "slots";
    /** A second table, which takes the place of the first at some installs, and back. */
    static final String OTHER_NAME = "slots.b";

    private final LmdbEnv env;
    private final Dbi<ByteBuffer> table;
    private final SlotCodec codec = new SlotCodec();

    SlotTable(LmdbEnv env, String name) {
        this.env = env;
        this.table = env.table(name);
    }

    /**
     * Puts {@code slots} in order; {@code prevIndexes} are their places in the senders' chains. {@code last} is the last position
     * in the table: what sorts behind it is appended, which fills pages to the brim.
     */
    void put(Txn<ByteBuffer> txn, List<Slot> slots, SlotKind kind, long[] prevIndexes, Position last) {
        Position end = last;
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            boolean append = slot.position().compareTo(end) > 0;
            PutFlags flag = append ? PutFlags.MDB_APPEND : PutFlags.MDB_NOOVERWRITE;
            codec.encode(slot, kind, prevIndexes[i], (key, value) -> {
                if (!table.put(txn, key, value, flag)) {
                    throw new LogFailedException(env.file() + " already holds a slot at " + slot.position());
                }
            });
            if (append) {
                end = slot.position();
            }
        }
    }

    /**
     * Deletes whole slots from the front, those up to {@code limit}, until rows of at least {@code bytesMax} bytes are gone;
     * {@code rising} hears of each.
     *
     * @return true when nothing up to {@code limit} is left
     */
    boolean deleteFirst(Txn<ByteBuffer> txn, Position limit, long bytesMax, Floor.Rising rising) {
        long deleted = 0;
        long high = 0;
        long low = 0;
        try (Cursor<ByteBuffer> cursor = table.openCursor(txn)) {
            while (cursor.first()) {
                long nextHigh = cursor.key().getLong(0);
                long nextLow = cursor.key().getLong(8);
                boolean sameSlot = deleted > 0 && nextHigh == high && nextLow >>> 24 == low >>> 24;
                if (!sameSlot) {
                    if (!SlotKey.isUpTo(cursor.key(), limit)) {
                        return true;
                    }
                    if (deleted >= bytesMax) {
                        return false;
                    }
                    rising.deleted(SlotKey.position(nextHigh, nextLow));
                }
                deleted += SlotCodec.rowBytes(cursor.val().remaining());
                cursor.delete();
                high = nextHigh;
                low = nextLow;
            }
        }
        return true;
    }

    /** Deletes every slot at or behind {@code from} that {@code doomed} names. */
    void deleteFrom(Txn<ByteBuffer> txn, Position from, Predicate<Position> doomed) {
        try (Cursor<ByteBuffer> cursor = table.openCursor(txn)) {
            boolean more = cursor.get(SlotKey.atOrBehind(from), GetOp.MDB_SET_RANGE);
            while (more) {
                Position position = SlotKey.position(cursor.key().getLong(0), cursor.key().getLong(8));
                if (doomed.test(position)) {
                    cursor.delete();
                    more = cursor.get(SlotKey.atOrBehind(position), GetOp.MDB_SET_RANGE);
                } else {
                    more = cursor.get(SlotKey.behind(position), GetOp.MDB_SET_RANGE);
                }
            }
        }
    }

    /** Deletes everything. */
    void clear(Txn<ByteBuffer> txn) {
        table.drop(txn);
    }

    /** The place of the last slot in the table, or null. */
    Position last(Txn<ByteBuffer> txn) {
        try (Cursor<ByteBuffer> cursor = table.openCursor(txn)) {
            return cursor.last() ? SlotKey.position(cursor.key().getLong(0), cursor.key().getLong(8)) : null;
        }
    }

    /** Whether there is a slot at {@code position}. */
    boolean contains(Txn<ByteBuffer> txn, Position position) {
        return position.index() >= 0 && table.get(txn, SlotKey.atOrBehind(position)) != null;
    }

    /** A reader over the whole table, from its first slot, that also counts; close it before the transaction. */
    Scan scan(Txn<ByteBuffer> txn) {
        return new Scan(txn, null);
    }

    /** A reader from the first slot behind {@code after}; close it before the transaction. */
    Scan scan(Txn<ByteBuffer> txn, Position after) {
        return new Scan(txn, after);
    }

    /** Reads slots in order. Every slot is checked; damage is a {@link LogDamagedException} that names file and place. */
    final class Scan implements AutoCloseable {
        private final Cursor<ByteBuffer> cursor;
        private final SlotCodec check = new SlotCodec();
        private final long entriesExpected;
        private final boolean whole;
        private long entries;
        private boolean more;
        private Slot slot;
        private SlotCodec.Header header;

        private Scan(Txn<ByteBuffer> txn, Position after) {
            whole = after == null;
            entriesExpected = table.stat(txn).entries;
            cursor = table.openCursor(txn);
            more = whole ? cursor.first() : cursor.get(SlotKey.behind(after), GetOp.MDB_SET_RANGE);
        }

        /** The place of the slot that {@link #next} would move to; null at the end. */
        Position peek() {
            if (!more) {
                return null;
            }
            requireKey();
            return SlotKey.position(cursor.key().getLong(0), cursor.key().getLong(8));
        }

        /** Passes over the slot that {@link #next} would move to, which exists. Not for a scan that counts. */
        void skip() {
            more = cursor.get(SlotKey.behind(peek()), GetOp.MDB_SET_RANGE);
        }

        /** Moves to the next slot; false at the end, once the number of entries has proved right. */
        boolean next() {
            if (!more) {
                if (whole && entries != entriesExpected) {
                    throw damaged("behind slot " + (slot == null ? "none" : slot.position()),
                            "it has " + entries + " entries of " + entriesExpected);
                }
                return false;
            }
            requireKey();
            long high = cursor.key().getLong(0);
            long low = cursor.key().getLong(8);
            Position position = SlotKey.position(high, low);
            header = SlotCodec.header(cursor.val());
            if (SlotKey.chunk(low) != 0 || position.index() < 0 || header == null) {
                throw damaged("at slot " + position, "its header is not one");
            }
            byte[] payload = payload(position, high, low);
            if (!check.isRight(high, low, header, payload)) {
                throw damaged("at slot " + position, "its checksum is wrong");
            }
            slot = new Slot(position, payload);
            return true;
        }

        private byte[] payload(Position position, long high, long low) {
            int length = header.length();
            int chunks = SlotCodec.chunks(length);
            if (chunks > entriesExpected - entries) {
                throw damaged("at slot " + position, "its header is not one");
            }
            byte[] payload = new byte[length];
            int filled = 0;
            for (int chunk = 0; chunk < chunks; chunk++) {
                int skip = chunk == 0 ? SlotCodec.HEADER_BYTES : 0;
                int expected = Math.min(SlotCodec.VALUE_BYTES - skip, length - filled);
                boolean fits = more && cursor.key().remaining() == SlotKey.BYTES && cursor.key().getLong(0) == high
                        && cursor.key().getLong(8) == (low | chunk) && cursor.val().remaining() == skip + expected;
                if (!fits) {
                    throw damaged("at slot " + position, "chunk " + chunk + " of " + chunks + " is missing");
                }
                cursor.val().get(skip, payload, filled, expected);
                filled += expected;
                entries++;
                more = cursor.next();
            }
            return payload;
        }

        private void requireKey() {
            if (cursor.key().remaining() != SlotKey.BYTES) {
                throw damaged(slot == null ? "at its first slot" : "behind slot " + slot.position(), "a key is not one");
            }
        }

        Slot slot() {
            return slot;
        }

        /** What the current slot's header says. */
        SlotCodec.Header header() {
            return header;
        }

        LogDamagedException damaged(String where, String what) {
            return Damage.ofLog(env.file(), where + ", " + what);
        }

        @Override
        public void close() {
            cursor.close();
        }
    }

    /** Pages in this table. */
    long pages(Txn<ByteBuffer> txn) {
        return LmdbEnv.pages(table.stat(txn));
    }
}
