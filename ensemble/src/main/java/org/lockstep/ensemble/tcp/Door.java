package org.lockstep.ensemble.tcp;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.lockstep.ensemble.core.PeerAddress;

/** The listening socket for the other servers. It stays open when the process goes on as another incarnation. */
final class Door {
    private static final int BACKLOG = 128;

    private final Channel listener;
    private TcpTransport owner;

    private Door(Channel listener) {
        this.listener = listener;
    }

    /** Opens the door, not on the event loop. */
    static Door open(EventLoop loop, TcpOptions options) throws IOException {
        PeerAddress self = options.self();
        InetSocketAddress bind = new InetSocketAddress(self.port());
        if (!options.listenOnAllIps()) {
            try {
                bind = new InetSocketAddress(InetAddress.getByName(self.host()), self.port());
            } catch (UnknownHostException e) {
                throw new IOException("cannot listen for the other servers: this machine does not know its own name "
                        + self.host() + "; correct server." + self.serverId() + " or set quorumListenOnAllIPs=true", e);
            }
        }
        Door[] door = new Door[1];
        ServerBootstrap bootstrap = new ServerBootstrap().group(loop).channel(Sockets.listenerType(loop))
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        door[0].arrived(channel);
                    }
                });
        // Nobody is let in before there is somebody to receive him.
        bootstrap.option(ChannelOption.AUTO_READ, false);
        ChannelFuture bound = bootstrap.bind(bind).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen for the other servers on " + bind.getAddress().getHostAddress() + ":"
                    + bind.getPort() + " (server." + self.serverId() + "): " + bound.cause().getMessage(), bound.cause());
        }
        door[0] = new Door(bound.channel());
        return door[0];
    }

    /** On the event loop. */
    void setOwner(TcpTransport transport) {
        owner = transport;
        listener.config().setAutoRead(true);
    }

    private void arrived(Channel channel) {
        owner.arrived(channel);
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    ChannelFuture close() {
        return listener.close();
    }
}
