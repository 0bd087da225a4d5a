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
 * @param transfer which base it is about, without content
 */
record BulkHead(Kind kind, Position from, Message.Transfer transfer) {
    /** The three steps in which a joiner gets the base of a view that is to be decided. */
    enum Kind {
        /** Source to joiner, without content: this base is to be had here. */
        OFFER,
        /** Joiner to source, without content: send the base from behind {@code from} on. */
        WANTED,
        /** Source to joiner: the base from behind {@code from} on. */
        BASE
    }

    byte[] encode() {
        WireWriter out = new WireWriter();
        out.putByte(kind.ordinal());
        out.putLong(from.viewId());
        out.putLong(from.index());
        out.putInt(from.rank());
        MessageCodec.encode(transfer, out);
        return out.toByteArray();
    }

    static BulkHead decode(byte[] head) throws MalformedMessageException {
        ByteBuffer bytes = ByteBuffer.wrap(head);
        WireReader in = new WireReader(bytes);
        int kind = in.readByte("kind of stream");
        if (kind >= Kind.values().length) {
            throw new MalformedMessageException("unknown kind of stream " + kind);
        }
        Position from = new Position(in.readLong("view of a place"), in.readLong("index of a place"),
                in.readInt("rank of a place"));
        if (!(MessageCodec.decode(bytes) instanceof Message.Transfer transfer)) {
            throw new MalformedMessageException("a stream that is about no transfer");
        }
        return new BulkHead(Kind.values()[kind], from, transfer);
    }
}
