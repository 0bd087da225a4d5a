package org.lockstep.compat.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.EnsembleProcesses.Kind;
import org.lockstep.compat.servers.EnsembleProcesses.Place;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;

/**
 * An ensemble of server processes for a test class: three voters, and observers behind them. Before each test all of them run,
 * serve, and know each other. Servers are numbered from 0, their ids from 1. Clients made here are closed after each test; after
 * the last one no Lockstep server's log may hold an error or a stack trace.
 */
final class EnsembleExtension implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    static final Kind KIND = Kind.fromSystemProperty();
    static final int VOTERS = 3;
    static final int TICK_MILLIS = 500;
    private static final int SESSION_TIMEOUT_MILLIS = 8_000;
    private static final int WORD_TIMEOUT_MILLIS = 5_000;
    private static final Duration SERVING_MAX = Duration.ofSeconds(60);
    private static final Pattern VIEW = Pattern.compile("View: (\\d+) \\(members ([0-9,]+);");

    private final int observers;
    private final Consumer<ServerOptions> settings;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private EnsembleProcesses ensemble;

    EnsembleExtension(int observers, Consumer<ServerOptions> settings) {
        this.observers = observers;
        this.settings = settings;
    }

    private void allSettings(ServerOptions options) {
        options.tickTimeMillis(TICK_MILLIS).set("initLimit", "20").set("syncLimit", "6").heapMegabytes(128);
        options.jvmFlag("-XX:+UseSerialGC").jvmFlag("-XX:TieredStopAtLevel=1");
        settings.accept(options);
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        Path directory = Path.of("target", "clients", context.getRequiredTestClass().getSimpleName());
        ServerExtension.deleteTree(directory);
        Files.createDirectories(directory);
        ensemble = new EnsembleProcesses(KIND, VOTERS + observers, observers, Place.LOOPBACK, directory, this::allSettings);
        ensemble.start();
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        ensemble.launch();
        ensemble.awaitServing(SERVING_MAX);
        awaitViewOfAll();
    }

    /** At Lockstep, waits until all voters are members again; elsewhere who serves is one. */
    void awaitViewOfAll() throws Exception {
        if (KIND == Kind.LOCKSTEP) {
            Await.until("a view of all", () -> members().equals("1,2,3"));
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        ensemble.close();
        for (int server = 0; server < ensemble.size(); server++) {
            if (KIND == Kind.LOCKSTEP) {
                Path log = ensemble.server(server).logFile();
                assertEquals(List.of(), ServerExtension.complaints(log), "in " + log);
            }
            ServerExtension.deleteTree(ensemble.server(server).dataDir());
        }
    }

    EnsembleProcesses processes() {
        return ensemble;
    }

    ServerProcess server(int server) {
        return ensemble.server(server);
    }

    /** Starts those servers again that do not run, and waits until all serve. */
    void restartAll() throws IOException {
        ensemble.launch();
        ensemble.awaitServing(SERVING_MAX);
    }

    String word(int server, String word) throws IOException {
        return FourLetterWord.ask(server(server).host(), server(server).port(), word, WORD_TIMEOUT_MILLIS);
    }

    /** The same while things change: empty when the server closes the connection instead, as it does when it stops to serve. */
    String wordIfAny(int server, String word) {
        try {
            return word(server, word);
        } catch (IOException closed) {
            return "";
        }
    }

    /** A value of mntr, without the {@code zk_} of its name; null when it is not there. */
    String monitored(int server, String name) throws IOException {
        return FourLetterWord.monitor(server(server).host(), server(server).port(), WORD_TIMEOUT_MILLIS).get("zk_" + name);
    }

    /** Of the first server's view, the members' ids in ascending order; Lockstep only. */
    private String members() {
        Matcher view = VIEW.matcher(wordIfAny(0, "srvr"));
        return view.find() ? String.join(",", List.of(view.group(2).split(",")).stream().sorted().toList()) : "";
    }

    /** The line that tells of a server's view; Lockstep only. */
    String viewLine(int server) throws IOException {
        return word(server, "srvr").lines().filter(line -> line.startsWith("View: ")).findFirst().orElse("");
    }

    synchronized <T extends AutoCloseable> T closeLater(T resource) {
        opened.push(resource);
        return resource;
    }

    /** A connected client of one server alone. */
    ZooKeeper client(int server) throws Exception {
        return client(server, event -> {});
    }

    /** The same with a default watcher. */
    ZooKeeper client(int server, Watcher watcher) throws Exception {
        return connected(List.of(address(server)), watcher);
    }

    /** A connected client, at {@code first}; when it loses that one it tries those behind it, in order. */
    ZooKeeper clientFrom(int first, Watcher watcher) throws Exception {
        List<InetSocketAddress> servers = new ArrayList<>();
        for (int i = 0; i < ensemble.size(); i++) {
            servers.add(address((first + i) % ensemble.size()));
        }
        return connected(servers, watcher);
    }

    /** A client that is content with reading, of one server, not connected yet. */
    ZooKeeper readingClient(int server, Watcher watcher) throws IOException {
        return closeLater(new ZooKeeper(server(server).connectString(), SESSION_TIMEOUT_MILLIS, watcher, true));
    }

    /** A connection without a session. */
    RawClient raw(int server) throws IOException {
        return closeLater(new RawClient(server(server).host(), server(server).port()));
    }

    /**
     * Makes a request while a server fails. Lockstep answers it, after a pause at most; an Apache ensemble that has lost its
     * leader drops the clients of all its servers, so there it is made again.
     */
    static <T> T insist(Callable<T> request) throws Exception {
        long deadlineNanos = System.nanoTime() + Await.LIMIT.toNanos();
        while (true) {
            try {
                return request.call();
            } catch (KeeperException.ConnectionLossException e) {
                if (KIND == Kind.LOCKSTEP || System.nanoTime() > deadlineNanos) {
                    throw e;
                }
            }
        }
    }

    private InetSocketAddress address(int server) {
        return ensemble.addresses().get(server);
    }

    private ZooKeeper connected(List<InetSocketAddress> servers, Watcher watcher) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper zk = closeLater(new ZooKeeper(ensemble.connectString(), SESSION_TIMEOUT_MILLIS, event -> {
            if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
            }
            watcher.process(event);
        }, false, new ServersInOrder(servers), new ZKClientConfig()));
        Await.open("connection to " + servers, connected);
        return zk;
    }
}
