package org.lockstep.ensemble.tcp;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.PeerAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one other server: dials until there is a connection, takes or refuses those that come in, and says when it is lost.
 *
 * <p><b>One connection.</b> Both sides dial, so that either finds out that the other is gone. Where two dials meet, the lower
 * server id's stands: its side refuses the other's once its own hello is sent, the other side gives its own up. A dial counts
 * only from the first frame of the dialer on, so one that was given up is never heard of.
 *
 * <p><b>The connected one stays.</b> Whoever comes while a connection stands waits until that has answered a ping, and is refused
 * then. If it does not answer in time it is a dead process's, and is closed first; so nothing of a dead process comes after
 * the first word of its successor, and a second process with the same id never takes the place of a living one.
 */
final class Peer implements Dial.Outcome {
    private static final Logger LOG = LoggerFactory.getLogger(Peer.class);
    private static final long BACK_OFF_MILLIS = 50;
    private static final long BACK_OFF_MILLIS_MAX = 1000;
    private static final int DOUBLINGS_MAX = 5;
    private static final int SHORT_LIVED_DOUBLINGS_MAX = 2;
    private static final long LASTING_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final TcpTransport transport;
    private final PeerAddress address;
    private final List<BulkStream> streams = new ArrayList<>();
    private PeerConnection current;
    private Dial dial;
    private Waiting waiting;
    private ScheduledFuture<?> retry;
    private int failures;
    private int attempts;
    private MemberId lastMember;
    private InetAddress lastIp;
    private boolean goneTold;
    private long connectedAt;

    /** A newcomer that waits for the connection that stands to answer. */
    private record Waiting(Channel channel, HelloReader reader, Hello hello, ScheduledFuture<?> limit) {}

    Peer(TcpTransport transport, PeerAddress address) {
        this.transport = transport;
        this.address = address;
    }

    PeerAddress address() {
        return address;
    }

    int serverId() {
        return address.serverId();
    }

    /** The connection that stands or is being made, or null. */
    PeerConnection current() {
        return current;
    }

    /** The connection that stands and takes messages, or null. */
    PeerConnection connection() {
        return current != null && current.isStarted() && !current.isOver() ? current : null;
    }

    void dial() {
        cancelRetry();
        if (!transport.isClosed() && current == null && dial == null) {
            dial = new Dial(transport, address, Hello.Kind.ORDER, attempts++, this);
            dial.start();
        }
    }

    private void cancelRetry() {
        if (retry != null) {
            retry.cancel(false);
            retry = null;
        }
    }

    private void dialLater() {
        long most = Math.min(BACK_OFF_MILLIS_MAX, BACK_OFF_MILLIS << Math.min(failures, DOUBLINGS_MAX));
        failures++;
        long delay = most / 2 + transport.random().nextLong(most / 2 + 1);
        cancelRetry();
        retry = transport.loop().schedule(this::dial, delay, TimeUnit.MILLISECONDS);
    }

    @Override
    public void onWelcome(Channel channel, HelloReader reader, Hello welcome) {
        dial = null;
        if (current != null) {
            channel.close();
            return;
        }
        PeerConnection connection = new PeerConnection(transport, this, channel, welcome);
        current = connection;
        takeOver(channel, reader, connection);
        connection.sendNow(transport.frames().of(Frames.START));
        begin(connection);
    }

    private static void takeOver(Channel channel, HelloReader reader, FrameReader next) {
        channel.pipeline().addLast(next);
        channel.pipeline().remove(reader);
    }

    @Override
    public void onRefused(Refusal refusal, String text) {
        dial = null;
        if (!refusal.isQuiet()) {
            transport.rareLog().warn("refused by " + serverId() + refusal, "Server " + serverId() + " at " + address
                    + " refuses this server: " + text);
        }
        dialLater();
    }

    @Override
    public void onFailed(String why, InetAddress refusing) {
        dial = null;
        transport.rareLog().warn("unreachable " + serverId(), "Cannot reach server " + serverId() + " at " + address + ": " + why
                + "; it is tried again");
        boolean dead = refusing != null && refusing.equals(lastIp) && current == null;
        dialLater();
        if (dead && !goneTold && lastMember != null) {
            goneTold = true;
            transport.listener().onProcessGone(lastMember);
        }
    }

    /** A process says that it is this server. Everything else in its hello was checked. */
    void onArrival(Channel channel, HelloReader reader, Hello hello) {
        if (current != null) {
            makeWait(channel, reader, hello);
        } else if (dial != null && dial.isHelloSent() && transport.self().serverId() < serverId()) {
            HelloReader.refuse(channel, Refusal.NOT_NEEDED, "a connection the other way is being made");
        } else {
            accept(channel, reader, hello);
        }
    }

    private void accept(Channel channel, HelloReader reader, Hello hello) {
        if (dial != null) {
            dial.abandon();
            dial = null;
        }
        cancelRetry();
        current = new PeerConnection(transport, this, channel, hello);
        takeOver(channel, reader, current);
        channel.writeAndFlush(Unpooled.wrappedBuffer(transport.hello(Hello.Kind.WELCOME, serverId()).encode()));
    }

    private void makeWait(Channel channel, HelloReader reader, Hello hello) {
        if (waiting != null) {
            HelloReader.refuse(channel, Refusal.NOT_NEEDED, "another connection waits already");
            return;
        }
        long limitMillis = transport.options().probeMillis();
        Waiting newcomer = new Waiting(channel, reader, hello, transport.loop().schedule(() -> current.end(
                "another connection waits, and it does not answer"), limitMillis, TimeUnit.MILLISECONDS));
        waiting = newcomer;
        channel.closeFuture().addListener(closed -> {
            if (waiting == newcomer) {
                stopWaiting();
            }
        });
        if (current.isStarted()) {
            current.ping();
        }
    }

    private Waiting stopWaiting() {
        Waiting newcomer = waiting;
        waiting = null;
        if (newcomer != null) {
            newcomer.limit().cancel(false);
        }
        return newcomer;
    }

    /** The dialer of the accepted connection has taken it. */
    void onStart(PeerConnection connection) {
        begin(connection);
        onPong(connection);
    }

    /** The connection that stands has answered: whoever waits is not needed, or another process with the same id. */
    void onPong(PeerConnection connection) {
        Waiting newcomer = stopWaiting();
        if (newcomer == null) {
            return;
        }
        if (newcomer.hello().member().equals(connection.member())) {
            HelloReader.refuse(newcomer.channel(), Refusal.NOT_NEEDED, "there is a connection already");
            return;
        }
        transport.refuse(newcomer.channel(), Refusal.DUPLICATE_ID, "it says that it is server " + serverId() + ", which is"
                + " connected from " + connection.remote() + " as another process: myid must differ from server to server");
    }

    private void begin(PeerConnection connection) {
        connection.setStarted();
        connectedAt = transport.nanoTime();
        lastMember = connection.member();
        lastIp = Sockets.remoteIp(connection.channel());
        goneTold = false;
        LOG.info("Connected with server {} at {} (disk {}, incarnation {})", serverId(), connection.remote(),
                lastMember.diskId(), Long.toHexString(lastMember.incarnation()));
        transport.tellEnsemble(connection);
        transport.listener().onConnection(serverId(), true);
    }

    void lost(PeerConnection connection) {
        if (connection != current || transport.isClosed()) {
            return;
        }
        current = null;
        boolean lasted = transport.nanoTime() - connectedAt > LASTING_NANOS;
        if (connection.isStarted()) {
            LOG.warn("Lost the connection with server {} at {}: {}", serverId(), connection.remote(),
                    connection.endedBy() == null ? "it was closed there" : connection.endedBy());
            endStreams("the connection with server " + serverId() + " is lost");
            transport.listener().onConnection(serverId(), false);
            if (transport.isClosed()) {
                return;
            }
        }
        Waiting newcomer = stopWaiting();
        if (newcomer != null && newcomer.channel().isActive()) {
            accept(newcomer.channel(), newcomer.reader(), newcomer.hello());
        } else if (connection.isStarted() && lasted) {
            failures = 0;
            dial();
        } else {
            // What does not last is not made anew at once for ever, nor is it given the patience of a server that is down.
            failures = connection.isStarted() ? Math.min(failures, SHORT_LIVED_DOUBLINGS_MAX) : failures;
            dialLater();
        }
    }

    int streamCount() {
        return streams.size();
    }

    void add(BulkStream stream) {
        streams.add(stream);
    }

    void remove(BulkStream stream) {
        streams.remove(stream);
    }

    private void endStreams(String why) {
        for (BulkStream stream : List.copyOf(streams)) {
            stream.end(why);
        }
    }

    void close() {
        cancelRetry();
        if (dial != null) {
            dial.abandon();
        }
        Waiting newcomer = stopWaiting();
        if (newcomer != null) {
            newcomer.channel().close();
        }
        if (current != null) {
            current.channel().close();
        }
        List.copyOf(streams).forEach(BulkStream::close);
    }
}
