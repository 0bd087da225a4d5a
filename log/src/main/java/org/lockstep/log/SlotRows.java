package org.lockstep.log;

import java.nio.ByteBuffer;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.GetOp;
import org.lmdbjava.Txn;

/** Goes through the rows of a table of slots and those of its {@link FreshRows} as one, in the order of their keys. */
final class SlotRows implements AutoCloseable {
    private final Cursor<ByteBuffer> table;
    /** Null for a table without. */
    private final Cursor<ByteBuffer> fresh;
    private boolean inTable;
    private boolean inFresh;
    private Cursor<ByteBuffer> current;

    SlotRows(Txn<ByteBuffer> txn, Dbi<ByteBuffer> table, FreshRows fresh) {
        this.table = table.openCursor(txn);
        this.fresh = fresh == null ? null : fresh.openCursor(txn);
    }

    /** Moves to the first row; false when there is none. */
    boolean first() {
        inTable = table.first();
        inFresh = fresh != null && FreshRows.skipNames(fresh, fresh.first());
        return choose();
    }

    /** Moves to the first row at or behind {@code key}; false when there is none. */
    boolean seek(ByteBuffer key) {
        inTable = table.get(key, GetOp.MDB_SET_RANGE);
        inFresh = fresh != null && FreshRows.skipNames(fresh, fresh.get(key, GetOp.MDB_SET_RANGE));
        return choose();
    }

    /** Moves on from a row; false at the end. */
    boolean next() {
        if (current == table) {
            inTable = table.next();
        } else {
            inFresh = FreshRows.skipNames(fresh, fresh.next());
        }
        return choose();
    }

    private boolean choose() {
        if (inTable && inFresh) {
            // A key that is none comes at once: its reader refuses it.
            boolean tableFirst = !FreshRows.isRow(table.key()) || SlotKey.compare(table.key(), fresh.key()) <= 0;
            current = tableFirst ? table : fresh;
        } else {
            current = inTable ? table : fresh;
        }
        return inTable || inFresh;
    }

    ByteBuffer key() {
        return current.key();
    }

    ByteBuffer value() {
        return current.val();
    }

    @Override
    public void close() {
        table.close();
        if (fresh != null) {
            fresh.close();
        }
    }
}
