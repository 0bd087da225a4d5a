package org.lockstep.ensemble.codec;

import java.util.ArrayList;
import java.util.List;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.ViewRecord;

/** The messages between followers and feeders; {@link MessageCodec} hands them over. */
final class FollowingCodec {
    private static final int FOLLOW = 15;
    private static final int FEED = 16;
    private static final int BEHIND = 17;
    private static final int FEED_ACK = 18;
    private static final int FORWARD = 19;
    private static final int CLOSE_FORWARDS = 20;
    private static final int FORWARDS_CLOSED = 21;
    private static final int FENCED = 22;

    private FollowingCodec() {}

    /** False when it is no message of this kind. */
    static boolean encode(Message message, WireWriter out) {
        if (message instanceof Message.Follow follow) {
            begin(out, FOLLOW, follow.stream());
            writePosition(out, follow.from());
        } else if (message instanceof Message.Feed feed) {
            begin(out, FEED, feed.stream());
            writeFeed(out, feed);
        } else if (message instanceof Message.Behind behind) {
            begin(out, BEHIND, behind.stream());
        } else if (message instanceof Message.FeedAck ack) {
            begin(out, FEED_ACK, ack.stream());
            writePosition(out, ack.applied());
        } else if (message instanceof Message.Forward forward) {
            begin(out, FORWARD, forward.stream());
            out.putUnsigned(forward.sequence());
        } else if (message instanceof Message.CloseForwards close) {
            begin(out, CLOSE_FORWARDS, close.stream());
            out.putUnsigned(close.viewId());
            Fields.writeMember(out, close.observer());
        } else if (message instanceof Message.ForwardsClosed closed) {
            begin(out, FORWARDS_CLOSED, closed.stream());
            out.putUnsigned(closed.viewId());
            Fields.writeMember(out, closed.observer());
            out.putIndex(closed.lastIndex());
        } else if (message instanceof Message.Fenced fenced) {
            begin(out, FENCED, fenced.stream());
        } else {
            return false;
        }
        return true;
    }

    private static void begin(WireWriter out, int type, long stream) {
        out.putByte(type);
        out.putUnsigned(stream);
    }

    private static void writeFeed(WireWriter out, Message.Feed feed) {
        writePosition(out, feed.after());
        out.putFlag(feed.near());
        writePosition(out, feed.flushed());
        out.putUnsigned(feed.views().size());
        feed.views().forEach(view -> Fields.writeView(out, view));
        out.putUnsigned(feed.slots().size());
        for (Slot slot : feed.slots()) {
            writePosition(out, slot.position());
            out.putUnsigned(slot.payload().length);
            out.putBytes(slot.payload());
        }
    }

    private static void writePosition(WireWriter out, Position position) {
        out.putUnsigned(position.viewId());
        out.putIndex(position.index());
        out.putByte(position.rank());
    }

    /** Decodes what follows the type; null when that is not one of these. */
    static Message decode(int type, WireReader in) throws MalformedMessageException {
        return switch (type) {
            case FOLLOW -> new Message.Follow(readStream(in), readPosition(in));
            case FEED -> decodeFeed(in);
            case BEHIND -> new Message.Behind(readStream(in));
            case FEED_ACK -> new Message.FeedAck(readStream(in), readPosition(in));
            case FORWARD -> new Message.Forward(readStream(in), in.readUnsigned(Long.MAX_VALUE, "sequence"),
                    in.readBytes(in.remaining(), "payload"));
            case CLOSE_FORWARDS -> decodeClose(in);
            case FORWARDS_CLOSED -> decodeClosed(in);
            case FENCED -> new Message.Fenced(readStream(in));
            default -> null;
        };
    }

    private static long readStream(WireReader in) throws MalformedMessageException {
        return in.readUnsigned(Long.MAX_VALUE, "stream");
    }

    private static Position readPosition(WireReader in) throws MalformedMessageException {
        long viewId = Fields.readViewId(in);
        return new Position(viewId, in.readIndex(Fields.INDEX_MAX, "position's index"), Fields.readRank(in));
    }

    private static Message decodeFeed(WireReader in) throws MalformedMessageException {
        long stream = readStream(in);
        Position after = readPosition(in);
        boolean near = in.readFlag("has nearly caught up");
        Position flushed = readPosition(in);
        List<ViewRecord> views = new ArrayList<>();
        for (long left = in.readUnsigned(in.remaining(), "count of views"); left > 0; left--) {
            views.add(Fields.readView(in));
        }
        List<Slot> slots = new ArrayList<>();
        for (long left = in.readUnsigned(in.remaining(), "count of slots"); left > 0; left--) {
            Position position = readPosition(in);
            int bytes = (int) in.readUnsigned(in.remaining(), "payload's length");
            slots.add(new Slot(position, in.readBytes(bytes, "payload")));
        }
        return new Message.Feed(stream, after, views, slots, near, flushed);
    }

    private static Message decodeClose(WireReader in) throws MalformedMessageException {
        long stream = readStream(in);
        long viewId = Fields.readViewId(in);
        return new Message.CloseForwards(viewId, Fields.readMember(in, "observer"), stream);
    }

    private static Message decodeClosed(WireReader in) throws MalformedMessageException {
        long stream = readStream(in);
        long viewId = Fields.readViewId(in);
        MemberId observer = Fields.readMember(in, "observer");
        return new Message.ForwardsClosed(viewId, observer, stream, in.readIndex(Fields.INDEX_MAX, "last slot"));
    }
}
