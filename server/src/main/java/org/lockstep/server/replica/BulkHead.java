package org.lockstep.server.replica;

import java.nio.ByteBuffer;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.codec.MessageCodec;
import org.lockstep.ensemble.codec.WireReader;
import org.lockstep.ensemble.codec.WireWriter;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;

/**
 * What a bulk stream between two servers is.
 *
 * @param kind what comes
 * @param from the place of the order behind which something is wanted or comes; {@link Position#START} where it says nothing
 * @param about which base, as a {@link Message.Transfer} without content; or which copy of a state, as the {@link Message.Behind}
 *     that made it necessary
 */
record BulkHead(Kind kind, Position from, Message about) {
    /** The steps in which a joiner gets the base of a view that is to be decided, and a follower a state. */
    enum Kind {
        /** Source to joiner, without content: this base is to be had here. */
        OFFER,
        /** Joiner to source, without content: send the base from behind {@code from} on. */
        WANTED,
        /** Source to joiner: the base from behind {@code from} on. */
        BASE,
        /** Follower to feeder, without content: send the state of your last checkpoint. */
        STATE_WANTED,
        /** Feeder to follower: a whole state. */
        STATE,
        /** Source to joiner, without content: the log does not reach back to where the base is wanted from. */
        STATE_NEEDED
    }

    /** Which base it is about. */
    Message.Transfer transfer() {
        return (Message.Transfer) about;
    }

    /** Which copy of a state it is about. */
    long stream() {
        return ((Message.Behind) about).stream();
    }

    byte[] encode() {
        WireWriter out = new WireWriter();
        out.putByte(kind.ordinal());
        out.putLong(from.viewId());
        out.putLong(from.index());
        out.putInt(from.rank());
        MessageCodec.encode(about, out);
        return out.toByteArray();
    }

    static BulkHead decode(byte[] head) throws MalformedMessageException {
        ByteBuffer bytes = ByteBuffer.wrap(head);
        WireReader in = new WireReader(bytes);
        int number = in.readByte("kind of stream");
        if (number >= Kind.values().length) {
            throw new MalformedMessageException("unknown kind of stream " + number);
        }
        Kind kind = Kind.values()[number];
        Position from = new Position(in.readLong("view of a place"), in.readLong("index of a place"),
                in.readInt("rank of a place"));
        Message about = MessageCodec.decode(bytes);
        boolean ofState = kind == Kind.STATE_WANTED || kind == Kind.STATE;
        if (ofState ? !(about instanceof Message.Behind) : !(about instanceof Message.Transfer)) {
            throw new MalformedMessageException("a stream of kind " + kind + " about something else");
        }
        return new BulkHead(kind, from, about);
    }
}
