package org.lockstep.wire.door;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.lockstep.wire.EventType;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's socket: frames in, replies and watch events out, in order.
 *
 * <p><b>Threads.</b> Everything happens on the channel's event loop, calls from the {@link Reception} included.
 *
 * <p><b>Output</b> is gathered in one buffer and leaves with {@link #flush()}, so a burst of replies costs one system call. Output
 * may be gated ({@link #holdOutput()}): then it is gathered, in order, until released.
 */
public final class ClientConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);
    private static final int OUTPUT_BYTES_INITIAL = 2048;
    /** As much as this is handed to the socket even within a burst, so that the water marks see a client that does not read. */
    private static final int OUTPUT_BYTES_MAX = 256 * 1024;
    private static final int LAST_WORDS_MILLIS_MAX = 5_000;
    private static final int REPLY_HEADER_BYTES = 16;
    private static final int REQUEST_HEADER_BYTES = 8;
    private static final int NOTIFICATION_XID = -1;

    /** Reasons for not reading; reading goes on when none is left. */
    public enum Pause {
        HANDSHAKE,
        OUTSTANDING_LIMIT,
        SLOW_READER,
        HELD_OUTPUT
    }

    private enum Phase {
        FIRST_BYTES,
        HANDSHAKE,
        OPEN,
        CLOSING
    }

    private final Reception reception;
    private final DoorOptions options;
    private final FrameScratch scratch;
    private final ConnectionStats stats = new ConnectionStats(System.currentTimeMillis());
    private ChannelHandlerContext context;
    private Phase phase = Phase.FIRST_BYTES;
    private ByteBuf input;
    private ByteBuf output;
    private int pauses;
    private boolean parsing;
    private boolean heldOutput;
    private boolean accepted;
    private boolean knowsReadOnly = true;
    private Object attachment;

    ClientConnection(Reception reception, DoorOptions options, FrameScratch scratch) {
        this.reception = reception;
        this.options = options;
        this.scratch = scratch;
    }

    public Channel channel() {
        return context.channel();
    }

    public InetSocketAddress remoteAddress() {
        return (InetSocketAddress) context.channel().remoteAddress();
    }

    public ConnectionStats stats() {
        return stats;
    }

    /** Whatever the reception ties to this connection. */
    public Object attachment() {
        return attachment;
    }

    public void attach(Object newAttachment) {
        attachment = newAttachment;
    }

    public boolean isOpen() {
        return phase != Phase.CLOSING && context.channel().isActive();
    }

    /** False while any {@link Pause} is in force. */
    public boolean isReading() {
        return pauses == 0;
    }

    /** True while reading is paused for this reason, whatever others there are. */
    public boolean isPaused(Pause reason) {
        return (pauses & 1 << reason.ordinal()) != 0;
    }

    public boolean isWritable() {
        return context.channel().isWritable();
    }

    /** Bytes accepted for this client that its socket has not taken yet. */
    public long pendingOutputBytes() {
        long held = output == null ? 0 : output.readableBytes();
        ChannelOutboundBuffer sending = context.channel().unsafe().outboundBuffer();
        return sending == null ? held : held + sending.totalPendingWriteBytes();
    }

    // ---- output

    /** Answers the handshake with a session and lets requests in. */
    public void acceptSession(int timeoutMillis, long sessionId, byte[] password, boolean readOnly) {
        writeConnectResponse(timeoutMillis, sessionId, password, readOnly);
        phase = Phase.OPEN;
        flush();
        resumeReading(Pause.HANDSHAKE);
    }

    /** Tells the client that its session is gone for good (timeout 0), then closes. */
    public void refuseSession() {
        writeConnectResponse(0, 0, new byte[16], false);
        closeAfterFlush();
    }

    private void writeConnectResponse(int timeoutMillis, long sessionId, byte[] password, boolean readOnly) {
        ByteBuf out = output();
        out.writeInt(Integer.BYTES * 3 + Long.BYTES + password.length + (knowsReadOnly ? 1 : 0));
        out.writeInt(0);
        out.writeInt(timeoutMillis);
        out.writeLong(sessionId);
        out.writeInt(password.length);
        out.writeBytes(password);
        if (knowsReadOnly) {
            out.writeBoolean(readOnly);
        }
        stats.sentCount++;
    }

    /** Appends a reply; {@code body} is copied, and ignored when {@code err} is not 0. Null stands for an empty body. */
    public void reply(int xid, long zxid, int err, JuteWriter body) {
        if (phase == Phase.CLOSING) {
            return;
        }
        int bodyBytes = err != 0 || body == null ? 0 : body.length();
        ByteBuf out = output();
        out.ensureWritable(Integer.BYTES + REPLY_HEADER_BYTES + bodyBytes);
        out.writeInt(REPLY_HEADER_BYTES + bodyBytes);
        out.writeInt(xid);
        out.writeLong(zxid);
        out.writeInt(err);
        if (bodyBytes > 0) {
            out.writeBytes(body.array(), 0, bodyBytes);
        }
        stats.sentCount++;
        boundOutput();
    }

    /** Appends a watch event; {@code zxid} is that of the change, -1 for the catch-up events of setWatches. */
    public void event(int type, String path, long zxid) {
        if (phase == Phase.CLOSING) {
            return;
        }
        byte[] pathBytes = path.getBytes(StandardCharsets.UTF_8);
        ByteBuf out = output();
        int length = REPLY_HEADER_BYTES + Integer.BYTES * 3 + pathBytes.length;
        out.ensureWritable(Integer.BYTES + length);
        out.writeInt(length);
        out.writeInt(NOTIFICATION_XID);
        out.writeLong(zxid);
        out.writeInt(0);
        out.writeInt(type);
        out.writeInt(EventType.STATE_SYNC_CONNECTED);
        out.writeInt(pathBytes.length);
        out.writeBytes(pathBytes);
        stats.sentCount++;
        boundOutput();
    }

    /** Keeps a burst of requests, each small, from gathering answers without limit. */
    private void boundOutput() {
        if (output.readableBytes() < OUTPUT_BYTES_MAX) {
            return;
        }
        if (heldOutput) {
            pauseReading(Pause.HELD_OUTPUT);
        } else {
            flush();
        }
    }

    /** Hands what was gathered to the socket. */
    public void flush() {
        if (output != null && !heldOutput && output.isReadable()) {
            ByteBuf out = output;
            output = null;
            context.writeAndFlush(out, context.voidPromise());
        }
    }

    /** From here on output is gathered but not sent. */
    public void holdOutput() {
        flush();
        heldOutput = true;
    }

    /** Ends {@link #holdOutput()} and sends what was gathered meanwhile. */
    public void releaseOutput() {
        heldOutput = false;
        flush();
        if (isPaused(Pause.HELD_OUTPUT)) {
            resumeReading(Pause.HELD_OUTPUT);
            flush();
        }
    }

    /** Sends what was gathered, then closes; a client that does not take it in time is closed without. Later output is dropped. */
    public void closeAfterFlush() {
        if (phase == Phase.CLOSING) {
            return;
        }
        phase = Phase.CLOSING;
        heldOutput = false;
        ByteBuf out = output;
        output = null;
        if (out != null && out.isReadable()) {
            ChannelFuture sent = context.writeAndFlush(out).addListener(ChannelFutureListener.CLOSE);
            if (!sent.isDone()) {
                context.executor().schedule(() -> context.close(), LAST_WORDS_MILLIS_MAX, TimeUnit.MILLISECONDS);
            }
        } else {
            if (out != null) {
                out.release();
            }
            context.close();
        }
    }

    /** Closes without a word. */
    public void close() {
        phase = Phase.CLOSING;
        if (output != null) {
            output.release();
            output = null;
        }
        context.close();
    }

    private ByteBuf output() {
        if (output == null) {
            output = context.alloc().directBuffer(OUTPUT_BYTES_INITIAL);
        }
        return output;
    }

    // ---- input

    public void pauseReading(Pause reason) {
        pauses |= 1 << reason.ordinal();
        context.channel().config().setAutoRead(false);
    }

    public void resumeReading(Pause reason) {
        pauses &= ~(1 << reason.ordinal());
        if (pauses != 0 || phase == Phase.CLOSING) {
            return;
        }
        parse();
        flush(); // what was answered on the spot: no read from the socket will end this burst
        if (pauses == 0 && phase != Phase.CLOSING) {
            context.channel().config().setAutoRead(true);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        accepted = reception.onAccept(this);
        if (!accepted) {
            close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf arrived = (ByteBuf) message;
        if (phase == Phase.CLOSING) {
            arrived.release();
            return;
        }
        input = input == null ? arrived : append(ctx, input, arrived);
        parse();
    }

    private static ByteBuf append(ChannelHandlerContext ctx, ByteBuf head, ByteBuf tail) {
        if (head.refCnt() == 1 && head.maxWritableBytes() >= tail.readableBytes() && !head.isReadOnly()) {
            head.discardSomeReadBytes();
            head.writeBytes(tail);
            tail.release();
            return head;
        }
        ByteBuf joined = ctx.alloc().directBuffer(head.readableBytes() + tail.readableBytes());
        joined.writeBytes(head).writeBytes(tail);
        head.release();
        tail.release();
        return joined;
    }

    private void parse() {
        if (parsing || input == null) {
            return; // a reception that resumes reading from within a call is served by the loop already running
        }
        parsing = true;
        try {
            while (pauses == 0 && phase != Phase.CLOSING && parseOne()) {
                // each round handed one frame over
            }
        } finally {
            parsing = false;
        }
        if (input != null && (!input.isReadable() || phase == Phase.CLOSING)) {
            input.release();
            input = null;
        }
    }

    private boolean parseOne() {
        if (input.readableBytes() < Integer.BYTES) {
            return false;
        }
        int start = input.readerIndex();
        int length = input.getInt(start);
        if (phase == Phase.FIRST_BYTES) {
            if (answeredFourLetterWord(length)) {
                return false;
            }
            phase = Phase.HANDSHAKE;
        }
        if (length < 0 || length > options.frameBytesMax()) {
            LOG.warn("Closing {}: a frame of {} bytes is announced, jute.maxbuffer is {}", remoteAddress(), length,
                    options.frameBytesMax());
            close();
            return false;
        }
        if (input.readableBytes() - Integer.BYTES < length) {
            return false;
        }
        input.skipBytes(Integer.BYTES);
        byte[] frame = scratch.ofLength(length);
        input.readBytes(frame, 0, length);
        stats.receivedCount++;
        if (phase == Phase.HANDSHAKE) {
            handshake(frame, length);
        } else {
            request(frame, length);
        }
        return true;
    }

    private boolean answeredFourLetterWord(int letters) {
        String word = FourLetters.text(letters);
        String answer = word == null ? null : reception.onFourLetterWord(this, word);
        if (answer == null) {
            return false;
        }
        output().writeBytes(answer.getBytes(StandardCharsets.UTF_8));
        closeAfterFlush();
        return true;
    }

    private void handshake(byte[] frame, int length) {
        try {
            ConnectRequest request = ConnectRequest.decode(scratch.reader(frame, 0, length));
            knowsReadOnly = request.knowsReadOnly();
            pauseReading(Pause.HANDSHAKE);
            reception.onConnect(this, request);
        } catch (MalformedRecordException e) {
            LOG.warn("Closing {}: no ZooKeeper handshake: {}", remoteAddress(), e.getMessage());
            close();
        }
    }

    private void request(byte[] frame, int length) {
        if (length < REQUEST_HEADER_BYTES) {
            LOG.warn("Closing {}: a request of {} bytes has no header", remoteAddress(), length);
            close();
            return;
        }
        try {
            JuteReader header = scratch.reader(frame, 0, length);
            int xid = header.readInt();
            int opcode = header.readInt();
            reception.onRequest(this, xid, opcode, frame, REQUEST_HEADER_BYTES, length - REQUEST_HEADER_BYTES);
        } catch (MalformedRecordException e) {
            throw new DecoderException(e); // unreachable: the header's length was checked
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reception.onReadComplete(this);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        reception.onWritabilityChanged(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        phase = Phase.CLOSING;
        if (input != null && !parsing) {
            input.release();
            input = null;
        }
        if (output != null) {
            output.release();
            output = null;
        }
        if (accepted) {
            accepted = false;
            reception.onClosed(this);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("Connection of {} broke: {}", remoteAddress(), cause.toString());
        } else {
            LOG.error("Closing {} after an internal error", remoteAddress(), cause);
        }
        close();
    }
}
