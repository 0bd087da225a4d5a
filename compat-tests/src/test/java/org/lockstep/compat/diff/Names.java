package org.lockstep.compat.diff;

import java.util.HashMap;
import java.util.Map;

/**
 * Replaces what two correct servers may choose differently by names that must be equal: zxids become distances from the program's
 * start, session ids the number of the session in the program, times their relation to each other.
 */
final class Names {
    private static final long CLOCK_TOLERANCE_MILLIS = 120_000;
    private static final long EPOCH_MASK = 0xffffffff00000000L;

    private final Map<Long, String> sessions = new HashMap<>();
    private final Map<Long, Long> timeOfZxid = new HashMap<>();
    private long baseZxid;

    /** A program starts: its zxids are counted from {@code zxid}. */
    void begin(long zxid) {
        baseZxid = zxid;
        sessions.clear();
        timeOfZxid.clear();
    }

    long baseZxid() {
        return baseZxid;
    }

    void session(long id, int number) {
        sessions.put(id, "S" + number);
    }

    /** {@code +n} for the n-th zxid since the program's start, {@code old} for any before. */
    String zxid(long zxid) {
        if (zxid == 0 || zxid == -1) {
            return Long.toString(zxid);
        }
        if (zxid > 0 && zxid < baseZxid) {
            return "old";
        }
        if ((zxid & EPOCH_MASK) == (baseZxid & EPOCH_MASK)) {
            return "+" + (zxid - baseZxid);
        }
        return "?0x" + Long.toHexString(zxid);
    }

    String session(long id) {
        return id == 0 ? "0" : sessions.getOrDefault(id, "?0x" + Long.toHexString(id));
    }

    /**
     * A time that a Stat says {@code zxid} happened at: 0 as it is, any other as {@code now} if it is near the present and the
     * same as in every other Stat that named this zxid.
     */
    String time(long zxid, long timeMillis) {
        if (timeMillis == 0) {
            return "0";
        }
        Long known = timeOfZxid.putIfAbsent(zxid, timeMillis);
        if (known != null && known != timeMillis) {
            return "differs(zxid had " + known + ", now " + timeMillis + ")";
        }
        if (Math.abs(System.currentTimeMillis() - timeMillis) > CLOCK_TOLERANCE_MILLIS && zxid >= baseZxid) {
            return "far(" + timeMillis + ")";
        }
        return "now";
    }
}
