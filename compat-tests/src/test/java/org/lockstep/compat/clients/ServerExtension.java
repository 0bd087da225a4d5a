package org.lockstep.compat.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.lockstep.compat.servers.ApacheProcess;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;

/**
 * One server process for a test class. Clients made here are closed after each test; after the last one a Lockstep server's log
 * must hold no error, no stack trace and no buffer leak (leak detection is on). Logs stay under {@code target/clients},
 * data does not.
 */
final class ServerExtension implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    static final int SESSION_TIMEOUT_MILLIS = 20_000;

    private static final AtomicInteger ROOTS = new AtomicInteger();

    private final Consumer<ServerOptions> settings;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private Path directory;
    private ServerProcess server;

    ServerExtension() {
        this(options -> {});
    }

    /** @param settings changes what the server starts with */
    ServerExtension(Consumer<ServerOptions> settings) {
        this.settings = settings;
    }

    /** False when the tests run against Apache ZooKeeper. */
    static boolean isLockstep() {
        return switch (System.getProperty("compat.server", "lockstep")) {
            case "lockstep" -> true;
            case "apache" -> false;
            default -> throw new IllegalArgumentException("compat.server must be apache or lockstep");
        };
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        directory = Path.of("target", "clients", context.getRequiredTestClass().getSimpleName());
        deleteTree(directory);
        Files.createDirectories(directory);
        ServerOptions options = new ServerOptions(directory)
                .heapMegabytes(256)
                .jvmFlag("-Dio.netty.leakDetection.level=paranoid")
                .set("extendedTypesEnabled", "true");
        settings.accept(options);
        server = isLockstep() ? new LockstepProcess(options) : new ApacheProcess(options);
        server.start();
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        Exception first = null;
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        server.close();
        if (isLockstep()) {
            assertEquals(List.of(), complaints(), "in " + server.logFile());
        }
        deleteTree(server.dataDir());
    }

    ServerProcess server() {
        return server;
    }

    String connectString() {
        return server.connectString();
    }

    /** Remembers something to be closed after the running test, last made first closed. */
    synchronized <T extends AutoCloseable> T closeLater(T resource) {
        opened.push(resource);
        return resource;
    }

    /** A connected client of the whole tree. */
    ZooKeeper client() throws Exception {
        return client("", SESSION_TIMEOUT_MILLIS);
    }

    /** A connected client whose paths are relative to {@code chroot}. */
    ZooKeeper client(String chroot, int sessionTimeoutMillis) throws Exception {
        return client(chroot, sessionTimeoutMillis, event -> {});
    }

    /** A connected client with a default watcher of its own. */
    ZooKeeper client(String chroot, int sessionTimeoutMillis, Watcher watcher) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper zk = closeLater(new ZooKeeper(connectString() + chroot, sessionTimeoutMillis, event -> {
            if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
            }
            watcher.process(event);
        }));
        Await.open("connection to " + connectString(), connected);
        return zk;
    }

    /** The path of a new node of this name and a number, open to all, for one test alone. */
    String newRoot(String name) throws Exception {
        ZooKeeper zk = client();
        try {
            String path = "/" + name + "-" + ROOTS.incrementAndGet();
            return zk.create(path, new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        } catch (KeeperException e) {
            throw new IllegalStateException("cannot make a root for a test", e);
        }
    }

    /** Lines of the server's log that a healthy server never writes. */
    List<String> complaints() {
        return complaints(server.logFile());
    }

    /** Lines of a server's log that tell of an error, a stack trace or a leaked buffer. */
    static List<String> complaints(Path log) {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(ServerExtension::isComplaint).limit(20).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isComplaint(String line) {
        return line.contains(" ERROR [") || line.contains("LEAK:") || line.startsWith("\tat ")
                || line.contains("Exception in thread");
    }

    static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
