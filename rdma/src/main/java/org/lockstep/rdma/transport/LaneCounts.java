package org.lockstep.rdma.transport;

import java.util.concurrent.atomic.AtomicLong;

/** What has gone over RDMA since this process began. Written on the event loop only, read by any thread. */
public final class LaneCounts {
    private final AtomicLong bytesSent = new AtomicLong();
    private final AtomicLong slotsSent = new AtomicLong();
    private final AtomicLong slotsReceived = new AtomicLong();
    private volatile int lanes;

    LaneCounts() {}

    void addBytesSent(long more) {
        add(bytesSent, more);
    }

    void addSlotSent() {
        add(slotsSent, 1);
    }

    void addSlotReceived() {
        add(slotsReceived, 1);
    }

    /** One writer: no need for an atomic addition. */
    private static void add(AtomicLong count, long more) {
        count.lazySet(count.getPlain() + more);
    }

    void setLanes(int now) {
        lanes = now;
    }

    /** Slots and rows handed to the device, in bytes. */
    public long bytesSent() {
        return bytesSent.get();
    }

    public long slotsSent() {
        return slotsSent.get();
    }

    public long slotsReceived() {
        return slotsReceived.get();
    }

    /** How many peers get this server's slots and rows over RDMA now. */
    public int lanes() {
        return lanes;
    }
}
