package org.lockstep.wire.door;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.SelectStrategy;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;

/** The listening socket for clients. Accepts on the event loop that also serves the connections. */
public final class ClientDoor implements AutoCloseable {
    private static final int WRITE_LOW_BYTES = 256 * 1024;
    private static final int WRITE_HIGH_BYTES = 1024 * 1024;

    private final Channel listener;

    private ClientDoor(Channel listener) {
        this.listener = listener;
    }

    /**
     * One thread for sockets and whatever else its owner runs on it: native epoll where present, NIO elsewhere.
     *
     * @param idling says what the thread does when it runs out of work; used with epoll only
     */
    public static EventLoopGroup newEventLoop(String threadName, SelectStrategy idling) {
        IoHandlerFactory io = Epoll.isAvailable() ? EpollIoHandler.newFactory(0, () -> idling) : NioIoHandler.newFactory();
        return new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(threadName), io);
    }

    /** Opens the door. Throws an {@link IOException} that names the address when it cannot be bound. */
    public static ClientDoor open(EventLoop loop, DoorOptions options, Reception reception) throws IOException {
        Class<? extends ServerSocketChannel> type =
                Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        FrameScratch scratch = new FrameScratch();
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loop)
                .channel(type)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, options.tcpKeepAlive())
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(WRITE_LOW_BYTES, WRITE_HIGH_BYTES))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new ClientConnection(reception, options, scratch));
                    }
                });
        if (options.backlog() > 0) {
            bootstrap.option(ChannelOption.SO_BACKLOG, options.backlog());
        }
        ChannelFuture bound = bootstrap.bind(options.bindAddress()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen on " + options.bindAddress() + ": " + bound.cause().getMessage(), bound.cause());
        }
        return new ClientDoor(bound.channel());
    }

    /** Where the door listens; tells the port when 0 was asked for. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /** Stops accepting. Connections already made stay. */
    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
    }
}
