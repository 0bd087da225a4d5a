package org.lockstep.rdma.verbs;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaVerbs;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCPostRecv;
import com.ibm.disni.verbs.SVCPostSend;
import com.ibm.disni.verbs.SVCReqNotify;
import com.ibm.disni.verbs.impl.RdmaVerbsNat;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.LinkedList;
import java.util.List;

/**
 * A reliable connection to a peer's device, over which this process writes to the peer's memory. Writes are carried out in the
 * order in which they are posted, but become visible in no promised order. Of them only every so many-th reports its completion,
 * which says that those before it are done; each one that fails reports it, and after that none is carried out.
 *
 * <p>Once it is set up nothing here allocates. One thread, but for {@link #awaitNotice}, which may be waited in by another, and
 * {@link #isBroken}.
 */
public final class QueuePair implements AutoCloseable {
    private static final int POLL_MAX = 16;
    private static final int RECEIVED = 1 << 7;

    private final RdmaCmId id;
    private final IbvCompChannel events;
    private final IbvCQ sendQueue;
    private final IbvCQ receiveQueue;
    private final IbvQP pair;
    private final int sendsMax;
    private final int receivesMax;
    private final int inlineBytesMax;
    private final WriteCall plain;
    private final WriteCall notifying;
    private final SVCPostRecv receive;
    private final IbvWC[] sent = completions();
    private final IbvWC[] received = completions();
    private final SVCPollCq pollSent;
    private final SVCPollCq pollReceived;
    private final SVCReqNotify requestEvent;
    private final boolean ownsChannel;
    private long posted;
    private long completed;
    private long reporting;
    private volatile String failure;
    private volatile boolean open = true;

    /**
     * Makes the pair on an id that has a device; the id is this object's from here on, also when this fails.
     *
     * @param ownsChannel the id's event channel is for this connection only, and ends with it
     */
    QueuePair(RdmaCmId id, IbvPd domain, QueuePairOptions options, boolean ownsChannel) throws IOException {
        this.id = id;
        this.ownsChannel = ownsChannel;
        sendsMax = options.sendsMax();
        receivesMax = options.receivesMax();
        IbvContext device = id.getVerbs();
        Undo undo = new Undo();
        undo.add(() -> endId(id, ownsChannel));
        try {
            events = device.createCompChannel();
            undo.add(events::destroyCompChannel);
            sendQueue = device.createCQ(events, sendsMax + 1, 0);
            undo.add(sendQueue::destroyCQ);
            receiveQueue = device.createCQ(events, receivesMax + 1, 0);
            undo.add(receiveQueue::destroyCQ);
            inlineBytesMax = create(domain, options);
            pair = id.getQp();
            undo.add(id::destroyQP);
            plain = write(IbvSendWR.IBV_WR_RDMA_WRITE);
            notifying = write(IbvSendWR.IBV_WR_RDMA_WRITE_WITH_IMM);
            receive = pair.postRecv(List.of(new IbvRecvWR()), null);
            pollSent = sendQueue.poll(sent, POLL_MAX);
            pollReceived = receiveQueue.poll(received, POLL_MAX);
            requestEvent = receiveQueue.reqNotification(false);
            for (int i = 0; i < receivesMax; i++) {
                receive.execute();
            }
        } catch (IOException | RuntimeException e) {
            undo.all(e);
            throw e;
        }
    }

    private static IbvWC[] completions() {
        IbvWC[] completions = new IbvWC[POLL_MAX];
        for (int i = 0; i < POLL_MAX; i++) {
            completions[i] = new IbvWC();
        }
        return completions;
    }

    /** Makes the pair with as much inline data as the device takes, and says how much that is. */
    private int create(IbvPd domain, QueuePairOptions options) throws IOException {
        int inline = options.inlineBytesMax();
        while (true) {
            IbvQPInitAttr wanted = new IbvQPInitAttr();
            wanted.setQp_type(IbvQP.IBV_QPT_RC);
            wanted.setSend_cq(sendQueue);
            wanted.setRecv_cq(receiveQueue);
            wanted.cap().setMax_send_wr(sendsMax);
            wanted.cap().setMax_recv_wr(receivesMax);
            wanted.cap().setMax_inline_data(inline);
            try {
                id.createQP(domain, wanted);
                return inline;
            } catch (IOException e) {
                if (inline == 0) {
                    throw e;
                }
                inline /= 2;
            }
        }
    }

    /** A call that posts one write, made once, with the places where its parameters go. */
    private static final class WriteCall {
        private final SVCPostSend call;
        private final SVCPostSend.SendWRMod request;
        private final SVCPostSend.SgeMod part;
        private final SVCPostSend.RdmaMod there;

        WriteCall(SVCPostSend call) throws IOException {
            this.call = call;
            request = call.getWrMod(0);
            part = request.getSgeMod(0);
            there = request.getRdmaMod();
        }
    }

    private WriteCall write(int opcode) throws IOException {
        IbvSendWR request = new IbvSendWR();
        LinkedList<IbvSge> parts = new LinkedList<>();
        parts.add(new IbvSge());
        request.setSg_list(parts);
        request.setNum_sge(1);
        request.setOpcode(opcode);
        return new WriteCall(pair.postSend(List.of(request), null));
    }

    /** How many more writes may be posted. */
    public int room() {
        return failure != null ? 0 : (int) (sendsMax - (posted - completed));
    }

    /**
     * Posts a write of {@code bytes} bytes at {@code offset} of {@code from} to the peer's memory. They must stay as they are
     * until the write is carried out, unless they are few enough to go inline ({@link #inlineBytesMax}).
     *
     * @param notify wakes a peer that waits in {@link #awaitNotice}
     * @throws IOException when the queue is full ({@link #room}) or the connection broken: it is broken from then on
     */
    public void write(Region from, int offset, int bytes, long remoteAddress, int remoteKey, boolean notify) throws IOException {
        if (room() <= 0) {
            throw new IOException(failure != null ? failure : sendsMax + " writes are under way");
        }
        WriteCall write = notify ? notifying : plain;
        // Two reports under way at any time, so that room comes back before the queue is full.
        boolean report = posted + 1 - reporting >= Math.max(1, sendsMax / 2);
        write.request.setWr_id(posted + 1);
        write.request.setSend_flags((report ? IbvSendWR.IBV_SEND_SIGNALED : 0)
                | (bytes <= inlineBytesMax ? IbvSendWR.IBV_SEND_INLINE : 0));
        write.part.setAddr(from.address() + offset);
        write.part.setLength(bytes);
        write.part.setLkey(from.localKey());
        write.there.setRemote_addr(remoteAddress);
        write.there.setRkey(remoteKey);
        try {
            write.call.execute();
        } catch (IOException e) {
            breaks("posting a write failed: " + e.getMessage());
            throw e;
        }
        posted++;
        if (report) {
            reporting = posted;
        }
    }

    /** A write is under way that will report that it and those before it are carried out: {@link #poll} may find it. */
    public boolean awaitsReport() {
        return reporting > completed;
    }

    /** Takes note of the writes that were carried out, and of one that has failed. */
    public void poll() throws IOException {
        int count;
        do {
            count = pollSent.execute().getPolls();
            for (int i = 0; i < count; i++) {
                if (sent[i].getStatus() != 0) {
                    breaks("a write failed: " + statusOf(sent[i]));
                } else {
                    completed = Math.max(completed, sent[i].getWr_id());
                }
            }
        } while (count == POLL_MAX);
    }

    private static String statusOf(IbvWC completion) {
        int status = completion.getStatus();
        IbvWC.IbvWcStatus[] known = IbvWC.IbvWcStatus.values();
        return status >= 0 && status < known.length ? known[status].name() : "status " + status;
    }

    private void breaks(String how) {
        if (failure == null) {
            failure = how;
        }
    }

    /** Takes the notices that have come, so that more can come; answers how many. */
    public int takeNotices() throws IOException {
        int notices = 0;
        int count;
        do {
            count = pollReceived.execute().getPolls();
            for (int i = 0; i < count; i++) {
                if (received[i].getStatus() != 0) {
                    breaks("the connection ended: " + statusOf(received[i]));
                } else if ((received[i].getOpcode() & RECEIVED) != 0) {
                    notices++;
                    receive.execute();
                }
            }
        } while (count == POLL_MAX);
        return notices;
    }

    /** The next notice is to end {@link #awaitNotice}. To be followed by another look at the memory: one may have come before. */
    public void requestNotice() throws IOException {
        requestEvent.execute();
    }

    /** Waits for a notice that {@link #requestNotice} asked for; false when none has come. Another thread may wait here. */
    public boolean awaitNotice(int timeoutMillis) throws IOException {
        boolean come = events.getCqEvent(receiveQueue, timeoutMillis);
        if (come) {
            receiveQueue.ackEvents(1);
        }
        return come;
    }

    /** Moves the pair to the error state: nothing more is sent, and the device takes nothing more from the peer. Idempotent. */
    public void stop(String reason) throws IOException {
        breaks(reason);
        ((RdmaVerbsNat) RdmaVerbs.open()).modifyQP(pair, null); // the bridge knows this one use of it
    }

    /** No write will be carried out any more. Any thread. */
    public boolean isBroken() {
        return failure != null;
    }

    /** Why it is broken; null while it is not. */
    public String failure() {
        return failure;
    }

    /** The peer has said good-bye, or its device has gone. */
    void disconnected(String how) {
        breaks(how);
    }

    /** What is at most so long may be changed as soon as it is posted. */
    public int inlineBytesMax() {
        return inlineBytesMax;
    }

    /** Writes posted so far. */
    public long posted() {
        return posted;
    }

    /** Writes known to be carried out. */
    public long completed() {
        return completed;
    }

    /** Where this side's packets come from: the peer sees it as {@link #remoteAddress}. */
    public InetSocketAddress localAddress() throws IOException {
        return (InetSocketAddress) id.getSource();
    }

    /** Who is on the other side. */
    public InetSocketAddress remoteAddress() throws IOException {
        return (InetSocketAddress) id.getDestination();
    }

    boolean isClosed() {
        return !open;
    }

    /** Ends the connection, and whatever is under way on it. Nobody may be in {@link #awaitNotice}. Idempotent. */
    @Override
    public void close() throws IOException {
        if (!open) {
            return;
        }
        open = false;
        breaks("closed");
        Undo undo = new Undo();
        undo.add(() -> endId(id, ownsChannel));
        undo.add(events::destroyCompChannel);
        undo.add(sendQueue::destroyCQ);
        undo.add(receiveQueue::destroyCQ);
        undo.add(id::destroyQP);
        undo.add(() -> stop("closed"));
        undo.add(this::freeCalls);
        undo.all();
    }

    private void freeCalls() {
        plain.call.free();
        notifying.call.free();
        receive.free();
        pollSent.free();
        pollReceived.free();
        requestEvent.free();
    }

    private static void endId(RdmaCmId id, boolean ownsChannel) throws IOException {
        id.destroyId();
        if (ownsChannel) {
            id.getCmChannel().destroyEventChannel();
        }
    }
}
