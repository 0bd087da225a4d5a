package org.lockstep.log;

import java.nio.ByteBuffer;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.PutFlags;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.Position;

/**
 * The newest slots' rows, kept in the tree that also holds the names and roots of the tables: as long as that is a single page,
 * a commit that adds a few small slots writes this page and one of the list of free pages, and nothing else. Appending to a table
 * costs a leaf, the branches above it and the page with the table's root. So small slots come here first, and move into their
 * table together, about once in a page full.
 *
 * <p>Rows are told from the names of tables by the length of their keys; {@link TreeCheck} lets no other entry pass. They belong
 * to one table of the environment at a time, in the log that of the order, and every change of it but a small addition moves
 * them there first. One thread writes; what reads is for any, with its own transaction.
 */
final class FreshRows {
    /** Left in the page for the names and roots of the tables. */
    private static final int TABLES_BYTES = 256;
    private static final int NODE_HEADER_BYTES = 8;
    private static final int POINTER_BYTES = 2;

    private final Dbi<ByteBuffer> main;
    private final int bytesMax;
    private final ByteBuffer key = ByteBuffer.allocateDirect(SlotKey.BYTES);
    private ByteBuffer value = ByteBuffer.allocateDirect(SlotCodec.VALUE_BYTES);
    /** What the rows take of their page; more than that after a transaction that was run again. */
    private int bytes;

    FreshRows(LmdbEnv env) {
        main = env.mainTable();
        bytesMax = env.pageBytes() - MetaPages.PAGE_HEADER_BYTES - TABLES_BYTES;
    }

    /** Receives a row; the buffers are the sender's and change with the next row. */
    interface Out {
        void put(ByteBuffer key, ByteBuffer value);
    }

    /** Counts what is there. */
    void load(Txn<ByteBuffer> txn) {
        bytes = 0;
        try (Cursor<ByteBuffer> cursor = main.openCursor(txn)) {
            for (boolean more = cursor.first(); more; more = cursor.next()) {
                bytes += isRow(cursor.key()) ? rowBytes(cursor.val().remaining()) : 0;
            }
        }
    }

    static boolean isRow(ByteBuffer key) {
        return key.remaining() == SlotKey.BYTES;
    }

    /** What a row with so long a value takes of its page. */
    static int rowBytes(int valueBytes) {
        int node = NODE_HEADER_BYTES + SlotKey.BYTES + valueBytes;
        return POINTER_BYTES + node + (node & 1);
    }

    /** What a slot with so long a payload takes of its pages, in all its rows. */
    static long slotBytes(int payloadBytes) {
        int rows = SlotCodec.chunks(payloadBytes);
        return (long) rows * rowBytes(0) + SlotCodec.HEADER_BYTES + payloadBytes + (rows + 1 & ~1);
    }

    /** Whether slots of {@link #slotBytes} together {@code more} still have room in the page. */
    boolean hasRoomFor(long more) {
        return bytes + more <= bytesMax;
    }

    /** Adds a row; false when there is one of that key. */
    boolean put(Txn<ByteBuffer> txn, ByteBuffer rowKey, ByteBuffer rowValue) {
        bytes += rowBytes(rowValue.remaining());
        return main.put(txn, rowKey, rowValue, PutFlags.MDB_NOOVERWRITE);
    }

    /** Takes all rows away, in order, and hands each to {@code out}, which must not change this tree. */
    void take(Txn<ByteBuffer> txn, Out out) {
        try (Cursor<ByteBuffer> cursor = main.openCursor(txn)) {
            while (firstRow(cursor)) {
                int length = cursor.val().remaining();
                if (value.capacity() < length) {
                    value = ByteBuffer.allocateDirect(length);
                }
                key.clear().put(0, cursor.key(), 0, SlotKey.BYTES);
                value.clear().put(0, cursor.val(), 0, length).limit(length);
                cursor.delete();
                out.put(key, value);
            }
        }
        bytes = 0;
    }

    /** Deletes all rows. */
    void clear(Txn<ByteBuffer> txn) {
        try (Cursor<ByteBuffer> cursor = main.openCursor(txn)) {
            while (firstRow(cursor)) {
                cursor.delete();
            }
        }
        bytes = 0;
    }

    private static boolean firstRow(Cursor<ByteBuffer> cursor) {
        return skipNames(cursor, cursor.first());
    }

    /** Moves {@code cursor}, at an entry if {@code more}, on to the next row unless it is at one; false at the end. */
    static boolean skipNames(Cursor<ByteBuffer> cursor, boolean more) {
        boolean found = more;
        while (found && !isRow(cursor.key())) {
            found = cursor.next();
        }
        return found;
    }

    Cursor<ByteBuffer> openCursor(Txn<ByteBuffer> txn) {
        return main.openCursor(txn);
    }

    /** How many rows there are. */
    long count(Txn<ByteBuffer> txn) {
        long rows = 0;
        try (Cursor<ByteBuffer> cursor = main.openCursor(txn)) {
            for (boolean more = firstRow(cursor); more; more = skipNames(cursor, cursor.next())) {
                rows++;
            }
        }
        return rows;
    }

    boolean contains(Txn<ByteBuffer> txn, ByteBuffer rowKey) {
        return main.get(txn, rowKey) != null;
    }

    /** The place of the last slot, or null. */
    Position last(Txn<ByteBuffer> txn) {
        Position last = null;
        try (Cursor<ByteBuffer> cursor = main.openCursor(txn)) {
            for (boolean more = firstRow(cursor); more; more = skipNames(cursor, cursor.next())) {
                last = SlotKey.position(cursor.key().getLong(0), cursor.key().getLong(8));
            }
        }
        return last;
    }

    /** Pages of the tree: 1 unless something large was put there. */
    long pages(Txn<ByteBuffer> txn) {
        return LmdbEnv.pages(main.stat(txn));
    }
}
