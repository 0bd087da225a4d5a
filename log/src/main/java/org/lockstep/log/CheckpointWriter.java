package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.Map;
import org.lmdbjava.Dbi;
import org.lmdbjava.Txn;
import org.lockstep.state.Checkpoint;
import org.lockstep.state.Node;
import org.lockstep.state.StateBase.Table;

/** Puts a checkpoint's changes into a write transaction. One thread. */
final class CheckpointWriter {
    private final Dbi<ByteBuffer> nodes;
    private final Map<Table, EntryTable> tables;
    private final NodeKeys keys = new NodeKeys();
    private final NodeRecords records;

    CheckpointWriter(LmdbEnv env, Dbi<ByteBuffer> nodes, Map<Table, EntryTable> tables) {
        this.nodes = nodes;
        this.tables = tables;
        this.records = new NodeRecords(env.file());
    }

    void write(Txn<ByteBuffer> txn, Checkpoint checkpoint) {
        checkpoint.writeTo(new Checkpoint.Sink() {
            @Override
            public void node(String path, Node node) {
                keys.set(path);
                if (node == null) {
                    nodes.delete(txn, keys.buffer());
                } else {
                    nodes.put(txn, keys.buffer(), records.encode(keys, node));
                }
            }

            @Override
            public void entry(Table table, byte[] key, byte[] value) {
                tables.get(table).put(txn, key, value);
            }
        });
    }
}
