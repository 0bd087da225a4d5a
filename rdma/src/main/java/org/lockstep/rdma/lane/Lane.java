package org.lockstep.rdma.lane;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.lockstep.ensemble.core.Row;
import org.lockstep.rdma.ring.Inbound;
import org.lockstep.rdma.ring.RingWriter;
import org.lockstep.rdma.ring.RowSlot;
import org.lockstep.rdma.verbs.QueuePair;

/**
 * The way to one peer and back in one view: slots into its ring, the row behind them, both by one-sided writes; and what it
 * writes here, polled.
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
    private final RingWriter writer;
    private final Inbound inbound;
    private final RowSlot row;
    private final ByteBuffer rowImage;
    private final boolean notify;
    private int rowPlace;
    private boolean rowWaits;
    private long bytesSent;

    /**
     * Begins the lane; both sides do, with what the other one told them over the control connection.
     *
     * @param peer where the peer wants to be written to
     * @param previousSent the last own data slot that went, or goes, to the peer in another way; -1 for none
     * @param previousReceived the same of the peer's: its {@code previousSent}
     * @param notify wake the peer for each row: it waits for notices instead of polling
     * @throws IllegalArgumentException when the two rings differ in size
     */
    public Lane(QueuePair pair, LaneMemory memory, LaneAddress peer, long viewId, long previousSent, long previousReceived,
            boolean notify) {
        if (peer.ringBytes() != memory.address().ringBytes()) {
            throw new IllegalArgumentException("the peer's ring has " + peer.ringBytes() + " bytes, and this one "
                    + memory.address().ringBytes());
        }
        this.pair = pair;
        this.memory = memory;
        this.peer = peer;
        this.notify = notify;
        writer = new RingWriter(memory.outgoingRing().memory(), viewId, previousSent);
        inbound = new Inbound(memory.incomingRing().memory(), memory.incomingRow().memory(), viewId, memory.ranks(),
                previousReceived);
        rowImage = ByteBuffer.allocateDirect(RowSlot.bytes(memory.ranks()));
        row = new RowSlot(rowImage, memory.ranks());
    }

    /**
     * Puts an own data slot into the ring, to be sent by the next {@link #publish}; see {@link RingWriter#offer}.
     *
     * @return false when the ring is full: to be offered again after the peer's next row
     */
    public boolean offer(long index, long previousIndex, byte[] payload) {
        return writer.offer(index, previousIndex, payload);
    }

    /** Sends what was offered, and the row behind it; of a row that could not go yet only the newest goes. */
    public void publish(Row newest) throws IOException {
        row.write(newest, inbound.consumed());
        rowWaits = true;
        flush();
    }

    /** Sends what did not find room in the device's queue before. */
    public void flush() throws IOException {
        pair.poll(); // each time: writes that fail say so here only
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

    /** Hands over what the peer has written; see {@link Inbound#poll}. */
    public boolean poll(Inbound.Sink sink, int slotsMax) {
        boolean come = inbound.poll(sink, slotsMax);
        if (come) {
            writer.consumedTo(inbound.peerConsumed());
        }
        return come;
    }

    /** Something that was offered or published waits for room. */
    public boolean isWaiting() {
        return rowWaits || writer.rangeBytes() > 0;
    }

    /** See {@link Inbound#isHeld}. */
    public boolean isHeld() {
        return inbound.isHeld();
    }

    /** The connection has failed: nothing more goes to the peer. */
    public boolean isBroken() {
        return pair.isBroken();
    }

    /** Slots and rows handed to the device, in bytes. */
    public long bytesSent() {
        return bytesSent;
    }

    /** The last data slot that the peer has sent this way. */
    public long lastReceived() {
        return inbound.lastIndex();
    }
}
