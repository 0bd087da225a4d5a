package org.lockstep.compat.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.lockstep.wire.JuteWriter;

/** The connect request for a new session, and what the answer to it says. */
final class Handshake {
    static final int TIMEOUT_MILLIS = 30_000;
    private static final int PASSWORD_BYTES = 16;

    private Handshake() {}

    /** The framed request for a new session. */
    static byte[] request() {
        JuteWriter writer = new JuteWriter();
        writer.writeInt(0).writeInt(0).writeLong(0).writeInt(TIMEOUT_MILLIS).writeLong(0);
        writer.writeBuffer(new byte[PASSWORD_BYTES]).writeBoolean(false);
        writer.setInt(0, writer.length() - Integer.BYTES);
        return writer.toByteArray();
    }

    /** What to say when {@code server} gave no session. */
    static String noSession(InetSocketAddress server, IOException reason) {
        return "no session at " + server.getHostString() + ":" + server.getPort() + ": " + reason.getMessage();
    }

    /** True when the body at {@code at} of the answer grants a session: its timeout is positive. */
    static boolean granted(ByteBuffer in, int at) {
        return in.getInt(at + Integer.BYTES) > 0;
    }
}
