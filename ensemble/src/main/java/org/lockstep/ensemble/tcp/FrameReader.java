package org.lockstep.ensemble.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.zip.CRC32C;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Cuts a stream into checked frames. What is no frame ends the connection; what comes after its end is dropped. */
abstract class FrameReader extends ByteToMessageDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(FrameReader.class);

    private final int frameBytesMax;
    private final CRC32C crc = new CRC32C();

    FrameReader(int frameBytesMax) {
        this.frameBytesMax = frameBytesMax;
    }

    /** One frame, from its type on. The buffer is the reader's and changes when this returns. */
    abstract void onFrame(int type, ByteBuffer frame) throws MalformedMessageException;

    /** Ends the connection for this reason; from now on {@link #isOver}. */
    abstract void end(String why);

    /** Whether nothing more is taken from this connection. */
    abstract boolean isOver();

    /** The connection is gone. */
    abstract void onInactive();

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        try {
            while (!isOver() && in.readableBytes() >= Frames.HEADER_BYTES) {
                int start = in.readerIndex();
                int length = in.getInt(start);
                if (length < 1 || length > frameBytesMax) {
                    throw new MalformedMessageException("a frame of " + length + " bytes, from 1 to " + frameBytesMax
                            + " may be");
                }
                if (in.readableBytes() < Frames.HEADER_BYTES + length) {
                    return;
                }
                ByteBuffer frame = in.internalNioBuffer(start + Frames.HEADER_BYTES, length);
                in.skipBytes(Frames.HEADER_BYTES + length);
                check(frame, in.getInt(start + Integer.BYTES));
                onFrame(frame.get(frame.position()) & 0xff, frame);
            }
        } catch (MalformedMessageException e) {
            end("it sent what is no message: " + e.getMessage());
        }
        if (isOver()) {
            in.skipBytes(in.readableBytes());
        }
    }

    private void check(ByteBuffer frame, int expected) throws MalformedMessageException {
        frame.mark();
        crc.reset();
        crc.update(frame);
        frame.reset();
        if ((int) crc.getValue() != expected) {
            throw new MalformedMessageException("the checksum of a frame of " + frame.remaining() + " bytes is wrong");
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        super.channelInactive(ctx);
        onInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (isOver()) {
            return;
        }
        if (!(cause instanceof IOException)) {
            LOG.error("Failed in the middle of a message", cause);
        }
        end(cause instanceof ClosedChannelException ? "it was closed there" : String.valueOf(cause.getMessage()));
    }
}
