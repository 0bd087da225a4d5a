package org.lockstep.rdma.verbs;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;

/**
 * A server's end of the RDMA network: a device, chosen by one of its addresses, at which it can be dialed.
 *
 * <p>{@link #dial} and {@link #register} may be called from any thread, {@link #accept} by one at a time.
 */
public final class RdmaPort implements AutoCloseable {
    private static final int BACKLOG = 64;
    private static final EventType[] EVENTS = EventType.values();

    private final RdmaEventChannel channel;
    private final RdmaCmId listener;
    private final IbvPd domain;
    private final QueuePairOptions options;
    /** Taken, and not yet handed out or ended: by id. The acceptor's. */
    private final Map<RdmaCmId, QueuePair> arriving = new HashMap<>();
    private final Map<RdmaCmId, QueuePair> accepted = new HashMap<>();
    private final Undo undo = new Undo();

    private RdmaPort(InetSocketAddress address, QueuePairOptions options) throws IOException {
        this.options = options;
        try {
            channel = RdmaEventChannel.createEventChannel();
        } catch (IOException e) {
            throw new RdmaUnavailableException("this machine has no RDMA (" + e.getMessage()
                    + "): load the kernel module rdma_ucm, and that of the device", e);
        }
        undo.add(channel::destroyEventChannel);
        try {
            listener = channel.createId(RdmaCm.RDMA_PS_TCP);
            undo.add(listener::destroyId);
            domain = bind(address);
            undo.add(domain::deallocPd);
            listener.listen(BACKLOG);
        } catch (IOException | RuntimeException e) {
            undo.all(e);
            throw e;
        }
    }

    /**
     * Opens the device that has this address, and listens there.
     *
     * @param address an IPv4 address of an RDMA device of this machine, not a wildcard; port 0 for any
     * @throws RdmaUnavailableException with the remedy, when there is no bridge, no RDMA, or no device with the address
     */
    public static RdmaPort open(InetSocketAddress address, QueuePairOptions options) throws IOException {
        Bridge.load();
        return new RdmaPort(address, options);
    }

    private IbvPd bind(InetSocketAddress address) throws IOException {
        try {
            listener.bindAddr(address);
            return listener.getVerbs().allocPd();
        } catch (IOException e) {
            throw new RdmaUnavailableException("no RDMA device of this machine has the address "
                    + address.getAddress().getHostAddress() + ", or its port is taken (" + e.getMessage()
                    + "): 'rdma link' and 'ip address' show which address to use", e);
        }
    }

    /** Where this port listens. */
    public InetSocketAddress address() throws IOException {
        return (InetSocketAddress) listener.getSource();
    }

    /** Memory that the device knows; see {@link Region}. */
    public Region register(int bytes, boolean writableByPeers) throws IOException {
        return Region.register(domain, bytes, writableByPeers);
    }

    /**
     * Connects to a peer's port. Blocks.
     *
     * @param timeoutMillis for each of the three steps
     * @throws IOException when there is no way, nobody listens, or the time has run out
     */
    public QueuePair dial(InetSocketAddress peer, int timeoutMillis) throws IOException {
        RdmaEventChannel own = RdmaEventChannel.createEventChannel();
        Undo made = new Undo();
        made.add(own::destroyEventChannel);
        try {
            RdmaCmId id = own.createId(RdmaCm.RDMA_PS_TCP);
            made.add(id::destroyId);
            id.resolveAddr(null, peer, timeoutMillis);
            expect(own, EventType.RDMA_CM_EVENT_ADDR_RESOLVED, peer, timeoutMillis);
            id.resolveRoute(timeoutMillis);
            expect(own, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED, peer, timeoutMillis);
            made = new Undo(); // the id and its channel are the pair's from here on
            QueuePair pair = new QueuePair(id, domain, options, true);
            made.add(pair::close);
            id.connect(parameters());
            expect(own, EventType.RDMA_CM_EVENT_ESTABLISHED, peer, timeoutMillis);
            return pair;
        } catch (IOException | RuntimeException e) {
            made.all(e);
            throw e;
        }
    }

    private static void expect(RdmaEventChannel channel, EventType wanted, InetSocketAddress peer, int timeoutMillis)
            throws IOException {
        RdmaCmEvent event = channel.getCmEvent(timeoutMillis);
        if (event == null) {
            throw new IOException("no answer from " + peer + " over RDMA within " + timeoutMillis + " ms");
        }
        event.ackEvent();
        if (event.getEvent() != wanted.ordinal()) {
            throw new IOException("cannot connect to " + peer + " over RDMA: " + EVENTS[event.getEvent()] + " instead of "
                    + wanted);
        }
    }

    private RdmaConnParam parameters() throws IOException {
        RdmaConnParam parameters = new RdmaConnParam();
        parameters.setRetry_count((byte) options.retries());
        parameters.setRnr_retry_count((byte) options.retries());
        return parameters;
    }

    /**
     * Waits for somebody to dial, and takes note of accepted pairs that their peers have ended.
     *
     * @return the next connection; the caller's to close, before this port. Null when none was made in that time
     */
    public QueuePair accept(int timeoutMillis) throws IOException {
        long deadlineNanos = System.nanoTime() + timeoutMillis * 1_000_000L;
        while (true) {
            int left = (int) Math.max(0, (deadlineNanos - System.nanoTime()) / 1_000_000);
            RdmaCmEvent event = channel.getCmEvent(left);
            if (event == null) {
                return null;
            }
            event.ackEvent();
            QueuePair made = take(EVENTS[event.getEvent()], event.getConnIdPriv());
            if (made != null) {
                return made;
            }
        }
    }

    private QueuePair take(EventType event, RdmaCmId id) throws IOException {
        switch (event) {
            case RDMA_CM_EVENT_CONNECT_REQUEST -> {
                QueuePair pair = new QueuePair(id, domain, options, false);
                arriving.put(id, pair);
                try {
                    id.accept(parameters());
                } catch (IOException e) {
                    abandon(id, e);
                    throw e;
                }
            }
            case RDMA_CM_EVENT_ESTABLISHED -> {
                QueuePair pair = arriving.remove(id);
                accepted.values().removeIf(QueuePair::isClosed);
                accepted.put(id, pair);
                return pair;
            }
            case RDMA_CM_EVENT_DISCONNECTED, RDMA_CM_EVENT_DEVICE_REMOVAL -> {
                QueuePair pair = accepted.remove(id);
                if (pair != null) {
                    pair.disconnected("the peer has ended the connection: " + event);
                }
            }
            case RDMA_CM_EVENT_CONNECT_ERROR, RDMA_CM_EVENT_UNREACHABLE, RDMA_CM_EVENT_REJECTED ->
                abandon(id, new IOException("a peer that dialed is gone: " + event));
            default -> {
                // Nothing to do: the end of the time that the pair's number rests, news of addresses.
            }
        }
        return null;
    }

    private void abandon(RdmaCmId id, IOException cause) {
        QueuePair pair = arriving.remove(id);
        if (pair != null) {
            Undo half = new Undo();
            half.add(pair::close);
            half.all(cause);
        }
    }

    /** Ends everything but the pairs handed out and the memory registered, which must be closed before. */
    @Override
    public void close() throws IOException {
        for (QueuePair pair : arriving.values()) {
            undo.add(pair::close);
        }
        arriving.clear();
        undo.all();
    }
}
