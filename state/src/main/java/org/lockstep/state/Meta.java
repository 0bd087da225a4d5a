package org.lockstep.state;

import java.nio.charset.StandardCharsets;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;

/** The single values of a checkpoint: how far it goes and what it counts. */
record Meta(long lastZxid, long nodeCount, long dataBytes, long digest) {
    private static final int FORMAT = 1;
    private static final String COUNTERS = "counters";
    private static final String MARK = "mark";

    void writeTo(Checkpoint.Sink sink, byte[] mark) {
        byte[] value = new JuteWriter().writeInt(FORMAT).writeLong(lastZxid).writeLong(nodeCount).writeLong(dataBytes)
                .writeLong(digest).toByteArray();
        sink.entry(StateBase.Table.META, COUNTERS.getBytes(StandardCharsets.US_ASCII), value);
        sink.entry(StateBase.Table.META, MARK.getBytes(StandardCharsets.US_ASCII), mark);
    }

    static boolean isCounters(byte[] key) {
        return COUNTERS.equals(new String(key, StandardCharsets.US_ASCII));
    }

    static boolean isMark(byte[] key) {
        return MARK.equals(new String(key, StandardCharsets.US_ASCII));
    }

    static Meta read(byte[] value) throws MalformedRecordException {
        JuteReader in = new JuteReader(value);
        int format = in.readInt();
        if (format != FORMAT) {
            throw new MalformedRecordException("counters of format " + format + ", this server knows " + FORMAT);
        }
        return new Meta(in.readLong(), in.readLong(), in.readLong(), in.readLong());
    }
}
