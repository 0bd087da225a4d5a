package org.lockstep.ensemble.tcp;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.PeerAddress;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transport over TCP. {@link #open} and {@link #close} may be called from any thread; everything else on the event loop,
 * where the listener is called, too.
 */
public final class TcpTransport implements Transport {
    private static final Logger LOG = LoggerFactory.getLogger(TcpTransport.class);
    private static final long TICK_MILLIS = 250;
    private static final int ARRIVALS_MAX = 256;
    private static final int STREAMS_MAX = 8;

    private final EventLoop loop;
    private final Door door;
    private final MemberId self;
    private final TcpOptions options;
    private final RandomGenerator random;
    private final TransportListener listener;
    private final Frames frames;
    private final RateLimitedLog rareLog = new RateLimitedLog(LOG, System::nanoTime);
    private final Map<Integer, Peer> peers = new TreeMap<>();
    private final Peer[] peerList;
    private final Set<Channel> arrivals = new HashSet<>();
    private UUID ensembleId;
    private PeerConnection heardLast;
    private ScheduledFuture<?> ticker;
    private long tickedAt;
    private volatile boolean closed;

    private TcpTransport(EventLoop loop, Door door, MemberId self, UUID ensembleId, TcpOptions options, RandomGenerator random,
            TransportListener listener) {
        this.loop = loop;
        this.door = door;
        this.self = self;
        this.ensembleId = ensembleId;
        this.options = options;
        this.random = random;
        this.listener = listener;
        this.frames = new Frames(PooledByteBufAllocator.DEFAULT, options.frameBytesMax());
        for (PeerAddress peer : options.peers()) {
            peers.put(peer.serverId(), new Peer(this, peer));
        }
        peerList = peers.values().toArray(Peer[]::new);
    }

    /**
     * Opens the door and begins to connect to all peers. Not to be called on the event loop.
     *
     * @param loop where everything runs and the listener is called
     * @param self this process; its server id is that of {@code options.self()}
     * @param ensembleId the ensemble that this server's disk belongs to, or null when it does not know yet
     * @param random draws the jitter of reconnecting
     * @throws IOException when the door cannot be opened; the message names the address
     */
    public static TcpTransport open(EventLoop loop, MemberId self, UUID ensembleId, TcpOptions options, RandomGenerator random,
            TransportListener listener) throws IOException {
        return open(loop, self, ensembleId, options, random, listener, opened -> { });
    }

    /** @param before is given the transport on the event loop, before the listener hears of anything */
    public static TcpTransport open(EventLoop loop, MemberId self, UUID ensembleId, TcpOptions options, RandomGenerator random,
            TransportListener listener, Consumer<TcpTransport> before) throws IOException {
        Door door = Door.open(loop, options);
        TcpTransport transport = new TcpTransport(loop, door, self, ensembleId, options, random, listener);
        loop.submit(() -> {
            before.accept(transport);
            transport.begin();
        }).syncUninterruptibly();
        return transport;
    }

    /**
     * This process goes on as another incarnation: closes all connections, calls the old listener back no more, and begins anew
     * behind the same door. On the event loop.
     */
    public TcpTransport reincarnate(MemberId newSelf, UUID newEnsembleId, TransportListener newListener) {
        closeConnections();
        TcpTransport next = new TcpTransport(loop, door, newSelf, newEnsembleId, options, random, newListener);
        next.begin();
        return next;
    }

    private void begin() {
        tickedAt = System.nanoTime();
        ticker = loop.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        peers.values().forEach(Peer::dial);
        door.setOwner(this);
    }

    /** The other configured servers. */
    public List<PeerAddress> peers() {
        return options.peers();
    }

    /** The port on which this server listens; tells it when 0 was asked for. */
    public int port() {
        return door.port();
    }

    /** A message has come on {@code connection}. */
    void heard(PeerConnection connection) {
        heardLast = connection;
    }

    @Override
    public void send(int serverId, Message message) {
        if (message instanceof Message.Transfer) {
            throw new IllegalArgumentException("a transfer goes as a stream");
        }
        PeerConnection connection = peer(serverId).connection();
        if (connection != null) {
            connection.send(message);
        }
    }

    /**
     * Queues what the peer's {@link SideListener} is to hear, behind the messages sent before; {@link #flush} sends it. It is
     * dropped as messages are, and by a peer that has no such listener.
     *
     * @throws IllegalArgumentException when it is larger than a frame may be
     */
    public void sendSide(int serverId, byte[] content) {
        PeerConnection connection = peer(serverId).connection();
        if (connection != null) {
            frames.begin(Frames.SIDE);
            connection.sendSide(frames.frame(content));
        }
    }

    /** Closes the connection with a peer, if there is one, for the reason given; it is made anew as any that was lost. */
    public void disconnect(int serverId, String why) {
        PeerConnection connection = peer(serverId).connection();
        if (connection != null) {
            connection.end(why);
        }
    }

    Peer peer(int serverId) {
        Peer peer = peers.get(serverId);
        if (peer == null) {
            throw new IllegalArgumentException("server " + serverId + " is no peer of server " + self.serverId());
        }
        return peer;
    }

    @Override
    public void flush() {
        if (heardLast != null) {
            heardLast.flush(); // who spoke waits for an answer; a write to a socket takes as long as a third of the way there
            heardLast = null;
        }
        for (Peer peer : peerList) {
            PeerConnection connection = peer.connection();
            if (connection != null) {
                connection.flush();
            }
        }
        frames.forget();
    }

    @Override
    public void setEnsembleId(UUID value) {
        if (value.equals(ensembleId)) {
            return;
        }
        if (ensembleId != null) {
            throw new IllegalStateException("this server belongs to ensemble " + ensembleId + ", and never to " + value);
        }
        ensembleId = value;
        for (Peer peer : peers.values()) {
            if (peer.connection() != null) {
                tellEnsemble(peer.connection());
            }
        }
    }

    void tellEnsemble(PeerConnection connection) {
        if (ensembleId != null) {
            frames.begin(Frames.ENSEMBLE).putUuid(ensembleId);
            connection.sendNow(frames.frame());
            checkEnsemble(connection);
        }
    }

    void checkEnsemble(PeerConnection connection) {
        if (isForeign(connection.peerEnsembleId())) {
            connection.end("it belongs to another ensemble, " + connection.peerEnsembleId());
        }
    }

    private boolean isForeign(UUID theirs) {
        return ensembleId != null && theirs != null && !theirs.equals(ensembleId);
    }

    @Override
    public BulkSender openBulk(int serverId, byte[] head, BulkSender.Listener sender) {
        if (head.length > BulkSender.HEAD_BYTES_MAX) {
            throw new IllegalArgumentException("a head of " + head.length + " bytes, at most " + BulkSender.HEAD_BYTES_MAX
                    + " may be");
        }
        BulkOut stream = new BulkOut(this, peer(serverId), head, sender);
        stream.begin();
        return stream;
    }

    /** A connection has come through the door. */
    void arrived(Channel channel) {
        if (closed || arrivals.size() >= ARRIVALS_MAX) {
            channel.close();
            return;
        }
        arrivals.add(channel);
        channel.closeFuture().addListener(gone -> arrivals.remove(channel));
        channel.pipeline().addLast(new Arrival(this));
    }

    /** Somebody has said who he is. */
    void greeted(Channel channel, HelloReader reader, Hello hello) {
        arrivals.remove(channel);
        if (!hello.isGreeting()) {
            refuse(channel, Refusal.MALFORMED, "it begins with an answer");
            return;
        }
        int id = hello.member().serverId();
        if (id == self.serverId()) {
            refuse(channel, hello.member().equals(self) ? Refusal.WRONG_SERVER : Refusal.DUPLICATE_ID, hello.member().equals(self)
                    ? "this server has dialed itself where it thought server " + hello.peerId() + " to be"
                    : "it says that it is server " + id + ", which is this one: myid must differ from server to server");
        } else if (!peers.containsKey(id)) {
            refuse(channel, Refusal.UNKNOWN_SERVER, "it says that it is server " + id + ", of which the configuration of server "
                    + self.serverId() + " knows nothing");
        } else if (isForeign(hello.ensembleId())) {
            refuse(channel, Refusal.OTHER_ENSEMBLE, "server " + id + " belongs to ensemble " + hello.ensembleId() + ", server "
                    + self.serverId() + " to " + ensembleId);
        } else if (hello.peerId() != self.serverId()) {
            refuse(channel, Refusal.WRONG_SERVER, "server " + id + " has dialed server " + hello.peerId() + " and reached server "
                    + self.serverId());
        } else if (hello.kind() == Hello.Kind.BULK) {
            acceptBulk(channel, reader, hello);
        } else {
            peers.get(id).onArrival(channel, reader, hello);
        }
    }

    private void acceptBulk(Channel channel, HelloReader reader, Hello hello) {
        Peer peer = peers.get(hello.member().serverId());
        PeerConnection connection = peer.connection();
        if (connection == null || !connection.member().equals(hello.member()) || peer.streamCount() >= STREAMS_MAX) {
            HelloReader.refuse(channel, Refusal.NO_STREAM, "no stream from a process that is not connected, and no more than "
                    + STREAMS_MAX);
            return;
        }
        BulkIn stream = new BulkIn(this, peer, channel, hello.member());
        peer.add(stream);
        Sockets.makeBulk(channel);
        channel.pipeline().addLast(stream);
        channel.pipeline().remove(reader);
        channel.writeAndFlush(Unpooled.wrappedBuffer(hello(Hello.Kind.WELCOME, peer.serverId()).encode()));
    }

    /** Says no to whoever has come, and logs it. */
    void refuse(Channel channel, Refusal refusal, String why) {
        logRefused(channel, refusal, why);
        HelloReader.refuse(channel, refusal, why);
    }

    void logRefused(Channel channel, Refusal refusal, String why) {
        String ip = String.valueOf(Sockets.remoteIp(channel));
        rareLog.warn(refusal + ip, "Refused a connection from " + Sockets.remote(channel) + ": " + why);
    }

    /** What is wrong with the server that has answered at {@code address}, or null. */
    String objection(Hello welcome, PeerAddress address) {
        if (welcome.kind() != Hello.Kind.WELCOME) {
            return "it answers as if it had dialed";
        }
        if (welcome.member().serverId() != address.serverId()) {
            return "server " + welcome.member().serverId() + " answers there";
        }
        if (isForeign(welcome.ensembleId())) {
            return "it belongs to ensemble " + welcome.ensembleId() + ", this server to " + ensembleId;
        }
        return null;
    }

    Hello hello(Hello.Kind kind, int peerId) {
        return new Hello(kind, self, peerId, ensembleId, null, null);
    }

    private void tick() {
        long now = System.nanoTime();
        long gap = now - tickedAt - TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
        tickedAt = now;
        long silence = TimeUnit.MILLISECONDS.toNanos(options.silenceMillis());
        // Who slept himself cannot say that others were silent.
        long slept = gap > silence / 4 ? gap : 0;
        for (Peer peer : peers.values()) {
            if (peer.current() != null && !closed) {
                peer.current().checkSilence(now, slept, silence);
            }
        }
    }

    /** Runs {@code task} on the event loop, later; not at all once the loop has ended. */
    void execute(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("The event loop has ended", e);
        }
    }

    @Override
    public void close() {
        if (loop.inEventLoop()) {
            closeAll();
        } else if (!loop.isShuttingDown()) {
            loop.submit(this::closeAll).syncUninterruptibly();
            door.close().syncUninterruptibly();
        }
    }

    private void closeAll() {
        door.close();
        closeConnections();
    }

    private void closeConnections() {
        if (closed) {
            return;
        }
        closed = true;
        ticker.cancel(false);
        Set.copyOf(arrivals).forEach(Channel::close);
        peers.values().forEach(Peer::close);
        frames.forget();
    }

    boolean isClosed() {
        return closed;
    }

    EventLoop loop() {
        return loop;
    }

    MemberId self() {
        return self;
    }

    UUID ensembleId() {
        return ensembleId;
    }

    TcpOptions options() {
        return options;
    }

    RandomGenerator random() {
        return random;
    }

    TransportListener listener() {
        return listener;
    }

    Frames frames() {
        return frames;
    }

    RateLimitedLog rareLog() {
        return rareLog;
    }

    long nanoTime() {
        return System.nanoTime();
    }
}
