package org.lockstep.ensemble.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the one hello that comes first on a connection, and never more than a few hundred bytes of what is none. Whoever takes
 * the connection over removes this handler; bytes behind the hello go to the next one.
 */
abstract class HelloReader extends ByteToMessageDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(HelloReader.class);

    private final long timeoutMillis;
    private ScheduledFuture<?> timeout;
    private boolean over;

    HelloReader(long timeoutMillis) {
        this.timeoutMillis = timeoutMillis;
    }

    /** A hello has come: the other end's, or its answer. */
    abstract void onHello(Channel channel, Hello hello);

    /** The other end is no server of this protocol and version, or its hello is damaged. The connection is open still. */
    abstract void onBad(Channel channel, Refusal refusal, String what);

    /** The connection ended before a hello came. */
    abstract void onLost(String why);

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        timeout = ctx.executor().schedule(() -> {
            if (end()) {
                ctx.close();
                onLost("no answer within " + timeoutMillis + " ms");
            }
        }, timeoutMillis, TimeUnit.MILLISECONDS);
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        end();
    }

    /** False when it was over before. */
    final boolean end() {
        boolean first = !over;
        over = true;
        if (timeout != null) {
            timeout.cancel(false);
        }
        return first;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (over) {
            // Nothing may follow a hello before its answer.
            in.skipBytes(in.readableBytes());
            ctx.close();
            return;
        }
        int start = in.readerIndex();
        for (int i = 0; i < Math.min(Long.BYTES, in.readableBytes()); i++) {
            if (in.getByte(start + i) != (byte) (Hello.MAGIC >>> 56 - 8 * i)) {
                bad(ctx, in, Refusal.MALFORMED, Stranger.describe(in));
                return;
            }
        }
        if (in.readableBytes() < Hello.PREFIX_BYTES) {
            return;
        }
        int rest = in.getUnsignedShort(start + Hello.PREFIX_BYTES - Short.BYTES);
        int version = in.getUnsignedShort(start + Long.BYTES);
        if (rest > Hello.REST_BYTES_MAX) {
            bad(ctx, in, Refusal.OTHER_VERSION, versions(version) + ", in a hello of " + rest + " bytes");
        } else if (in.readableBytes() >= Hello.PREFIX_BYTES + rest) {
            byte[] whole = new byte[Hello.PREFIX_BYTES + rest];
            in.readBytes(whole);
            decode(ctx, in, whole, version);
        }
    }

    private void decode(ChannelHandlerContext ctx, ByteBuf in, byte[] whole, int version) {
        try {
            Hello hello = Hello.decode(whole);
            if (end()) {
                onHello(ctx.channel(), hello);
            }
        } catch (MalformedMessageException e) {
            boolean otherVersion = version != Hello.VERSION;
            bad(ctx, in, otherVersion ? Refusal.OTHER_VERSION : Refusal.MALFORMED,
                    otherVersion ? versions(version) : e.getMessage());
        }
    }

    private static String versions(int version) {
        return "it speaks version " + version + " of the protocol, this server version " + Hello.VERSION;
    }

    private void bad(ChannelHandlerContext ctx, ByteBuf in, Refusal refusal, String what) {
        in.skipBytes(in.readableBytes());
        if (end()) {
            onBad(ctx.channel(), refusal, what);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        super.channelInactive(ctx);
        if (end()) {
            onLost("the connection was closed before an answer came");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
        if (!(cause instanceof IOException)) {
            LOG.error("Failed in the middle of a handshake", cause);
        }
        if (end()) {
            onLost(String.valueOf(cause.getMessage()));
        }
    }

    /** Says no, and closes when that is sent. */
    static void refuse(Channel channel, Refusal refusal, String text) {
        channel.writeAndFlush(Unpooled.wrappedBuffer(Hello.refused(refusal, text).encode()))
                .addListener(ChannelFutureListener.CLOSE);
    }
}
