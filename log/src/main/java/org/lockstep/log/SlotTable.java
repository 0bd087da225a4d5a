package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.List;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.PutFlags;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/** Slots in one LMDB table: appending, deleting from the front, and reading back with every check. One thread at a time. */
final class SlotTable {
    static final String NAME = "slots";

    private final LmdbEnv env;
    private final Dbi<ByteBuffer> table;
    private final SlotCodec codec = new SlotCodec();

    SlotTable(LmdbEnv env) {
        this.env = env;
        this.table = env.table(NAME);
    }

    /**
     * Puts {@code slots} in order; {@code prevIndexes} are their places in the senders' chains. {@code last} is the last position
     * in the table: what sorts behind it is appended, which fills pages to the brim.
     */
    void put(Txn<ByteBuffer> txn, List<Slot> slots, long[] prevIndexes, Position last) {
        Position end = last;
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            boolean append = slot.position().compareTo(end) > 0;
            PutFlags flag = append ? PutFlags.MDB_APPEND : PutFlags.MDB_NOOVERWRITE;
            codec.encode(slot, prevIndexes[i], (key, value) -> {
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
     * Deletes whole slots from the front, those up to {@code limit}, until at least {@code chunksMax} chunks are gone.
     *
     * @return true when nothing up to {@code limit} is left
     */
    boolean deleteFirst(Txn<ByteBuffer> txn, Position limit, int chunksMax) {
        int deleted = 0;
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
                    if (deleted >= chunksMax) {
                        return false;
                    }
                }
                cursor.delete();
                deleted++;
                high = nextHigh;
                low = nextLow;
            }
        }
        return true;
    }

    /** A reader over the whole table, from its first slot; close it before the transaction. */
    Scan scan(Txn<ByteBuffer> txn) {
        return new Scan(txn);
    }

    /** Reads slots in order. Every slot is checked; damage is a {@link LogDamagedException} that names file and place. */
    final class Scan implements AutoCloseable {
        private final Cursor<ByteBuffer> cursor;
        private final SlotCodec check = new SlotCodec();
        private final long entriesExpected;
        private long entries;
        private boolean more;
        private Slot slot;
        private long prevIndex;

        private Scan(Txn<ByteBuffer> txn) {
            entriesExpected = table.stat(txn).entries;
            cursor = table.openCursor(txn);
            more = cursor.first();
        }

        /** Moves to the next slot; false at the end, once the number of entries has proved right. */
        boolean next() {
            if (!more) {
                if (entries != entriesExpected) {
                    throw damaged("behind slot " + (slot == null ? "none" : slot.position()),
                            "it has " + entries + " entries of " + entriesExpected);
                }
                return false;
            }
            requireKey();
            long high = cursor.key().getLong(0);
            long low = cursor.key().getLong(8);
            Position position = SlotKey.position(high, low);
            ByteBuffer head = cursor.val();
            if (SlotKey.chunk(low) != 0 || position.index() < 0 || head.remaining() < SlotCodec.HEADER_BYTES
                    || head.getInt(0) != SlotCodec.FORMAT << 24 || head.getInt(4) < 0) {
                throw damaged("at slot " + position, "its header is not one");
            }
            prevIndex = head.getLong(8);
            int crc = head.getInt(16);
            byte[] payload = payload(position, high, low, head);
            if (check.checksum(high, low, prevIndex, payload) != crc) {
                throw damaged("at slot " + position, "its checksum is wrong");
            }
            slot = new Slot(position, payload);
            return true;
        }

        private byte[] payload(Position position, long high, long low, ByteBuffer head) {
            int length = head.getInt(4);
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

        /** The index that the current slot names as its sender's one before. */
        long prevIndex() {
            return prevIndex;
        }

        LogDamagedException damaged(String where, String what) {
            return new LogDamagedException(env.file() + " is damaged " + where + ": " + what
                    + "; nothing was changed: restore the data directory from a backup, or move it away to let this server"
                    + " rejoin its ensemble with a blank one");
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
