package org.lockstep.server.replica;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which zxids a power loss under a lazy policy has taken back. A client that has seen one of them must not go on as if nothing had
 * happened: its session is expired, which is the one message every client understands.
 *
 * <p>Kept as a record in the log, since such a client may come much later.
 */
public final class LostWrites {
    /** The name of the record in the log. */
    public static final String RECORD = "lost-writes";
    /** Older gaps are joined into one: sessions that old have long expired, and a wider gap only expires more. */
    private static final int GAPS_MAX = 64;

    /**
     * Zxids that were given out and then forgotten.
     *
     * @param lastKept the highest zxid that survived
     * @param nextBegins the first zxid given out afterwards is above this one
     */
    private record Gap(long lastKept, long nextBegins) {}

    private final List<Gap> gaps = new ArrayList<>();
    private boolean changed;

    /** Reads a record written by {@link #encode}; null for none. */
    public static LostWrites decode(byte[] record) {
        LostWrites lost = new LostWrites();
        if (record != null) {
            if (record.length % (2 * Long.BYTES) != 0) {
                throw new IllegalStateException("the record of lost writes has " + record.length + " bytes");
            }
            ByteBuffer in = ByteBuffer.wrap(record);
            while (in.hasRemaining()) {
                lost.gaps.add(new Gap(in.getLong(), in.getLong()));
            }
        }
        return lost;
    }

    public byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(gaps.size() * 2 * Long.BYTES);
        gaps.forEach(gap -> out.putLong(gap.lastKept()).putLong(gap.nextBegins()));
        return out.array();
    }

    /** As {@link #encode}, and never empty. */
    byte[] message() {
        byte[] record = encode();
        return ByteBuffer.allocate(Integer.BYTES + record.length).putInt(gaps.size()).put(record).array();
    }

    /** Reads what {@link #message} wrote. */
    static LostWrites ofMessage(byte[] message) {
        if (message.length < Integer.BYTES || message.length != Integer.BYTES + 2L * Long.BYTES * ByteBuffer.wrap(message).getInt()) {
            throw new IllegalStateException("a message of lost writes has " + message.length + " bytes");
        }
        return decode(Arrays.copyOfRange(message, Integer.BYTES, message.length));
    }

    /** Takes over what another server knows. */
    void addAll(LostWrites others) {
        others.gaps.forEach(gap -> add(gap.lastKept(), gap.nextBegins()));
    }

    /**
     * Everything above {@code lastKept} may have been forgotten; new zxids begin above {@code nextBegins}. A gap that is known
     * stays as it is.
     */
    public void add(long lastKept, long nextBegins) {
        if (gaps.stream().anyMatch(gap -> gap.nextBegins() == nextBegins)) {
            return;
        }
        changed = true;
        gaps.add(new Gap(lastKept, nextBegins));
        if (gaps.size() > GAPS_MAX) {
            Gap first = gaps.remove(0);
            gaps.set(0, new Gap(first.lastKept(), gaps.get(0).nextBegins()));
        }
    }

    /** Whether a gap was added since this was asked last: the record should be written. */
    boolean takeChange() {
        boolean was = changed;
        changed = false;
        return was;
    }

    /** True when {@code zxid} was given out and then forgotten. */
    public boolean includes(long zxid) {
        for (Gap gap : gaps) {
            if (zxid > gap.lastKept() && zxid <= gap.nextBegins()) {
                return true;
            }
        }
        return false;
    }
}
