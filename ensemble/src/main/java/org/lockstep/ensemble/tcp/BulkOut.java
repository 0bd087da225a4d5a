package org.lockstep.ensemble.tcp;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.codec.WireReader;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.MemberId;

/** The sending end of a bulk stream, on a connection of its own, which this end dials. */
final class BulkOut implements BulkSender, BulkStream, Dial.Outcome {
    private final TcpTransport transport;
    private final Peer peer;
    private final byte[] head;
    private final Listener listener;
    private MemberId receiver;
    private Dial dial;
    private Channel channel;
    private long sent;
    private long taken;
    private boolean finished;
    private boolean over;

    BulkOut(TcpTransport transport, Peer peer, byte[] head, Listener listener) {
        this.transport = transport;
        this.peer = peer;
        this.head = head;
        this.listener = listener;
    }

    /** Ends in a call of the listener, later. */
    void begin() {
        PeerConnection connection = peer.connection();
        peer.add(this);
        if (connection == null) {
            transport.execute(() -> end("server " + peer.serverId() + " is not connected"));
            return;
        }
        receiver = connection.member();
        dial = new Dial(transport, peer.address(), Hello.Kind.BULK, 0, this);
        dial.start();
    }

    @Override
    public void onWelcome(Channel welcomed, HelloReader reader, Hello welcome) {
        if (!welcome.member().equals(receiver)) {
            welcomed.close();
            end("another process answers as server " + peer.serverId());
            return;
        }
        channel = welcomed;
        Sockets.makeBulk(channel);
        channel.pipeline().addLast(new Reader());
        channel.pipeline().remove(reader);
        transport.frames().begin(Frames.BULK_HEAD);
        channel.writeAndFlush(transport.frames().frame(head), channel.voidPromise());
        listener.onRoom();
    }

    @Override
    public void onRefused(Refusal refusal, String text) {
        end("server " + peer.serverId() + " refuses: " + text);
    }

    @Override
    public void onFailed(String why, InetAddress refusing) {
        end("cannot reach server " + peer.serverId() + " at " + peer.address() + ": " + why);
    }

    @Override
    public int room() {
        return channel == null || over || finished ? 0 : (int) (WINDOW_CHUNKS - (sent - taken));
    }

    @Override
    public void send(byte[] chunk) {
        if (room() == 0) {
            throw new IllegalStateException("no room for a chunk");
        }
        if (chunk.length == 0 || chunk.length > CHUNK_BYTES_MAX) {
            throw new IllegalArgumentException("a chunk of " + chunk.length + " bytes, from 1 to " + CHUNK_BYTES_MAX + " may be");
        }
        transport.frames().begin(Frames.BULK_CHUNK).putUnsigned(sent++);
        channel.writeAndFlush(transport.frames().frame(chunk), channel.voidPromise());
    }

    @Override
    public void finish() {
        if (channel == null || finished) {
            throw new IllegalStateException(finished ? "finished already" : "not connected");
        }
        finished = true;
        if (!over) {
            transport.frames().begin(Frames.BULK_END).putUnsigned(sent);
            channel.writeAndFlush(transport.frames().frame(), channel.voidPromise());
        }
    }

    @Override
    public void abort(String why) {
        if (!over && channel != null) {
            transport.frames().begin(Frames.BULK_ABORT).putText(BulkIn.shortened(why));
            Sockets.closeWith(channel, transport.frames().frame());
            channel = null; // it ends by itself
        }
        close();
    }

    private void onTaken(long count) throws MalformedMessageException {
        if (count <= taken || count > sent) {
            throw new MalformedMessageException(count + " chunks taken of " + sent + " sent, after " + taken);
        }
        taken = count;
        if (!finished) {
            listener.onRoom();
        }
    }

    private void onDone() throws MalformedMessageException {
        if (!finished || taken != sent) {
            throw new MalformedMessageException("the end of a stream of which " + taken + " of " + sent + " chunks were taken");
        }
        close();
        listener.onFinished();
    }

    @Override
    public void end(String why) {
        if (!over && !transport.isClosed()) {
            close();
            listener.onFailed(why);
        }
    }

    @Override
    public void close() {
        over = true;
        peer.remove(this);
        if (dial != null) {
            dial.abandon();
        }
        if (channel != null) {
            channel.close();
        }
    }

    /** Reads the receiver's answers. */
    private final class Reader extends FrameReader {
        Reader() {
            super(BulkIn.ANSWER_BYTES_MAX);
        }

        @Override
        void onFrame(int type, ByteBuffer frame) throws MalformedMessageException {
            WireReader in = new WireReader(frame);
            in.readByte("type");
            switch (type) {
                case Frames.BULK_ACK -> onTaken(in.readUnsigned(Long.MAX_VALUE, "chunks taken"));
                case Frames.BULK_DONE -> onDone();
                case Frames.BULK_ABORT -> BulkOut.this.end("server " + peer.serverId() + " gave up: "
                        + in.readText(BulkIn.TEXT_BYTES_MAX, "why it gave up"));
                default -> throw new MalformedMessageException("unknown frame " + type);
            }
        }

        @Override
        void end(String why) {
            BulkOut.this.end(why);
        }

        @Override
        boolean isOver() {
            return over;
        }

        @Override
        void onInactive() {
            BulkOut.this.end("the connection was closed by server " + peer.serverId());
        }
    }
}
