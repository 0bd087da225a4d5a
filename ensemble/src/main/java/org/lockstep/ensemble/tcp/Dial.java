package org.lockstep.ensemble.tcp;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.util.NetUtil;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.lockstep.ensemble.core.PeerAddress;

/** One attempt to connect to a server: looks its name up, connects, says hello, and waits for the answer. On the event loop. */
final class Dial {
    /** What becomes of it: exactly one of these, unless it is abandoned. Never from within {@link #start}. */
    interface Outcome {
        /** The server has answered; whoever takes the channel adds his handler and removes {@code reader}. */
        void onWelcome(Channel channel, HelloReader reader, Hello welcome);

        /** The server says no. */
        void onRefused(Refusal refusal, String text);

        /**
         * Nobody fit to talk to is there.
         *
         * @param refusing the machine that answered that nothing listens on that port, or null
         */
        void onFailed(String why, InetAddress refusing);
    }

    private final TcpTransport transport;
    private final PeerAddress address;
    private final Hello.Kind kind;
    private final Outcome outcome;
    private final int attempt;
    private Channel channel;
    private boolean helloSent;
    private boolean over;

    /** @param attempt counts up: of several addresses of a name each attempt takes the next */
    Dial(TcpTransport transport, PeerAddress address, Hello.Kind kind, int attempt, Outcome outcome) {
        this.transport = transport;
        this.address = address;
        this.kind = kind;
        this.attempt = attempt;
        this.outcome = outcome;
    }

    void start() {
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(address.host());
        if (literal != null) {
            transport.execute(() -> connect(of(literal)));
            return;
        }
        Thread thread = new Thread(this::lookUp, "lockstep-lookup-" + address.serverId());
        thread.setDaemon(true);
        thread.start();
    }

    private static InetAddress of(byte[] literal) {
        try {
            return InetAddress.getByAddress(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an IP address of " + literal.length + " bytes", e);
        }
    }

    /** On a thread of its own: a name server that does not answer must not hold up the event loop. */
    private void lookUp() {
        InetAddress found;
        String trouble;
        try {
            InetAddress[] all = transport.options().lookup().addressesOf(address.host());
            found = all.length == 0 ? null : all[Math.floorMod(attempt, all.length)];
            trouble = "the name has no address";
        } catch (UnknownHostException e) {
            found = null;
            trouble = "unknown host name";
        }
        InetAddress host = found;
        String why = trouble;
        transport.execute(() -> {
            if (host == null) {
                fail(why, null);
            } else {
                connect(host);
            }
        });
    }

    private void connect(InetAddress host) {
        if (over) {
            return;
        }
        Bootstrap bootstrap = new Bootstrap().group(transport.loop()).channel(Sockets.streamType(transport.loop()))
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) transport.options().handshakeMillis())
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel opened) {
                        opened.pipeline().addLast(new Answer());
                    }
                });
        ChannelFuture connected = bootstrap.connect(new InetSocketAddress(host, address.port()));
        channel = connected.channel();
        connected.addListener(done -> {
            if (done.isSuccess()) {
                sayHello();
            } else if (isRefused(done.cause())) {
                fail("connection refused", host);
            } else {
                fail(String.valueOf(done.cause().getMessage()), null);
            }
        });
    }

    /**
     * Only the words tell a refused connection from others that failed. Where the system's messages are in another language, a
     * dead process is found out by its silence.
     */
    private static boolean isRefused(Throwable cause) {
        return cause instanceof ConnectException && String.valueOf(cause.getMessage()).contains("refused");
    }

    private void sayHello() {
        if (over) {
            channel.close();
        } else if (channel.localAddress() == null || channel.localAddress().equals(channel.remoteAddress())) {
            // Nobody listens there, and the own end got the very port that was dialed.
            channel.close();
            fail("the connection leads to itself", null);
        } else {
            helloSent = true;
            channel.writeAndFlush(Unpooled.wrappedBuffer(transport.hello(kind, address.serverId()).encode()));
        }
    }

    /** Whether the other end may have the hello by now. */
    boolean isHelloSent() {
        return helloSent;
    }

    /** Nothing comes of it any more. */
    void abandon() {
        over = true;
        if (channel != null) {
            channel.close();
        }
    }

    private void fail(String why, InetAddress refusing) {
        if (!over) {
            over = true;
            outcome.onFailed(why, refusing);
        }
    }

    /** Reads the answer to the hello. */
    private final class Answer extends HelloReader {
        Answer() {
            super(transport.options().handshakeMillis() * 2);
        }

        @Override
        void onHello(Channel answered, Hello hello) {
            if (over) {
                answered.close();
                return;
            }
            String objection = hello.kind() == Hello.Kind.REFUSED ? null : transport.objection(hello, address);
            if (objection != null) {
                answered.close();
                fail(objection, null);
                return;
            }
            over = true;
            if (hello.kind() == Hello.Kind.REFUSED) {
                answered.close();
                outcome.onRefused(hello.refusal(), hello.text());
            } else {
                outcome.onWelcome(answered, this, hello);
            }
        }

        @Override
        void onBad(Channel answered, Refusal refusal, String what) {
            answered.close();
            fail("what answers is no fitting server: " + what, null);
        }

        @Override
        void onLost(String why) {
            if (helloSent) {
                fail(why, null);
            }
        }
    }
}
