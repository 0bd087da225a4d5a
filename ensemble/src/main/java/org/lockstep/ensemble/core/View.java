package org.lockstep.ensemble.core;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A view: who takes part from here on. Views form a chain; each has exactly one successor.
 *
 * @param viewId its number; the high half of the zxids given in it
 * @param members in rank order; the member of rank k owns the slots (index, k)
 */
public record View(long viewId, List<MemberId> members) {
    private static final int FORMAT = 1;
    private static final int MEMBER_BYTES = Integer.BYTES + 3 * Long.BYTES;
    private static final int HEADER_BYTES = 2 * Integer.BYTES + Long.BYTES;
    /** The name under which a {@link LogStore} keeps the last view. */
    public static final String RECORD = "view";

    public View {
        members = List.copyOf(members);
    }

    /** The rank of {@code member}, or -1 when it is not of this view. */
    public int rankOf(MemberId member) {
        return members.indexOf(member);
    }

    /** The record as it is kept in the log. */
    public byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + members.size() * MEMBER_BYTES);
        out.putInt(FORMAT).putLong(viewId).putInt(members.size());
        for (MemberId member : members) {
            out.putInt(member.serverId());
            out.putLong(member.diskId().getMostSignificantBits()).putLong(member.diskId().getLeastSignificantBits());
            out.putLong(member.incarnation());
        }
        return out.array();
    }

    /** Reads what {@link #encode} wrote; throws {@link LogFailedException} when it is something else. */
    public static View decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (bytes.length < HEADER_BYTES || in.getInt() != FORMAT) {
            throw new LogFailedException("the view record is of a format that this server does not know ("
                    + new String(bytes, 0, Math.min(bytes.length, 16), StandardCharsets.ISO_8859_1) + ")");
        }
        long viewId = in.getLong();
        int count = in.getInt();
        if (count < 0 || in.remaining() != count * MEMBER_BYTES) {
            throw new LogDamagedException("the view record of view " + viewId + " is damaged");
        }
        List<MemberId> members = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            members.add(new MemberId(in.getInt(), new UUID(in.getLong(), in.getLong()), in.getLong()));
        }
        return new View(viewId, members);
    }
}
