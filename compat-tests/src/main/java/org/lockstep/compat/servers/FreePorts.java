package org.lockstep.compat.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Finds ports to listen on. They lie below the range that Linux gives to outgoing connections, so that no client of a busy test
 * can take a port between the moment it is chosen and the moment the server binds it.
 */
public final class FreePorts {
    private static final int FIRST = 11_000;
    private static final int BOUND = 32_000;
    private static final int ATTEMPTS_MAX = 1000;

    private FreePorts() {}

    /** A port of 127.0.0.1 on which nobody listens now. */
    public static int next() {
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, BOUND);
            if (isFree(port)) {
                return port;
            }
        }
        throw new UncheckedIOException(new IOException("no free port found in " + FIRST + ".." + (BOUND - 1)));
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
