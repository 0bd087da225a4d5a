package org.lockstep.log;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.GetOp;
import org.lmdbjava.Txn;

/**
 * The state of one checkpoint, in chunks, for another server's {@link StateImport}: one read transaction, so it stays what it was
 * while checkpoints go on. The caller sends {@link #header}, then what {@link #next} gives until that is null, and throttles by
 * calling it late. When a connection breaks, the same export can go on behind what the other side has ({@link #resume}).
 *
 * <p><b>What it costs.</b> An open export keeps the pages of its checkpoint from being used again, so the state's file grows by
 * about what changes meanwhile: close it soon. When the file has grown by more than the bound given, or its map has to move, the
 * export is ended from outside; {@link #next} then throws {@link StateTransferException}, and the transfer begins anew with
 * another. While a chunk is read the state machine's reads wait, so chunks should be small.
 *
 * <p>The log must keep what follows {@link #mark} until the other side has it. One thread at a time.
 */
public final class StateExport implements AutoCloseable {
    private final Object readLock;
    private final Txn<ByteBuffer> txn;
    private final List<Dbi<ByteBuffer>> tables;
    private final Runnable onClose;
    private final Path file;
    private final StateChunks.Header header;
    private final int chunkBytes;
    private final long usedBytesMax;
    private final CRC32C crc = new CRC32C();
    private int table;
    private byte[] lastKey;
    private long number = 1;
    private long entries;
    private boolean ended;
    private boolean finished;

    /** What an export reads from: the state's. */
    record Source(Object readLock, Txn<ByteBuffer> txn, List<Dbi<ByteBuffer>> tables, Path file, Runnable onClose) {}

    StateExport(Source source, String diskId, byte[] mark, int chunkBytes, long usedBytesMax) {
        readLock = source.readLock();
        txn = source.txn();
        tables = source.tables();
        file = source.file();
        onClose = source.onClose();
        this.chunkBytes = chunkBytes;
        this.usedBytesMax = usedBytesMax;
        long count = 0;
        for (Dbi<ByteBuffer> each : tables) {
            count += each.stat(txn).entries;
        }
        header = new StateChunks.Header(diskId, txn.getId(), count, mark);
    }

    /** Names this state; the same for every export of one checkpoint. To be sent first. */
    public byte[] header() {
        return header.encode();
    }

    /** The mark of the checkpoint: where in the order this state stands. */
    public byte[] mark() {
        return header.mark().clone();
    }

    /** Goes on behind the place that {@link StateImport#resumePoint} of the other side names; null for the beginning. */
    public void resume(byte[] point) {
        ResumePoint from = point == null ? ResumePoint.START : ResumePoint.decode(point);
        if (from.table() > tables.size()) {
            throw new StateTransferException("a state is to be continued in a table that does not exist");
        }
        table = from.table();
        lastKey = from.key();
        number = from.number();
        entries = from.entries();
        finished = false;
    }

    /**
     * The next chunk, of about the bytes wanted, more only when one entry is larger; null behind the last.
     *
     * @throws StateTransferException when the export was ended
     * @throws DataDirectoryException when an entry is damaged
     */
    public byte[] next() {
        synchronized (readLock) {
            if (ended) {
                throw new StateTransferException("the export was ended: the state's file has outgrown its bound or its map");
            }
            if (finished) {
                return null;
            }
            Chunk chunk = new Chunk();
            while (table < tables.size() && chunk.read(tables.get(table))) {
                table++;
                lastKey = null;
            }
            if (chunk.isEmpty()) {
                finished = true;
                return StateChunks.end(StateChunks.begin(ByteBuffer.allocate(64), StateChunks.END, number++).putLong(entries));
            }
            return StateChunks.end(chunk.out);
        }
    }

    /** A chunk being filled. */
    private final class Chunk {
        private ByteBuffer out = StateChunks.begin(ByteBuffer.allocate(chunkBytes + 64), StateChunks.DATA, number);

        boolean isEmpty() {
            return out.position() == StateChunks.LEAD_BYTES;
        }

        /** Adds what fits of a table behind the last key; true when that was all of it. */
        boolean read(Dbi<ByteBuffer> from) {
            try (Cursor<ByteBuffer> cursor = from.openCursor(txn)) {
                boolean more = lastKey == null ? cursor.first() : behind(cursor);
                while (more) {
                    int bytes = StateChunks.ENTRY_BYTES + cursor.key().remaining() + cursor.val().remaining();
                    if (!isEmpty() && out.position() + bytes > chunkBytes) {
                        return false;
                    }
                    add(cursor.key(), cursor.val(), bytes);
                    more = cursor.next();
                }
                return true;
            }
        }

        private boolean behind(Cursor<ByteBuffer> cursor) {
            ByteBuffer key = ByteBuffer.allocateDirect(lastKey.length).put(lastKey).flip();
            boolean found = cursor.get(key, GetOp.MDB_SET_RANGE);
            boolean same = found && cursor.key().equals(ByteBuffer.wrap(lastKey));
            return same ? cursor.next() : found;
        }

        private void add(ByteBuffer key, ByteBuffer value, int bytes) {
            if (isEmpty()) {
                number++;
                if (out.remaining() < bytes) {
                    out = ByteBuffer.allocate(StateChunks.LEAD_BYTES + bytes).put(out.flip());
                }
            }
            verify(key, value);
            lastKey = new byte[key.remaining()];
            key.get(key.position(), lastKey);
            out.put((byte) table).putShort((short) lastKey.length).putInt(value.remaining()).put(lastKey).put(value.duplicate());
            entries++;
        }
    }

    /** Every value of the state leads with a CRC32C over its key and what follows. */
    private void verify(ByteBuffer key, ByteBuffer value) {
        boolean right = value.remaining() >= Integer.BYTES;
        if (right) {
            crc.reset();
            crc.update(key.duplicate());
            crc.update(value.duplicate().position(value.position() + Integer.BYTES));
            right = (int) crc.getValue() == value.getInt(value.position());
        }
        if (!right) {
            throw MetaPages.damaged(file, "the checksum of an entry is wrong");
        }
    }

    /** Ends an export that keeps too many pages; called with the state's lock held. */
    void endIfOutgrown(long usedBytes) {
        if (usedBytes > usedBytesMax) {
            end();
        }
    }

    /** Ends the export; called with the state's lock held. */
    void end() {
        if (!ended) {
            ended = true;
            txn.close();
            onClose.run();
        }
    }

    @Override
    public void close() {
        synchronized (readLock) {
            end();
        }
    }

    /**
     * How far a state has come over.
     *
     * @param table the number of the table of the last entry
     * @param key its key; null before the table's first
     * @param number of the next chunk
     * @param entries that have come
     */
    record ResumePoint(int table, byte[] key, long number, long entries) {
        static final ResumePoint START = new ResumePoint(0, null, 1, 0);

        byte[] encode() {
            ByteBuffer out = ByteBuffer.allocate(1 + 2 * Long.BYTES + (key == null ? 0 : key.length));
            out.put((byte) table).putLong(number).putLong(entries);
            return (key == null ? out : out.put(key)).array();
        }

        static ResumePoint decode(byte[] bytes) {
            if (bytes.length < 1 + 2 * Long.BYTES) {
                throw new StateTransferException("the place to continue a state from is cut short");
            }
            ByteBuffer in = ByteBuffer.wrap(bytes);
            int table = in.get() & 0xff;
            long number = in.getLong();
            long entries = in.getLong();
            byte[] key = new byte[in.remaining()];
            in.get(key);
            return new ResumePoint(table, key.length == 0 ? null : key, number, entries);
        }
    }
}
