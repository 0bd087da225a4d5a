package org.lockstep.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.Txn;

/**
 * Named records (views, promises) in one LMDB table, each with a CRC32C over name and value; all of them also in the heap. One
 * thread writes, any reads.
 */
final class RecordTable {
    static final String NAME = "records";
    private static final int CRC_BYTES = 4;
    private static final int NAME_BYTES_MAX = 511;

    private final LmdbEnv env;
    private final Dbi<ByteBuffer> table;
    private final Map<String, byte[]> known = new ConcurrentHashMap<>();
    private final ByteBuffer key = ByteBuffer.allocateDirect(NAME_BYTES_MAX);
    private ByteBuffer val = ByteBuffer.allocateDirect(1 << 10);

    RecordTable(LmdbEnv env) {
        this.env = env;
        this.table = env.table(NAME);
    }

    /** Reads every record into the heap; a wrong checksum is damage. */
    void load(Txn<ByteBuffer> txn) {
        try (Cursor<ByteBuffer> cursor = table.openCursor(txn)) {
            for (boolean more = cursor.first(); more; more = cursor.next()) {
                byte[] name = bytes(cursor.key(), 0);
                String text = new String(name, StandardCharsets.UTF_8);
                if (cursor.val().remaining() < CRC_BYTES) {
                    throw MetaPages.damaged(env.file(), "its record \"" + text + "\" is cut short");
                }
                byte[] value = bytes(cursor.val(), CRC_BYTES);
                if (checksum(name, value) != cursor.val().getInt(0)) {
                    throw MetaPages.damaged(env.file(), "the checksum of its record \"" + text + "\" is wrong");
                }
                known.put(text, value);
            }
        }
    }

    private static byte[] bytes(ByteBuffer buffer, int skip) {
        byte[] bytes = new byte[buffer.remaining() - skip];
        buffer.get(buffer.position() + skip, bytes);
        return bytes;
    }

    /** Writes a record in {@code txn}, or removes it when {@code value} is null; {@link #committed} makes it readable. */
    void put(Txn<ByteBuffer> txn, String name, byte[] value) {
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        if (nameBytes.length == 0 || nameBytes.length > NAME_BYTES_MAX) {
            throw new IllegalArgumentException("a record's name has 1 to " + NAME_BYTES_MAX + " bytes: " + name);
        }
        key.clear().put(nameBytes).flip();
        if (value == null) {
            table.delete(txn, key);
            return;
        }
        if (val.capacity() < CRC_BYTES + value.length) {
            val = ByteBuffer.allocateDirect(CRC_BYTES + value.length);
        }
        val.clear().putInt(checksum(nameBytes, value)).put(value).flip();
        table.put(txn, key, val);
    }

    /** Writes and removes as {@link #put}. */
    void putAll(Txn<ByteBuffer> txn, Map<String, byte[]> changes) {
        changes.forEach((name, value) -> put(txn, name, value));
    }

    void committed(String name, byte[] value) {
        if (value == null) {
            known.remove(name);
        } else {
            known.put(name, value.clone());
        }
    }

    void committed(Map<String, byte[]> changes) {
        changes.forEach(this::committed);
    }

    /** The names that begin with {@code prefix}, in order. */
    SortedSet<String> names(String prefix) {
        SortedSet<String> names = new TreeSet<>();
        for (String name : known.keySet()) {
            if (name.startsWith(prefix)) {
                names.add(name);
            }
        }
        return names;
    }

    /** The record of that name, or null; the array is the caller's. Any thread. */
    byte[] get(String name) {
        byte[] value = known.get(name);
        return value == null ? null : value.clone();
    }

    long pages(Txn<ByteBuffer> txn) {
        return LmdbEnv.pages(table.stat(txn));
    }

    private static int checksum(byte[] name, byte[] value) {
        CRC32C crc = new CRC32C();
        crc.update(name);
        crc.update(value);
        return (int) crc.getValue();
    }
}
