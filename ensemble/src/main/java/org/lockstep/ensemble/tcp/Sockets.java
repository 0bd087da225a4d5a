package org.lockstep.ensemble.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** The sockets that fit an event loop: native epoll where it runs, NIO elsewhere. */
final class Sockets {
    private static final long LINGER_MILLIS = 2000;
    private static final int BULK_KERNEL_BYTES = 256 << 10;

    private Sockets() {}

    private static boolean isEpoll(EventLoop loop) {
        return loop instanceof IoEventLoop io && io.isIoType(EpollIoHandler.class);
    }

    static Class<? extends SocketChannel> streamType(EventLoop loop) {
        return isEpoll(loop) ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    static Class<? extends ServerSocketChannel> listenerType(EventLoop loop) {
        return isEpoll(loop) ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    /** Bulk data takes its turn: little is read at once, little waits in the kernel. */
    static void makeBulk(Channel channel) {
        channel.config().setOption(ChannelOption.SO_SNDBUF, BULK_KERNEL_BYTES);
        channel.config().setRecvByteBufAllocator(new AdaptiveRecvByteBufAllocator().maxMessagesPerRead(2));
        channel.config().setOption(ChannelOption.WRITE_SPIN_COUNT, 2);
    }

    /** The other end's IP address, or null when the channel is closed. */
    static InetAddress remoteIp(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress remote ? remote.getAddress() : null;
    }

    /** The other end, for log lines. */
    static String remote(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress remote
                ? remote.getAddress().getHostAddress() + ":" + remote.getPort() : "a closed connection";
    }

    /**
     * Says the last word on {@code channel}, and closes it when the other end has, or after a while. Closed at once, what is still
     * unread here would make the kernel reset the connection, and the word would be lost on the way.
     */
    static void closeWith(Channel channel, ByteBuf lastWord) {
        channel.writeAndFlush(lastWord).addListener((ChannelFuture sent) -> {
            if (sent.isSuccess()) {
                ((DuplexChannel) channel).shutdownOutput();
                channel.eventLoop().schedule(() -> channel.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
            } else {
                channel.close();
            }
        });
    }
}
