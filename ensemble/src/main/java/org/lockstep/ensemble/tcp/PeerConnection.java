package org.lockstep.ensemble.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.codec.MessageCodec;
import org.lockstep.ensemble.codec.WireReader;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;

/**
 * The connection to one process on another server, on which everything but bulk data is in order.
 *
 * <p>Rows: at most one is queued at a time. A newer one replaces the one that waits for it to be written, and goes behind all
 * messages queued meanwhile; so a slow reader gets few rows and new ones, and never one before its data. (One is queued even
 * when much waits already: else a link that is busy all the time would carry no heartbeat.)
 */
final class PeerConnection extends FrameReader {
    private final TcpTransport transport;
    private final Peer peer;
    private final Channel channel;
    private final MemberId member;
    private final String remote;
    private final ChannelFutureListener rowWritten = done -> onRowWritten();
    private UUID peerEnsembleId;
    private boolean started;
    private String endedBy;
    private Message.RowUpdate row;
    private boolean rowUnderWay;
    private boolean dirty;
    private boolean heard;
    private boolean asked;
    private long heardAt;

    PeerConnection(TcpTransport transport, Peer peer, Channel channel, Hello hello) {
        super(transport.options().frameBytesMax());
        this.transport = transport;
        this.peer = peer;
        this.channel = channel;
        this.member = hello.member();
        this.peerEnsembleId = hello.ensembleId();
        this.remote = Sockets.remote(channel);
        this.heardAt = transport.nanoTime();
    }

    MemberId member() {
        return member;
    }

    Channel channel() {
        return channel;
    }

    /** The other end's address, also when the connection is closed. */
    String remote() {
        return remote;
    }

    /** Whether both sides have agreed on this connection: only then does anybody hear of it. */
    boolean isStarted() {
        return started;
    }

    void setStarted() {
        started = true;
    }

    /** Why it ended; null when the other end closed it. */
    String endedBy() {
        return endedBy;
    }

    UUID peerEnsembleId() {
        return peerEnsembleId;
    }

    /** Queues; {@link #flush} writes. */
    void send(Message message) {
        if (isOver()) {
            return;
        }
        if (message instanceof Message.RowUpdate update) {
            row = update;
        } else {
            write(transport.frames().of(message));
        }
        dirty = true;
    }

    private void write(ByteBuf frame) {
        long most = transport.options().queueBytesMax() - frame.readableBytes();
        if (queuedBytes() > most) {
            // Full of what is not flushed yet, or of what the peer does not take?
            channel.flush();
        }
        if (queuedBytes() > Math.max(0, most)) {
            frame.release();
            end("it takes nothing: " + queuedBytes() + " bytes wait for it");
            return;
        }
        channel.write(frame, channel.voidPromise());
    }

    private long queuedBytes() {
        ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
        return queue == null ? 0 : queue.totalPendingWriteBytes();
    }

    void flush() {
        if (!dirty || isOver()) {
            return;
        }
        dirty = false;
        writeRow();
        channel.flush();
    }

    private void writeRow() {
        if (row != null && !rowUnderWay) {
            ByteBuf frame = transport.frames().of(row);
            row = null;
            rowUnderWay = true;
            channel.write(frame).addListener(rowWritten);
        }
    }

    private void onRowWritten() {
        rowUnderWay = false;
        if (row != null && !isOver()) {
            dirty = true;
            flush();
            transport.frames().forget();
        }
    }

    /** Queues a frame of whoever extends the transport; {@link #flush} writes. */
    void sendSide(ByteBuf frame) {
        if (isOver()) {
            frame.release();
            return;
        }
        write(frame);
        dirty = true;
    }

    /** Sends one of the transport's own frames at once. */
    void sendNow(ByteBuf frame) {
        if (isOver()) {
            frame.release();
            return;
        }
        write(frame);
        channel.flush();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object bytes) throws Exception {
        heard = true;
        super.channelRead(ctx, bytes);
    }

    @Override
    void onFrame(int type, ByteBuffer frame) throws MalformedMessageException {
        if (!started) {
            if (type != Frames.START) {
                throw new MalformedMessageException("frame " + type + " before the first");
            }
            peer.onStart(this);
        } else if (type < Frames.START) {
            Message message = MessageCodec.decode(frame);
            if (message instanceof Message.Transfer) {
                throw new MalformedMessageException("a transfer in the order of messages");
            }
            transport.heard(this);
            transport.listener().onMessage(member, message);
        } else {
            onOwnFrame(type, frame);
        }
    }

    private void onOwnFrame(int type, ByteBuffer frame) throws MalformedMessageException {
        switch (type) {
            case Frames.PING -> sendNow(transport.frames().of(Frames.PONG));
            case Frames.PONG -> peer.onPong(this);
            case Frames.ENSEMBLE -> {
                WireReader in = new WireReader(frame);
                in.readByte("type");
                peerEnsembleId = in.readUuid("ensemble id");
                in.end("an ensemble id");
                transport.checkEnsemble(this);
            }
            case Frames.SIDE -> {
                if (transport.listener() instanceof SideListener side) {
                    byte[] content = new byte[frame.remaining() - 1];
                    frame.get(frame.position() + 1, content);
                    side.onSide(member, content);
                }
            }
            default -> throw new MalformedMessageException("unknown frame " + type);
        }
    }

    void ping() {
        sendNow(transport.frames().of(Frames.PING));
    }

    /** Called often; {@code sleptNanos} is what this process missed itself. */
    void checkSilence(long nowNanos, long sleptNanos, long silenceNanos) {
        heardAt += sleptNanos;
        if (heard) {
            heard = false;
            asked = false;
            heardAt = nowNanos;
        } else if (nowNanos - heardAt > silenceNanos) {
            end("nothing was heard of it for " + silenceNanos / 1_000_000 + " ms");
        } else if (!asked && nowNanos - heardAt > silenceNanos / 2) {
            asked = true;
            ping();
        }
    }

    /** Closes it. {@link Peer#lost} follows, later. */
    @Override
    void end(String why) {
        if (endedBy == null) {
            endedBy = why;
            row = null;
            channel.close();
        }
    }

    @Override
    boolean isOver() {
        return endedBy != null || transport.isClosed();
    }

    @Override
    void onInactive() {
        peer.lost(this);
    }
}
