package org.lockstep.rdma.ring;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.lockstep.ensemble.core.Row;

/**
 * A member's row as it lies in a peer's memory: words of 8 bytes, little-endian, written whole by one RDMA write.
 *
 * <pre>
 *   0  sequence of the row, from 1 on      8  view                16  heartbeat
 *  24  claim + 1 (upper half), last data index + 1 (lower half): one word, so that the two are never of different rows
 *  32  applied   40  flushed mark         48  suspects           56  hears
 *  64  position up to which the peer's ring was consumed here    72  flags (1 wedged, 2 cut off), ranks &lt;&lt; 8
 *  80  secured, one word for each rank    then: CRC32C of all that
 * </pre>
 * One object either writes or reads. One thread.
 */
public final class RowSlot {
    /** Claims and data indexes stay below: a view has fewer requests than its half of the zxid can count. */
    static final long INDEX_MAX = (1L << 32) - 2;

    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int SEQUENCE_AT = 0;
    private static final int VIEW_AT = 8;
    private static final int HEARTBEAT_AT = 16;
    private static final int CLAIM_AT = 24;
    private static final int APPLIED_AT = 32;
    private static final int FLUSHED_AT = 40;
    private static final int SUSPECTS_AT = 48;
    private static final int HEARS_AT = 56;
    private static final int CONSUMED_AT = 64;
    private static final int FLAGS_AT = 72;
    private static final int SECURED_AT = 80;
    private static final int WEDGED = 1;
    private static final int CUT_OFF = 2;
    private static final int RANKS_SHIFT = 8;

    private final int ranks;
    private final ByteBuffer slot;
    private final ByteBuffer copy;
    private final CRC32C crc = new CRC32C();
    private long sequence;

    /**
     * @param memory {@link #bytes} of it at least, from 0 on, aligned to 8; zero at first
     * @param ranks how many members the view has
     */
    public RowSlot(ByteBuffer memory, int ranks) {
        this.ranks = ranks;
        slot = memory.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
        copy = ByteBuffer.allocate(bytes(ranks)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The bytes of a row in a view of so many members. */
    public static int bytes(int ranks) {
        return SECURED_AT + Long.BYTES * ranks + Long.BYTES;
    }

    /**
     * Writes a row; {@link #bytes} of the memory are then what has to be written to the peer.
     *
     * @param consumed see {@link Inbound#consumed}: of the ring that this peer writes to
     */
    public void write(Row row, long consumed) {
        long flags = (row.wedged() ? WEDGED : 0) | (row.cutOff() ? CUT_OFF : 0) | (long) ranks << RANKS_SHIFT;
        slot.putLong(SEQUENCE_AT, ++sequence).putLong(VIEW_AT, row.viewId()).putLong(HEARTBEAT_AT, row.heartbeat())
                .putLong(CLAIM_AT, pack(row.claim()) << 32 | pack(row.lastDataIndex())).putLong(APPLIED_AT, row.applied())
                .putLong(FLUSHED_AT, row.flushedMark()).putLong(SUSPECTS_AT, row.suspects()).putLong(HEARS_AT, row.hears())
                .putLong(CONSUMED_AT, consumed).putLong(FLAGS_AT, flags);
        for (int k = 0; k < ranks; k++) {
            slot.putLong(SECURED_AT + Long.BYTES * k, row.secured()[k]);
        }
        int checked = bytes(ranks) - Long.BYTES;
        int checksum = RingRecord.checksum(crc, slot, 0, checked);
        slot.clear().putLong(checked, Integer.toUnsignedLong(checksum));
    }

    private static long pack(long index) {
        if (index < -1 || index > INDEX_MAX) {
            throw new IllegalArgumentException("index " + index + " is too large for a view");
        }
        return index + 1;
    }

    /** The row that is in the memory now, if it is whole and later than the one read last; else null: look again later. */
    Row read(long viewId) {
        if ((long) LONG.getAcquire(slot, SEQUENCE_AT) == sequence) {
            return null;
        }
        int checked = bytes(ranks) - Long.BYTES;
        copy.put(0, slot, 0, bytes(ranks));
        int checksum = RingRecord.checksum(crc, copy, 0, checked);
        copy.clear();
        if (copy.getLong(checked) != Integer.toUnsignedLong(checksum) || copy.getLong(VIEW_AT) != viewId
                || copy.getLong(FLAGS_AT) >> RANKS_SHIFT != ranks || copy.getLong(SEQUENCE_AT) <= sequence) {
            return null;
        }
        sequence = copy.getLong(SEQUENCE_AT);
        long[] secured = new long[ranks];
        for (int k = 0; k < ranks; k++) {
            secured[k] = copy.getLong(SECURED_AT + Long.BYTES * k);
        }
        long pair = copy.getLong(CLAIM_AT);
        long flags = copy.getLong(FLAGS_AT);
        return new Row(viewId, copy.getLong(HEARTBEAT_AT), (pair >>> 32) - 1, (pair & 0xffffffffL) - 1, secured,
                copy.getLong(APPLIED_AT), copy.getLong(FLUSHED_AT), copy.getLong(SUSPECTS_AT), copy.getLong(HEARS_AT),
                (flags & WEDGED) != 0, (flags & CUT_OFF) != 0);
    }

    /** What the row that was read last says of the ring this member writes to. */
    long consumed() {
        return copy.getLong(CONSUMED_AT);
    }
}
