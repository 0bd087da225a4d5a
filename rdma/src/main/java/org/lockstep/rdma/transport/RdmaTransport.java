package org.lockstep.rdma.transport;

import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.PeerAddress;
import org.lockstep.ensemble.core.Row;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.ensemble.tcp.SideListener;
import org.lockstep.ensemble.tcp.TcpOptions;
import org.lockstep.ensemble.tcp.TcpTransport;
import org.lockstep.rdma.ring.RecordSums;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transport over RDMA and TCP: slots and rows go between the members of a view by one-sided writes, where a lane stands;
 * everything else, and they too while none does, over the {@link TcpTransport} underneath.
 *
 * <p>{@link #open} and {@link #close} may be called from any thread; everything else on the event loop, where the listener is
 * called, too, also with what comes through the lanes. The loop must look at them: {@link PollingSelect}.
 */
public final class RdmaTransport implements Transport, SideListener, PollingSelect.Lanes {
    private static final Logger LOG = LoggerFactory.getLogger(RdmaTransport.class);
    private static final long AGAIN_MILLIS = 1;

    private final EventLoop loop;
    private final PollingSelect select;
    private final RdmaEnd end;
    private final MemberId self;
    private final TransportListener listener;
    private final LaneCounts counts;
    private final RecordSums sums = new RecordSums();
    private final Map<Integer, LanePeer> peers = new TreeMap<>();
    private final LanePeer[] peerList;
    private TcpTransport tcp;
    private ViewRecord view;
    private LaneLink[] receiving = {};
    private boolean polled;
    private boolean againScheduled;
    private boolean closed;

    private RdmaTransport(EventLoop loop, PollingSelect select, RdmaEnd end, MemberId self, Iterable<PeerAddress> others,
            LaneCounts counts, TransportListener listener) {
        this.loop = loop;
        this.select = select;
        this.end = end;
        this.self = self;
        this.counts = counts;
        this.listener = listener;
        for (PeerAddress peer : others) {
            peers.put(peer.serverId(), new LanePeer(this, peer.serverId()));
        }
        peerList = peers.values().toArray(LanePeer[]::new);
    }

    /**
     * Opens the device and the TCP transport, and begins to connect. Not to be called on the event loop.
     *
     * @param select what {@code loop} was made with
     * @param tcpOptions see {@link TcpTransport#open}, also for the other parameters
     * @throws org.lockstep.rdma.verbs.RdmaUnavailableException with the remedy in one line, when this machine has no RDMA, or not
     *     with these options
     * @throws IOException when the port for the other servers cannot be opened
     */
    public static RdmaTransport open(EventLoop loop, PollingSelect select, MemberId self, UUID ensembleId, TcpOptions tcpOptions,
            RdmaOptions options, RandomGenerator random, TransportListener listener) throws IOException {
        RdmaEnd end = RdmaEnd.open(options, tcpOptions.peers().size());
        try {
            RdmaTransport transport = new RdmaTransport(loop, select, end, self, tcpOptions.peers(), new LaneCounts(), listener);
            TcpTransport.open(loop, self, ensembleId, tcpOptions, random, transport, tcp -> transport.tcp = tcp);
            LOG.info("RDMA: peers dial {}, polling {}, rings of {} bytes", end.address(), options.polling(), options.ringBytes());
            return transport;
        } catch (IOException | RuntimeException e) {
            end.close();
            throw e;
        }
    }

    /** As {@link TcpTransport#reincarnate}. */
    public RdmaTransport reincarnate(MemberId newSelf, UUID newEnsembleId, TransportListener newListener) {
        closeLanes();
        RdmaTransport next = new RdmaTransport(loop, select, end, newSelf, tcp.peers(), counts, newListener);
        next.tcp = tcp.reincarnate(newSelf, newEnsembleId, next);
        return next;
    }

    // ---- Transport

    @Override
    public void send(int serverId, Message message) {
        LanePeer peer = peers.get(serverId);
        boolean taken = peer != null && peer.isRefused();
        if (peer != null && message instanceof Message.Data data) {
            taken = taken || peer.send(data);
        } else if (peer != null && message instanceof Message.RowUpdate update) {
            revokeSuspects(update.row());
            taken = taken || peer.send(update);
        }
        if (!taken) {
            tcp.send(serverId, message);
        }
    }

    /** Who is voted out may write no more. That nothing counts that it writes is the core's part. */
    private void revokeSuspects(Row row) {
        if (!row.wedged() || row.suspects() == 0 || view == null || row.viewId() != view.viewId()) {
            return;
        }
        for (int rank = 0; rank < view.members().size(); rank++) {
            LanePeer peer = (row.suspects() >> rank & 1) == 0 ? null : peers.get(view.members().get(rank).serverId());
            if (peer != null) {
                peer.retire("this server wants view " + view.viewId() + " to end without it");
            }
        }
    }

    @Override
    public void flush() {
        for (LanePeer peer : peerList) {
            peer.flush();
        }
        tcp.flush();
        flushAgain();
    }

    /** What found no room is tried again: by what the peer says of room, and from time to time, as devices say nothing. */
    private void flushAgain() {
        if (againScheduled || closed) {
            return;
        }
        for (LanePeer peer : peerList) {
            if (peer.link() != null && peer.link().failure() == null && peer.link().isWaiting()) {
                againScheduled = true;
                loop.schedule(() -> {
                    againScheduled = false;
                    if (!closed) {
                        flush();
                    }
                }, AGAIN_MILLIS, TimeUnit.MILLISECONDS);
                return;
            }
        }
    }

    @Override
    public void setEnsembleId(UUID ensembleId) {
        tcp.setEnsembleId(ensembleId);
    }

    @Override
    public void beginView(ViewRecord next) {
        if (view != null && view.viewId() == next.viewId()) {
            return;
        }
        view = next;
        for (LanePeer peer : peerList) {
            if (peer.link() != null && peer.link().viewId() != next.viewId()) {
                peer.retire("view " + next.viewId() + " has begun");
            }
            peer.consider();
        }
        tcp.flush();
    }

    @Override
    public BulkSender openBulk(int serverId, byte[] head, BulkSender.Listener sender) {
        return tcp.openBulk(serverId, head, sender);
    }

    @Override
    public void close() {
        if (loop.inEventLoop()) {
            closeLanes();
            tcp.close();
            new Thread(this::closeEnd, "lockstep-rdma-close").start();
        } else if (!loop.isShuttingDown()) {
            loop.submit(this::closeLanes).syncUninterruptibly();
            tcp.close();
            closeEnd();
        }
    }

    private void closeEnd() {
        try {
            end.stopWorkers();
            if (!loop.isShuttingDown()) {
                // What a worker has made at last may be on its way to the loop, which gives it back to the device.
                loop.submit(() -> { }).syncUninterruptibly();
            }
            end.close();
        } catch (IOException e) {
            LOG.warn("While closing the RDMA device: {}", e.getMessage());
        }
    }

    private void closeLanes() {
        if (!closed) {
            for (LanePeer peer : peerList) {
                peer.drop();
            }
            closed = true;
        }
    }

    // ---- what comes over TCP

    @Override
    public void onMessage(MemberId from, Message message) {
        LanePeer peer = peers.get(from.serverId());
        if (!peer.mayTalk()) {
            return;
        }
        if (message instanceof Message.Resume resume) {
            peer.onResume(resume);
        }
        listener.onMessage(from, message);
    }

    @Override
    public void onSide(MemberId from, byte[] content) {
        LaneTalk word = LaneTalk.decode(content);
        if (word == null) {
            LOG.debug("Server {} says what this release does not know", from.serverId());
        } else if (!closed) {
            peers.get(from.serverId()).onTalk(from, word);
            tcp.flush();
        }
    }

    @Override
    public void onConnection(int serverId, boolean up) {
        peers.get(serverId).onConnection(up);
    }

    @Override
    public void onProcessGone(MemberId member) {
        listener.onProcessGone(member);
    }

    @Override
    public BulkReceiver onBulk(MemberId from, byte[] head, BulkReceiver.Stream stream) {
        return peers.get(from.serverId()).isRefused() ? null : listener.onBulk(from, head, stream);
    }

    // ---- what comes through the lanes

    @Override
    public boolean poll() {
        boolean come = false;
        for (LaneLink link : receiving) {
            come |= link.poll();
        }
        if (come && !closed) {
            listener.onPolled();
        }
        return come;
    }

    @Override
    public long spinNanos() {
        return switch (options().polling()) {
            case BUSY -> Long.MAX_VALUE;
            case ADAPTIVE -> options().spinNanos();
            case EVENT -> 0;
        };
    }

    @Override
    public boolean prepareToSleep() {
        for (LaneLink link : receiving) {
            link.requestNotice();
        }
        return !poll();
    }

    /** A lane has begun or ended. */
    void lanesChanged() {
        int sending = 0;
        int count = 0;
        LaneLink[] next = new LaneLink[peerList.length];
        for (LanePeer peer : peerList) {
            sending += peer.isSending() ? 1 : 0;
            if (peer.link() != null && peer.link().isReceiving()) {
                next[count++] = peer.link();
            }
        }
        receiving = Arrays.copyOf(next, count);
        counts.setLanes(sending);
        if (count > 0 != polled) {
            polled = count > 0;
            if (polled) {
                select.add(loop, this);
            } else {
                select.remove(this);
            }
        }
    }

    // ---- for its peers

    LanePeer peer(int serverId) {
        return peers.get(serverId);
    }

    TcpTransport tcp() {
        return tcp;
    }

    EventLoop loop() {
        return loop;
    }

    RdmaEnd end() {
        return end;
    }

    RdmaOptions options() {
        return end.options();
    }

    /** Whether this server's thread sleeps at times, and has to be woken. */
    boolean sleeps() {
        return options().polling() != Polling.BUSY;
    }

    /** For all lanes: they send the same slots. */
    RecordSums sums() {
        return sums;
    }

    boolean isClosed() {
        return closed;
    }

    int selfId() {
        return self.serverId();
    }

    TransportListener listener() {
        return listener;
    }

    /** The view that this process is a live member of, null before the first. */
    ViewRecord view() {
        return view;
    }

    /** What has gone over RDMA; any thread. */
    public LaneCounts counts() {
        return counts;
    }
}
