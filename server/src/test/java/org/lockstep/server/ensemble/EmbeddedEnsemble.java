package org.lockstep.server.ensemble;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.lockstep.server.LockstepServer;
import org.lockstep.server.config.ServerConfig;

/** Servers of one ensemble in this process, over loopback and real disks; each can be stopped and started again. */
final class EmbeddedEnsemble implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** What any server has reported as fatal. */
    final List<String> failures = new CopyOnWriteArrayList<>();
    private final Path dir;
    private final String policy;
    private final int size;
    private final List<Integer> ports;
    private final LockstepServer[] servers;
    private final Properties more = new Properties();
    private int observer;

    EmbeddedEnsemble(Path dir, String policy, int size) throws IOException {
        this.dir = dir;
        this.policy = policy;
        this.size = size;
        this.ports = freePorts(2 * size);
        this.servers = new LockstepServer[size];
    }

    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> open = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            open.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            ports.add(open.get(i).getLocalPort());
        }
        for (ServerSocket socket : open) {
            socket.close();
        }
        return ports;
    }

    /** Sets a key of every server's configuration. */
    EmbeddedEnsemble with(String key, String value) {
        more.setProperty(key, value);
        return this;
    }

    /** This server is an observer, and no voter. */
    EmbeddedEnsemble withObserver(int id) {
        observer = id;
        return this;
    }

    /** Takes a stopped server's data away. */
    void wipe(int id) throws IOException {
        try (Stream<Path> files = Files.walk(dir.resolve("server" + id))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Whether the server has put a copied state in the place of its own. */
    boolean startedOver(int id) {
        return servers[id - 1].startOverCount() > 0;
    }

    /** Starts server {@code id}, from 1 on. */
    LockstepServer start(int id) throws Exception {
        Path data = dir.resolve("server" + id);
        Files.createDirectories(data);
        Files.writeString(data.resolve("myid"), id + "\n");
        Properties cfg = new Properties();
        cfg.setProperty("dataDir", data.toString());
        cfg.setProperty("clientPort", String.valueOf(ports.get(size + id - 1)));
        cfg.setProperty("clientPortAddress", "127.0.0.1");
        cfg.setProperty("tickTime", "500");
        cfg.setProperty("initLimit", "10");
        cfg.setProperty("syncLimit", "5");
        cfg.setProperty("maxClientCnxns", "0");
        cfg.setProperty("fsyncPolicy", policy);
        more.forEach((key, value) -> cfg.setProperty((String) key, (String) value));
        for (int peer = 1; peer <= size; peer++) {
            cfg.setProperty("server." + peer, "127.0.0.1:" + ports.get(peer - 1) + ":1"
                    + (peer == observer ? ":observer" : ""));
        }
        servers[id - 1] = LockstepServer.start(ServerConfig.of(cfg), (what, cause) -> {
            failures.add("server " + id + ": " + what + ": " + cause);
            if (cause != null) {
                cause.printStackTrace();
            }
        });
        return servers[id - 1];
    }

    void startAll() throws Exception {
        for (int id = 1; id <= size; id++) {
            start(id);
        }
    }

    /** Starts all, and waits until servers 1, 2 and 3 are the first view. */
    void form() throws Exception {
        startAll();
        awaitView(1, 1, 2, 3);
    }

    LockstepServer server(int id) {
        return servers[id - 1];
    }

    int clientPort(int id) {
        return ports.get(size + id - 1);
    }

    void stop(int id) {
        servers[id - 1].close();
        servers[id - 1] = null;
    }

    /** Waits until the servers {@code ids} are in one view, {@code viewId} or a later one, and nobody else is. */
    void awaitView(long viewId, Integer... ids) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!areInView(viewId, List.of(ids))) {
            if (System.nanoTime() > deadline) {
                StringBuilder where = new StringBuilder();
                for (int id : ids) {
                    where.append(" server ").append(id).append(" in view ").append(server(id).viewId()).append(" of ")
                            .append(server(id).memberIds());
                }
                throw new AssertionError("no view " + viewId + " of " + List.of(ids) + " but" + where + "; failures " + failures);
            }
            Thread.sleep(10);
        }
    }

    private boolean areInView(long viewId, List<Integer> ids) {
        long seen = -1;
        for (int id : ids) {
            long now = server(id).viewId();
            if (now < viewId || seen >= 0 && now != seen || !server(id).memberIds().stream().sorted().toList().equals(ids)) {
                return false;
            }
            seen = now;
        }
        return true;
    }

    @Override
    public void close() {
        for (LockstepServer server : servers) {
            if (server != null) {
                server.close();
            }
        }
    }
}
