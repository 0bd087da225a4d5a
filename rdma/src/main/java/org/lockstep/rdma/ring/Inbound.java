package org.lockstep.rdma.ring;

import java.nio.ByteBuffer;
import org.lockstep.ensemble.core.Row;

/**
 * What one peer writes into this member's memory during a view: its slots in a ring, its row beside it. Hands over slots in
 * order, then the newest row, never a claim before the data it covers: a row that is seen before its slots is handed over with
 * the claim of the row before, and again when they have come.
 *
 * <p>One thread: who polls it.
 */
public final class Inbound {
    /** Takes what has come. */
    public interface Sink {
        /** The peer's next data slot. The array is the receiver's. */
        void onSlot(long index, long previousIndex, byte[] payload);

        /** The peer's row, newer than the last one or with a claim that was held back. */
        void onRow(Row row);
    }

    private final long viewId;
    private final RingReader ring;
    private final RowSlot rows;
    private Row newest;
    private boolean held;
    private long claim = -1;
    private long lastDataIndex = -1;
    private long peerConsumed;

    /**
     * @param ring zero at first; a power of two of bytes
     * @param row zero at first; {@link RowSlot#bytes} for {@code ranks}
     * @param previousIndex the last data slot of the peer that comes in another way, before the ring; -1 for none
     */
    public Inbound(ByteBuffer ring, ByteBuffer row, long viewId, int ranks, long previousIndex) {
        this.viewId = viewId;
        this.ring = new RingReader(ring, viewId, previousIndex);
        rows = new RowSlot(row, ranks);
    }

    /**
     * Hands over what has come since.
     *
     * @param slotsMax at most so many slots, at least 1: the rest next time
     * @return whether anything had come
     */
    public boolean poll(Sink sink, int slotsMax) {
        // The row first: what it covers was posted before it, so the ring is then looked at later than the row.
        Row row = rows.read(viewId);
        int slots = 0;
        while (slots < slotsMax && ring.next()) {
            sink.onSlot(ring.lastIndex(), ring.previousIndex(), ring.payload());
            slots++;
        }
        if (row != null) {
            newest = row;
            peerConsumed = Math.max(peerConsumed, rows.consumed());
        }
        boolean covered = newest != null && newest.lastDataIndex() <= ring.lastIndex();
        if (covered) {
            claim = Math.max(claim, newest.claim());
            lastDataIndex = Math.max(lastDataIndex, newest.lastDataIndex());
        }
        if (row != null || held && covered) {
            sink.onRow(covered ? newest : withClaim(newest));
        }
        held = newest != null && !covered;
        return row != null || slots > 0;
    }

    private Row withClaim(Row row) {
        return new Row(row.viewId(), row.heartbeat(), claim, lastDataIndex, row.secured(), row.applied(), row.flushedMark(),
                row.suspects(), row.hears(), row.wedged(), row.cutOff());
    }

    /** Everything before this position of the ring was taken out: the peer is told in the next row written to it. */
    public long consumed() {
        return ring.consumed();
    }

    /** How far the peer has taken out what this member wrote to it: for {@link RingWriter#consumedTo}. */
    public long peerConsumed() {
        return peerConsumed;
    }

    /** The newest row's claim waits for slots that are not in the ring yet. When this lasts, the lane is damaged. */
    public boolean isHeld() {
        return held;
    }

    /** The last data slot that came. */
    public long lastIndex() {
        return ring.lastIndex();
    }
}
