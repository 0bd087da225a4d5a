package org.lockstep.rdma.lane;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.lockstep.ensemble.core.Row;
import org.lockstep.rdma.ring.Inbound;
import org.lockstep.rdma.ring.RecordSums;
import org.lockstep.rdma.ring.RingWriter;
import org.lockstep.rdma.ring.RowSlot;
import org.lockstep.rdma.verbs.QueuePair;

/**
 * The way to one peer and back in one view: slots into its ring, the row behind them, both by one-sided writes; and what it
 * writes here, polled.
 *
 * <p>The two directions begin apart from each other, each where what went in another way has ended: {@link #beginSending} when
 * the peer was told, {@link #beginReceiving} when the peer has said so.
 *
 * <p>When the peer's ring is full {@link #offer} says no; when the device's queue is full {@link #publish} leaves the rest for
 * the next call. Neither blocks. A broken lane sends nothing: {@link #isBroken} is a reason to suspect the peer.
 *
 * <p>One thread. Sending and receiving allocate nothing but the rows and payloads that are handed over. Whoever closes a lane
 * closes the queue pair first, then the memory.
 */
public final class Lane {
    private final QueuePair pair;
    private final LaneMemory memory;
    private final LaneAddress peer;
    private final long viewId;
    private final RowSlot row;
    private final ByteBuffer rowImage;
    private final boolean notify;
    private final RecordSums sums;
    private RingWriter writer;
    private Inbound inbound;
    private Row newestRow;
    private long consumedTold;
    private int rowPlace;
    private boolean rowWaits;
    private long bytesSent;

    /**
     * Makes the lane; both sides do, with what the other one told them over the control connection.
     *
     * @param peer where the peer wants to be written to
     * @param notify wake the peer for each row: it waits for notices instead of polling
     * @param sums may be shared with lanes to other peers
     * @throws IllegalArgumentException when the two rings differ in size
     */
    public Lane(QueuePair pair, LaneMemory memory, LaneAddress peer, long viewId, boolean notify,
            RecordSums sums) {
        if (peer.ringBytes() != memory.address().ringBytes()) {
            throw new IllegalArgumentException("the peer's ring has " + peer.ringBytes() + " bytes, and this one "
                    + memory.address().ringBytes());
        }
        this.pair = pair;
        this.memory = memory;
        this.peer = peer;
        this.viewId = viewId;
        this.notify = notify;
        this.sums = sums;
        rowImage = ByteBuffer.allocateDirect(RowSlot.bytes(memory.ranks()));
        row = new RowSlot(rowImage, memory.ranks());
    }

    /**
     * From here on this side's slots and rows go through the lane.
     *
     * @param previousSent the last own data slot that the peer has, or that is on its way to it, in another way; -1 for none
     */
    public void beginSending(long previousSent) {
        writer = new RingWriter(memory.outgoingRing().memory(), viewId, previousSent, sums);
    }

    /** From here on the peer's slots and rows come through the lane; {@code previousSent} is what it began with. */
    public void beginReceiving(long previousSent) {
        inbound = new Inbound(memory.incomingRing().memory(), memory.incomingRow().memory(), viewId, memory.ranks(), previousSent);
    }

    public boolean isSending() {
        return writer != null;
    }

    public boolean isReceiving() {
        return inbound != null;
    }

    /**
     * Puts an own data slot into the ring, to be sent by the next {@link #publish}; see {@link RingWriter#offer}. What went
     * before is not sent again: nothing is lost while the lane holds.
     *
     * @return false when the ring is full: to be offered again after the peer's next row
     */
    public boolean offer(long index, long previousIndex, byte[] payload) {
        return index <= writer.lastIndex() || writer.offer(index, previousIndex, payload);
    }

    /** Sends what was offered, and the row behind it; of a row that could not go yet only the newest goes. */
    public void publish(Row newest) throws IOException {
        newestRow = newest;
        writeRow();
        flush();
    }

    private void writeRow() {
        consumedTold = consumed();
        row.write(newestRow, consumedTold);
        rowWaits = true;
    }

    /** The peer may wait for room that only a row tells it of, and the next one may wait for the peer: so the last goes again. */
    private boolean owesRoom() {
        return newestRow != null && consumed() - consumedTold > peer.ringBytes() / 4;
    }

    /** How much of what the peer has written here was taken out, in bytes since the lane began. */
    public long consumed() {
        return inbound == null ? 0 : inbound.consumed();
    }

    /** Sends what did not find room in the device's queue before. */
    public void flush() throws IOException {
        if (pair.awaitsReport()) {
            pair.poll();
        }
        if (pair.isBroken()) {
            return;
        }
        while (writer.rangeBytes() > 0 && pair.room() > 0) {
            int bytes = writer.rangeBytes();
            int offset = writer.rangeOffset();
            pair.write(memory.outgoingRing(), offset, bytes, peer.ring() + offset, peer.ringKey(), false);
            writer.rangePosted();
            bytesSent += bytes;
        }
        if (!rowWaits && owesRoom()) {
            writeRow();
        }
        if (rowWaits && writer.rangeBytes() == 0 && pair.room() > 0) {
            int bytes = rowImage.capacity();
            int place = rowPlace * bytes;
            memory.outgoingRows().memory().put(place, rowImage, 0, bytes);
            pair.write(memory.outgoingRows(), place, bytes, peer.row(), peer.rowKey(), notify);
            rowPlace = (rowPlace + 1) % memory.rowPlaces();
            rowWaits = false;
            bytesSent += bytes;
        }
    }

    /** Looks whether a write has failed, which {@link #flush} does only when it needs room; to be called from time to time. */
    public void checkWrites() throws IOException {
        pair.poll();
    }

    /** Hands over what the peer has written; see {@link Inbound#poll}. */
    public boolean poll(Inbound.Sink sink, int slotsMax) {
        boolean come = inbound.poll(sink, slotsMax);
        if (come && writer != null) {
            writer.consumedTo(inbound.peerConsumed());
        }
        return come;
    }

    /** Something that was offered or published waits for room in the device's queue, or the peer for word of room here. */
    public boolean isWaiting() {
        return writer != null && (rowWaits || writer.rangeBytes() > 0 || owesRoom());
    }

    /** See {@link Inbound#isHeld}. */
    public boolean isHeld() {
        return inbound != null && inbound.isHeld();
    }

    /** The connection has failed: nothing more goes to the peer. */
    public boolean isBroken() {
        return pair.isBroken();
    }

    /** Slots and rows handed to the device, in bytes. */
    public long bytesSent() {
        return bytesSent;
    }

    /** The last data slot that the peer has sent this way, or before. */
    public long lastReceived() {
        return inbound.lastIndex();
    }
}
