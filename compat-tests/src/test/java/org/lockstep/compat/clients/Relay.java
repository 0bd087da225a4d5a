package org.lockstep.compat.clients;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.lockstep.compat.servers.FreePorts;
import org.lockstep.compat.servers.ServerProcess;

/** A wire between clients and a server that can be cut and joined again, while both ends live on. */
final class Relay implements AutoCloseable {
    private final ServerProcess server;
    private final int port = FreePorts.next();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile ServerSocket listener;

    /** A wire that is joined. */
    Relay(ServerProcess server) throws IOException {
        this.server = server;
        join();
    }

    String connectString() {
        return ServerProcess.HOST + ":" + port;
    }

    /** Listens again after {@link #cut()}. */
    void join() throws IOException {
        ServerSocket socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        listener = socket;
        daemon(() -> accept(socket));
    }

    /** Drops all connections and refuses new ones. */
    void cut() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        sockets.clear();
    }

    @Override
    public void close() throws IOException {
        cut();
    }

    private void accept(ServerSocket from) {
        while (!from.isClosed()) {
            try {
                Socket near = from.accept();
                sockets.add(near);
                Socket far = new Socket(server.host(), server.port());
                sockets.add(far);
                near.setTcpNoDelay(true);
                far.setTcpNoDelay(true);
                daemon(() -> pump(near, far));
                daemon(() -> pump(far, near));
                if (from.isClosed()) {
                    near.close();
                    far.close();
                }
            } catch (IOException cutOrServerAway) {
                // the client sees a closed connection and tries again
            }
        }
    }

    private void pump(Socket from, Socket to) {
        try (from; to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            in.transferTo(out);
        } catch (IOException cut) {
            // both ends are closed now
        }
        sockets.remove(from);
        sockets.remove(to);
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "relay");
        thread.setDaemon(true);
        thread.start();
    }
}
