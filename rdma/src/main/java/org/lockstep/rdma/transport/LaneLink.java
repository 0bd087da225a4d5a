package org.lockstep.rdma.transport;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Row;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.TransportListener;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.rdma.lane.Lane;
import org.lockstep.rdma.lane.LaneAddress;
import org.lockstep.rdma.lane.LaneMemory;
import org.lockstep.rdma.ring.Inbound;
import org.lockstep.rdma.ring.RecordSums;
import org.lockstep.rdma.verbs.QueuePair;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One lane to a peer in one view, from its making to its end: what waits for room in it, and what comes out of it. On the event
 * loop, but for {@link #made}, which comes before, and {@link #dispose}, which goes on behind it.
 */
final class LaneLink implements Inbound.Sink {
    private static final Logger LOG = LoggerFactory.getLogger(LaneLink.class);
    private static final int SLOTS_PER_POLL = 64;
    private static final long CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long HELD_NANOS_MAX = TimeUnit.SECONDS.toNanos(2);

    private final long number;
    private final ViewRecord view;
    private final MemberId peer;
    private final int peerRank;
    private final LaneCounts counts;
    private final RecordSums sums;
    private final ArrayDeque<Message.Data> waiting = new ArrayDeque<>();
    private TransportListener listener;
    private LaneMemory memory;
    private QueuePair pair;
    private Lane lane;
    private Notices notices;
    private Row row;
    private boolean rowChanged;
    private boolean slotsChanged;
    private long waitingBytes;
    private long checkedAt;
    private long heldSince;
    private long heldAt = -1;
    private String failure;
    private boolean givenUp;
    private boolean over;

    LaneLink(long number, ViewRecord view, MemberId peer, LaneCounts counts, RecordSums sums) {
        this.number = number;
        this.view = view;
        this.peer = peer;
        this.peerRank = view.rankOf(peer);
        this.counts = counts;
        this.sums = sums;
    }

    long number() {
        return number;
    }

    long viewId() {
        return view.viewId();
    }

    int ranks() {
        return view.members().size();
    }

    /** The device's part is made; handed to the event loop from here on. */
    void made(LaneMemory itsMemory, QueuePair itsPair) {
        memory = itsMemory;
        pair = itsPair;
    }

    boolean isMade() {
        return memory != null;
    }

    LaneAddress address() {
        return memory.address();
    }

    QueuePair pair() {
        return pair;
    }

    /** The peer has told where it wants to be written to. */
    void open(LaneAddress there, boolean wake, TransportListener receiver) {
        listener = receiver;
        lane = new Lane(pair, memory, there, view.viewId(), wake, sums);
    }

    boolean isOpen() {
        return lane != null;
    }

    boolean isSending() {
        return lane != null && lane.isSending();
    }

    boolean isReceiving() {
        return lane != null && lane.isReceiving();
    }

    void beginSending(long previous) {
        lane.beginSending(previous);
    }

    /** @param watch who waits for the peer's notices; null where nobody sleeps */
    void beginReceiving(long previous, Notices watch) {
        lane.beginReceiving(previous);
        notices = watch;
        if (watch != null) {
            watch.start();
        }
    }

    // ---- sending

    /** Puts a slot in, or behind those that wait for room. */
    void send(Message.Data data) {
        if (isDead()) {
            return;
        }
        slotsChanged = true;
        if (!waiting.isEmpty() || !offer(data)) {
            waiting.add(data);
            waitingBytes += data.slot().payload().length;
        }
    }

    private boolean offer(Message.Data data) {
        try {
            if (lane.offer(data.slot().position().index(), data.previousIndex(), data.slot().payload())) {
                counts.addSlotSent();
                return true;
            }
        } catch (IllegalArgumentException e) {
            fail(e.getMessage());
        }
        return false;
    }

    void send(Row newest) {
        row = newest;
        rowChanged = true;
    }

    /** What waits for room, in bytes. */
    long waitingBytes() {
        return waitingBytes;
    }

    /** Hands to the device what there is room for. */
    void flush() {
        if (isDead() || !isSending() || !slotsChanged && !rowChanged && !isWaiting()) {
            return;
        }
        try {
            long before = lane.bytesSent();
            slotsChanged = false;
            moveWaiting();
            if (rowChanged) {
                rowChanged = false;
                lane.publish(row);
            } else {
                lane.flush();
            }
            counts.addBytesSent(lane.bytesSent() - before);
            if (lane.isBroken()) {
                fail(pair.failure());
            }
        } catch (IOException e) {
            fail(e.getMessage());
        }
    }

    private void moveWaiting() throws IOException {
        while (!waiting.isEmpty() && failure == null) {
            boolean whole = offer(waiting.peek());
            if (!whole) {
                lane.flush(); // parts of it may be in
                return;
            }
            waitingBytes -= waiting.poll().slot().payload().length;
        }
    }

    boolean isWaiting() {
        return !waiting.isEmpty() || isSending() && lane.isWaiting();
    }

    // ---- receiving

    /** Takes what has come; false when there was nothing. */
    boolean poll() {
        if (isDead() || !isReceiving()) {
            return false;
        }
        boolean come = lane.poll(this, SLOTS_PER_POLL);
        if (come && !isDead()) {
            takeNotices();
            if (isWaiting()) {
                flush();
            }
        }
        return come;
    }

    private void takeNotices() {
        try {
            if (notices != null) {
                pair.takeNotices();
            }
        } catch (IOException e) {
            fail(e.getMessage());
        }
    }

    @Override
    public void onSlot(long index, long previousIndex, byte[] payload) {
        if (!over) {
            counts.addSlotReceived();
            listener.onPolledMessage(peer, new Message.Data(new Slot(new Position(view.viewId(), index, peerRank), payload),
                    previousIndex));
        }
    }

    @Override
    public void onRow(Row newer) {
        if (!over) {
            listener.onPolledMessage(peer, new Message.RowUpdate(newer));
        }
    }

    /** Has the peer wake this thread. */
    void requestNotice() {
        if (isDead() || notices == null || !notices.arm()) {
            return;
        }
        try {
            pair.takeNotices();
            pair.requestNotice();
        } catch (IOException e) {
            fail(e.getMessage());
        }
    }

    /** Called often: takes note of a lane that has failed, or in which a record was damaged and what follows waits for ever. */
    void check(long nowNanos) {
        if (isDead() || lane == null) {
            return;
        }
        checkWrites(nowNanos);
        if (pair.isBroken()) {
            fail(pair.failure());
        } else if (notices != null && notices.failure() != null) {
            fail(notices.failure());
        } else if (!lane.isHeld() || lane.consumed() != heldAt) {
            heldSince = nowNanos;
            heldAt = lane.consumed();
        } else if (nowNanos - heldSince > HELD_NANOS_MAX) {
            fail("what a row tells of does not come");
        }
    }

    private void checkWrites(long nowNanos) {
        if (nowNanos - checkedAt >= CHECK_NANOS) {
            checkedAt = nowNanos;
            try {
                lane.checkWrites();
            } catch (IOException e) {
                fail(e.getMessage());
            }
        }
    }

    private void fail(String why) {
        if (failure == null) {
            failure = why;
        }
    }

    /** Why nothing more goes through it; null while it does. */
    String failure() {
        return failure;
    }

    /** Whether something is being done about the failure. */
    boolean isGivenUp() {
        return givenUp;
    }

    void setGivenUp() {
        givenUp = true;
    }

    private boolean isDead() {
        return over || failure != null;
    }

    boolean isOver() {
        return over;
    }

    // ---- the end

    /** Nothing more goes through it from here on; {@code worker} takes it from the device. Idempotent. */
    void dispose(Executor worker) {
        if (over) {
            return;
        }
        over = true;
        waiting.clear();
        if (memory == null) {
            return; // who makes it sees that it is over
        }
        worker.execute(this::close);
    }

    /** Stops the queue pair, then takes the memory from the device: nothing that the peer writes arrives any more. Blocks. */
    private void close() {
        if (notices != null) {
            notices.stop();
        }
        LOG.debug("Lane {} of view {} to server {} ends", number, view.viewId(), peer.serverId());
        closeAll(pair, memory);
    }

    private void closeAll(AutoCloseable... inOrder) {
        for (AutoCloseable one : inOrder) {
            try {
                one.close();
            } catch (Exception e) {
                LOG.warn("The lane to server {} could not be taken from the RDMA device: {}", peer.serverId(), e.getMessage());
            }
        }
    }
}
