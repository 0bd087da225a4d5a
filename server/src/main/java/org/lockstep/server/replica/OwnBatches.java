package org.lockstep.server.replica;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.state.BatchWriter;
import org.lockstep.wire.OpCode;

/**
 * This server's requests on their way: gathered into batches, given to the core one by one, and waiting for their slots to be
 * delivered, which happens in the order in which they were given, whatever views come and go meanwhile.
 */
final class OwnBatches {
    /** A batch that has grown to this takes no more. What is larger travels alone. */
    static final int BATCH_BYTES_MAX = 256 * 1024;

    private final ReplicaMetrics metrics;
    private final BatchWriter batch = new BatchWriter();
    private final ArrayDeque<SlotInFlight> full = new ArrayDeque<>();
    private final ArrayDeque<SlotInFlight> inFlight = new ArrayDeque<>();
    private SlotInFlight building;
    private long lastBatchMillis;
    private int outstandingCount;
    private int inFlightCount;
    private long outstandingBytes;
    private boolean namesOrigin;
    private long origin;
    private long batches;

    OwnBatches(ReplicaMetrics metrics) {
        this.metrics = metrics;
    }

    /**
     * From now on each batch names where it comes from, so that no two are ever equal: what an observer has others order may
     * come back in any of several ways, and is known by what is in it.
     */
    void nameOrigin(long incarnation) {
        namesOrigin = true;
        origin = incarnation;
    }

    /** Ordered requests taken in and not yet applied. */
    int outstandingCount() {
        return outstandingCount;
    }

    /** Those of them that were given to the core. */
    int inFlightCount() {
        return inFlightCount;
    }

    /** Bytes of the requests taken in and not yet applied. */
    long outstandingBytes() {
        return outstandingBytes;
    }

    /** Takes a request in; {@code body} is copied, {@code ids} is kept. */
    void add(Pending pending, int opcode, long sessionId, int attach, int cxid, byte[] ids, byte[] body, int offset, int length) {
        if (building != null && batch.length() + length > BATCH_BYTES_MAX) {
            close();
            full.add(building);
            building = null;
        }
        if (building == null) {
            building = new SlotInFlight();
            building.openedNanos = System.nanoTime();
            lastBatchMillis = Math.max(lastBatchMillis, System.currentTimeMillis());
            batch.begin(lastBatchMillis);
            if (namesOrigin) {
                byte[] name = ByteBuffer.allocate(2 * Long.BYTES).putLong(origin).putLong(++batches).array();
                put(reply -> {}, OpCode.MARKER, 0, 0, 0, ids, name, 0, name.length);
            }
        }
        put(pending, opcode, sessionId, attach, cxid, ids, body, offset, length);
    }

    private void put(Pending pending, int opcode, long sessionId, int attach, int cxid, byte[] ids, byte[] body, int offset,
            int length) {
        building.addCommand(pending);
        batch.add(opcode, sessionId, attach, cxid, ids, body, offset, length);
        outstandingCount++;
        outstandingBytes += length;
    }

    /** Gives {@code read} its turn behind the last request taken in; false when none is outstanding. */
    boolean addRead(Pending read) {
        SlotInFlight last = building != null ? building : !full.isEmpty() ? full.peekLast() : inFlight.peekLast();
        if (last != null) {
            last.addLocalRead(read);
        }
        return last != null;
    }

    /** True when something waits to be given to the core. */
    boolean hasNext() {
        return building != null || !full.isEmpty();
    }

    /** The next batch, from now on in flight. */
    byte[] takeNext() {
        SlotInFlight next = full.poll();
        if (next == null) {
            close();
            next = building;
            building = null;
        }
        next.sealedNanos = System.nanoTime();
        metrics.queue.update(next.sealedNanos - next.openedNanos, TimeUnit.NANOSECONDS);
        inFlight.add(next);
        inFlightCount += next.commandCount();
        return next.payload;
    }

    private void close() {
        metrics.batchSize.update(batch.count());
        metrics.batchBytes.update(batch.length());
        building.payload = batch.toByteArray();
    }

    /** The own slot at {@code position} is in the own log, and so are those before it. */
    void secured(Position position) {
        long now = System.nanoTime();
        for (SlotInFlight slot : inFlight) {
            if (slot.securedNanos == 0 && slot.sentAs != null && slot.sentAs.compareTo(position) <= 0) {
                slot.securedNanos = now;
                metrics.secure.update(now - slot.sealedNanos, TimeUnit.NANOSECONDS);
            }
        }
    }

    /** The core has sent an own batch as {@code slot}. */
    void sent(Slot slot) {
        for (SlotInFlight own : inFlight) {
            if (own.payload == slot.payload()) {
                own.sentAs = slot.position();
                return;
            }
        }
    }

    /** The own slot that is delivered as {@code slot}: the first in flight. */
    SlotInFlight delivered(Slot slot) {
        SlotInFlight own = inFlight.poll();
        if (own == null || own.payload != slot.payload() && !Arrays.equals(own.payload, slot.payload())) {
            throw new IllegalStateException("slot " + slot.position() + " of this server was delivered out of turn");
        }
        if (own.securedNanos != 0) {
            metrics.stable.update(System.nanoTime() - own.securedNanos, TimeUnit.NANOSECONDS);
        }
        return own;
    }

    /** A request of the slot being delivered is applied. */
    void applied(int bytes) {
        outstandingCount--;
        inFlightCount--;
        outstandingBytes -= bytes;
    }

    /** Forgets everything: the clients are dropped, nobody waits any more. */
    void drop() {
        building = null;
        full.clear();
        inFlight.clear();
        outstandingCount = 0;
        inFlightCount = 0;
        outstandingBytes = 0;
    }
}
