package org.lockstep.compat.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.lockstep.compat.wire.FrameSocket;

/** The connect request for a new session, and what the answer to it says. */
final class Handshake {
    static final int TIMEOUT_MILLIS = 30_000;
    private static final int PASSWORD_BYTES = 16;

    private Handshake() {}

    /** The framed request for a new session. */
    static byte[] request() {
        return FrameSocket.sealed(FrameSocket.handshake(0, TIMEOUT_MILLIS, 0, new byte[PASSWORD_BYTES])).toByteArray();
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
