package org.lockstep.ensemble.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** Says what it may be that speaks another protocol, so that the log line helps to find a wrong port. */
final class Stranger {
    private static final int SHOWN_BYTES = 8;
    private static final long ELECTION_VERSIONS = 0xffff_ffff_ffff_0000L;
    private static final Set<String> HTTP = Set.of("GET ", "HEAD", "POST", "PUT ", "DELE", "OPTI", "PRI ", "CONN");
    private static final Set<Integer> LEARNER_INFO = Set.of(11, 16);
    private static final int CONNECT_REQUEST_LEAST = 44;
    private static final int CONNECT_REQUEST_MOST = 64;

    private Stranger() {}

    /** What the first bytes look like; there is at least one. */
    static String describe(ByteBuf in) {
        int start = in.readerIndex();
        int count = Math.min(SHOWN_BYTES, in.readableBytes());
        if (count >= Integer.BYTES) {
            String first = in.toString(start, Integer.BYTES, StandardCharsets.ISO_8859_1);
            int word = in.getInt(start);
            if (HTTP.contains(first)) {
                return "an HTTP client";
            }
            if (first.chars().allMatch(c -> c >= 'a' && c <= 'z')) {
                return "a client with the four-letter word \"" + first + "\"";
            }
            if (LEARNER_INFO.contains(word)) {
                return "a server of Apache ZooKeeper that looks for its leader";
            }
            if (word >= CONNECT_REQUEST_LEAST && word <= CONNECT_REQUEST_MOST) {
                return "a ZooKeeper client; clients have a port of their own";
            }
        }
        if (count == Long.BYTES && (in.getLong(start) & ~1L) == ELECTION_VERSIONS) {
            return "a server of Apache ZooKeeper that elects a leader";
        }
        if (count >= 2 && in.getByte(start) == 0x16 && in.getByte(start + 1) == 3) {
            return "a TLS client";
        }
        return "bytes of no protocol known here, " + ByteBufUtil.hexDump(in, start, count);
    }
}
