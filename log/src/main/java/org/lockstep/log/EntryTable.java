package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.Txn;
import org.lockstep.state.StateBase.EntryVisitor;

/** A small table of the state: each value led by a CRC32C over key and value. Writing belongs to one thread. */
final class EntryTable {
    private static final int CRC_BYTES = 4;
    private static final int KEY_BYTES_MAX = 511;

    private final LmdbEnv env;
    private final String name;
    private final Dbi<ByteBuffer> table;
    private final ByteBuffer keyBuffer = ByteBuffer.allocateDirect(KEY_BYTES_MAX);
    private ByteBuffer valueBuffer = ByteBuffer.allocateDirect(512);

    EntryTable(LmdbEnv env, String name) {
        this.env = env;
        this.name = name;
        this.table = env.table(name);
    }

    Dbi<ByteBuffer> dbi() {
        return table;
    }

    /** Stores {@code value}, or removes the entry when it is null. */
    void put(Txn<ByteBuffer> txn, byte[] key, byte[] value) {
        if (key.length == 0 || key.length > KEY_BYTES_MAX) {
            throw new IllegalArgumentException("a key of table " + name + " has 1 to " + KEY_BYTES_MAX + " bytes, not "
                    + key.length);
        }
        keyBuffer.clear().put(key).flip();
        if (value == null) {
            table.delete(txn, keyBuffer);
            return;
        }
        if (valueBuffer.capacity() < CRC_BYTES + value.length) {
            valueBuffer = ByteBuffer.allocateDirect(Math.max(CRC_BYTES + value.length, 2 * valueBuffer.capacity()));
        }
        valueBuffer.clear().putInt(checksum(key, value)).put(value).flip();
        table.put(txn, keyBuffer, valueBuffer);
    }

    /** The value under {@code key}, or null. Any thread, with its own transaction. */
    byte[] get(Txn<ByteBuffer> txn, byte[] key) {
        ByteBuffer found = table.get(txn, ByteBuffer.allocateDirect(key.length).put(key).flip());
        return found == null ? null : value(key, found);
    }

    void forEach(Txn<ByteBuffer> txn, EntryVisitor visitor) {
        try (Cursor<ByteBuffer> cursor = table.openCursor(txn)) {
            for (boolean more = cursor.first(); more; more = cursor.next()) {
                byte[] key = new byte[cursor.key().remaining()];
                cursor.key().get(0, key);
                visitor.entry(key, value(key, cursor.val()));
            }
        }
    }

    private byte[] value(byte[] key, ByteBuffer found) {
        if (found.remaining() >= CRC_BYTES) {
            byte[] value = new byte[found.remaining() - CRC_BYTES];
            found.get(CRC_BYTES, value);
            if (checksum(key, value) == found.getInt(0)) {
                return value;
            }
        }
        throw MetaPages.damaged(env.file(), "the checksum of an entry of its table " + name + " is wrong");
    }

    private static int checksum(byte[] key, byte[] value) {
        CRC32C crc = new CRC32C();
        crc.update(key);
        crc.update(value);
        return (int) crc.getValue();
    }
}
