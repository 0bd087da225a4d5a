package org.lockstep.ensemble.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import java.nio.ByteBuffer;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.codec.WireReader;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.MemberId;

/** The receiving end of a bulk stream. */
final class BulkIn extends FrameReader implements BulkReceiver.Stream, BulkStream {
    static final int TEXT_BYTES_MAX = 400;
    static final int ANSWER_BYTES_MAX = 512;
    private static final int FRAME_BYTES_MAX = Math.max(BulkSender.CHUNK_BYTES_MAX, BulkSender.HEAD_BYTES_MAX) + 64;

    private final TcpTransport transport;
    private final Peer peer;
    private final Channel channel;
    private final MemberId sender;
    private BulkReceiver receiver;
    private long received;
    private long taken;
    private boolean whole;
    private boolean over;

    BulkIn(TcpTransport transport, Peer peer, Channel channel, MemberId sender) {
        super(FRAME_BYTES_MAX);
        this.transport = transport;
        this.peer = peer;
        this.channel = channel;
        this.sender = sender;
    }

    /** Text that surely fits. */
    static String shortened(String text) {
        return text.length() > TEXT_BYTES_MAX / 4 ? text.substring(0, TEXT_BYTES_MAX / 4) : text;
    }

    @Override
    void onFrame(int type, ByteBuffer frame) throws MalformedMessageException {
        WireReader in = new WireReader(frame);
        in.readByte("type");
        if (receiver == null) {
            if (type != Frames.BULK_HEAD || in.remaining() > BulkSender.HEAD_BYTES_MAX) {
                throw new MalformedMessageException("frame " + type + " where a stream begins");
            }
            receiver = transport.listener().onBulk(sender, in.readBytes(in.remaining(), "head"), this);
            if (receiver == null) {
                abort("it is not wanted here");
            }
            return;
        }
        switch (type) {
            case Frames.BULK_CHUNK -> onChunk(in);
            case Frames.BULK_END -> onEnd(in);
            case Frames.BULK_ABORT -> end("server " + peer.serverId() + " gave up: " + in.readText(TEXT_BYTES_MAX, "why"));
            default -> throw new MalformedMessageException("unknown frame " + type);
        }
    }

    private void onChunk(WireReader in) throws MalformedMessageException {
        long number = in.readUnsigned(Long.MAX_VALUE, "chunk's number");
        if (number != received || whole || received - taken >= WINDOW_CHUNKS) {
            throw new MalformedMessageException("chunk " + number + " where " + received + " were received and " + taken
                    + " taken" + (whole ? ", behind the end" : ""));
        }
        received++;
        receiver.onChunk(in.readBytes(in.remaining(), "chunk"));
    }

    private void onEnd(WireReader in) throws MalformedMessageException {
        long count = in.readUnsigned(Long.MAX_VALUE, "count of chunks");
        if (count != received || whole) {
            throw new MalformedMessageException("a stream of " + count + " chunks ends after " + received);
        }
        whole = true;
        receiver.onEnd();
        sayDone();
    }

    @Override
    public void taken() {
        if (taken == received) {
            throw new IllegalStateException("all " + received + " chunks were taken before");
        }
        taken++;
        if (!over) {
            transport.frames().begin(Frames.BULK_ACK).putUnsigned(taken);
            write(transport.frames().frame());
            sayDone();
        }
    }

    private void sayDone() {
        if (whole && taken == received && !over) {
            over = true;
            peer.remove(this);
            channel.writeAndFlush(transport.frames().of(Frames.BULK_DONE)).addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void write(ByteBuf frame) {
        channel.writeAndFlush(frame, channel.voidPromise());
    }

    @Override
    public void abort(String why) {
        if (!over) {
            over = true;
            peer.remove(this);
            transport.frames().begin(Frames.BULK_ABORT).putText(shortened(why));
            Sockets.closeWith(channel, transport.frames().frame());
        }
    }

    @Override
    public void end(String why) {
        if (over || transport.isClosed()) {
            return;
        }
        close();
        if (receiver != null && !whole) {
            receiver.onFailed(why);
        }
    }

    @Override
    public void close() {
        over = true;
        peer.remove(this);
        channel.close();
    }

    @Override
    boolean isOver() {
        return over;
    }

    @Override
    void onInactive() {
        end("the connection was closed by server " + peer.serverId());
    }
}
