package org.lockstep.server.replica;

import org.lockstep.ensemble.codec.MessageCodec;
import org.lockstep.ensemble.codec.WireWriter;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;

/** Cuts ranges of the order into the chunks of a bulk stream. */
final class RangeWriter {
    private final WireWriter out = new WireWriter();
    private final PartWriter parts = new PartWriter();

    void add(LogRange range) {
        out.clear();
        MessageCodec.encode(new Message.Feed(0, range.after(), range.views(), range.slots(), false, Position.START), out);
        parts.add(out.array(), out.length());
    }

    /** As {@link PartWriter#sendTo}. */
    boolean sendTo(BulkSender sender) {
        return parts.sendTo(sender);
    }
}
