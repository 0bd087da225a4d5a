package org.lockstep.rdma.lane;

import java.io.IOException;
import org.lockstep.rdma.ring.RowSlot;
import org.lockstep.rdma.verbs.RdmaPort;
import org.lockstep.rdma.verbs.Region;

/**
 * The registered memory of one lane, in one view: what the peer writes to, and the images of what is written to the peer. It is
 * made anew for each view and each connection: what somebody writes with the keys of an earlier one cannot reach it.
 */
public final class LaneMemory implements AutoCloseable {
    /** A row must stay as it is until its write is carried out: so it has as many places as writes can be under way. */
    private final int rowPlaces;
    private final int ranks;
    private final int ringBytes;
    private final Region incomingRing;
    private final Region incomingRow;
    private final Region outgoingRing;
    private final Region outgoingRows;

    /**
     * @param ringBytes a power of two, equal on both sides
     * @param ranks members of the view
     * @param sendsMax as of the queue pair that will carry it
     */
    public LaneMemory(RdmaPort port, int ringBytes, int ranks, int sendsMax) throws IOException {
        this.ringBytes = ringBytes;
        this.ranks = ranks;
        rowPlaces = sendsMax;
        Region[] made = new Region[4];
        try {
            made[0] = port.register(ringBytes, true);
            made[1] = port.register(RowSlot.bytes(ranks), true);
            made[2] = port.register(ringBytes, false);
            made[3] = port.register(RowSlot.bytes(ranks) * sendsMax, false);
        } catch (IOException e) {
            closeAll(e, made);
            throw e;
        }
        incomingRing = made[0];
        incomingRow = made[1];
        outgoingRing = made[2];
        outgoingRows = made[3];
    }

    /** Where the peer is to write. */
    public LaneAddress address() {
        return new LaneAddress(incomingRing.address(), incomingRing.remoteKey(), ringBytes, incomingRow.address(),
                incomingRow.remoteKey());
    }

    int ranks() {
        return ranks;
    }

    int rowPlaces() {
        return rowPlaces;
    }

    Region incomingRing() {
        return incomingRing;
    }

    Region incomingRow() {
        return incomingRow;
    }

    Region outgoingRing() {
        return outgoingRing;
    }

    Region outgoingRows() {
        return outgoingRows;
    }

    private static void closeAll(IOException cause, Region... regions) {
        for (Region region : regions) {
            try {
                if (region != null) {
                    region.close();
                }
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }
    }

    /** Takes the memory from the device: nobody can write to it any more. The queue pair must be closed before. */
    @Override
    public void close() throws IOException {
        IOException failed = new IOException("not all memory could be taken from the device");
        closeAll(failed, incomingRing, incomingRow, outgoingRing, outgoingRows);
        if (failed.getSuppressed().length > 0) {
            throw failed;
        }
    }
}
