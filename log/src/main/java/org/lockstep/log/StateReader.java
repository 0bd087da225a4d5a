package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.GetOp;
import org.lmdbjava.Txn;
import org.lockstep.state.Node;

/** Finds nodes and lists children within a read transaction that its caller holds. One thread at a time. */
final class StateReader {
    private final Dbi<ByteBuffer> nodes;
    private final NodeKeys keys = new NodeKeys();
    private final NodeRecords records;

    StateReader(LmdbEnv env, Dbi<ByteBuffer> nodes) {
        this.nodes = nodes;
        this.records = new NodeRecords(env.file());
    }

    Node find(Txn<ByteBuffer> txn, String path) {
        keys.set(path);
        ByteBuffer value = nodes.get(txn, keys.buffer());
        return value == null ? null : records.decode(keys, value);
    }

    /** Checks the checksum of every node. */
    void verify(Txn<ByteBuffer> txn) {
        try (Cursor<ByteBuffer> cursor = nodes.openCursor(txn)) {
            for (boolean more = cursor.first(); more; more = cursor.next()) {
                records.verify(cursor.key(), cursor.val());
            }
        }
    }

    void forEachChild(Txn<ByteBuffer> txn, String path, Consumer<String> visitor) {
        keys.setChildrenOf(path);
        try (Cursor<ByteBuffer> cursor = nodes.openCursor(txn)) {
            boolean more = cursor.get(keys.buffer(), GetOp.MDB_SET_RANGE);
            while (more && keys.isPrefixOf(cursor.key())) {
                boolean hashed = NodeKeys.isHashed(cursor.key());
                visitor.accept(hashed ? records.longName(cursor.val()) : NodeKeys.wholeName(cursor.key()));
                more = cursor.next();
            }
        }
    }
}
