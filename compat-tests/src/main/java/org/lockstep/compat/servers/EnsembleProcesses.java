package org.lockstep.compat.servers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Several servers of one kind that form an ensemble, each a process of its own: on 127.0.0.1, or each on a host of a
 * {@link NetworkLab}. Servers are numbered from 0; their ids in zoo.cfg from 1. Whatever happens, {@link #close()} or the end of
 * this JVM kills all and removes the network. One thread at a time, but for what {@link ServerProcess} allows.
 */
public final class EnsembleProcesses implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(180);
    private static final int PROBE_TIMEOUT_MILLIS = 2000;

    private final List<ServerProcess> servers = new ArrayList<>();
    private final NetworkLab network;

    /** Which program the servers run. */
    public enum Kind {
        APACHE,
        LOCKSTEP;

        /** {@code apache} or {@code lockstep}, in the system property {@code compat.server}; Lockstep when it is not set. */
        public static Kind fromSystemProperty() {
            String word = System.getProperty("compat.server", "lockstep");
            for (Kind kind : values()) {
                if (kind.name().toLowerCase(Locale.ROOT).equals(word)) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("compat.server must be apache or lockstep, not " + word);
        }

        private ServerProcess process(ServerOptions options) {
            return this == APACHE ? new ApacheProcess(options) : new LockstepProcess(options);
        }
    }

    /** Where the servers run. */
    public enum Place {
        /** All on 127.0.0.1; nobody can be cut off. */
        LOOPBACK,
        /** Each on a host of its own, with cables that can be pulled; see {@link NetworkLab#unavailableReason()}. */
        SEPARATE_HOSTS
    }

    /**
     * Prepares an ensemble; {@link #start()} starts it.
     *
     * @param directory an existing directory: each server gets one of its own in it, {@code server-1} and so on
     * @param settings changes what each server starts with: ticks of 2 s, initLimit 10, syncLimit 5
     */
    public EnsembleProcesses(Kind kind, int size, Place place, Path directory, Consumer<ServerOptions> settings)
            throws IOException {
        this(kind, size, 0, place, directory, settings);
    }

    /** @param observers how many of them are observers: the last ones */
    public EnsembleProcesses(Kind kind, int size, int observers, Place place, Path directory, Consumer<ServerOptions> settings)
            throws IOException {
        network = place == Place.SEPARATE_HOSTS ? new NetworkLab(size) : null;
        try {
            List<ServerOptions> all = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                all.add(new ServerOptions(Files.createDirectories(directory.resolve("server-" + (i + 1)))).serverId(i + 1));
            }
            List<String> peers = peerAddresses(size, all);
            for (int i = 0; i < size; i++) {
                ServerOptions options = all.get(i).set("initLimit", "10").set("syncLimit", "5");
                for (int peer = 0; peer < size; peer++) {
                    String role = peer < size - observers ? "" : ":observer";
                    options.set("server." + (peer + 1), peers.get(peer) + role);
                }
                if (network != null) {
                    options.host(network.clientAddress(i)).commandPrefix(network.commandPrefix(i));
                }
                settings.accept(options);
                servers.add(kind.process(options));
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** {@code host:port:port} of each; no port is used twice, and no port that a server takes clients on. */
    private List<String> peerAddresses(int size, List<ServerOptions> all) {
        Set<Integer> used = new HashSet<>();
        all.forEach(options -> {
            while (!used.add(options.port())) {
                options.port(FreePorts.next());
            }
        });
        List<String> addresses = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            String host = network == null ? ServerProcess.HOST : network.peerAddress(i);
            addresses.add(host + ":" + unused(used) + ":" + unused(used));
        }
        return addresses;
    }

    private static int unused(Set<Integer> used) {
        int port = FreePorts.next();
        while (!used.add(port)) {
            port = FreePorts.next();
        }
        return port;
    }

    /** Starts all servers at once and returns when every one serves clients. */
    public EnsembleProcesses start() throws IOException {
        launch();
        awaitServing(START_TIMEOUT);
        return this;
    }

    /** Starts all servers that do not run, at once, and returns. */
    public void launch() throws IOException {
        for (ServerProcess server : servers) {
            if (!server.isAlive()) {
                server.launch();
            }
        }
    }

    /** Returns when every server serves clients. */
    public void awaitServing(Duration timeout) throws IOException {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        for (ServerProcess server : servers) {
            server.awaitServing(Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime())));
        }
    }

    public int size() {
        return servers.size();
    }

    public ServerProcess server(int index) {
        return servers.get(index);
    }

    /** SIGKILL to all that run, without waiting for one before the next is killed. */
    public void killAll() {
        servers.parallelStream().forEach(ServerProcess::kill);
    }

    /** Addresses for clients, in the order of the servers. */
    public List<InetSocketAddress> addresses() {
        return servers.stream().map(server -> new InetSocketAddress(server.host(), server.port())).toList();
    }

    /** {@code host:port,host:port,...} of all servers, as client libraries take it. */
    public String connectString() {
        return String.join(",", servers.stream().map(ServerProcess::connectString).toList());
    }

    /** The server that calls itself the leader (at Lockstep: the member of rank 0); -1 when none does within {@code timeout}. */
    public int leader(Duration timeout) throws IOException {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        do {
            for (int i = 0; i < servers.size(); i++) {
                if (servers.get(i).isAlive() && "leader".equals(mode(i))) {
                    return i;
                }
            }
            ServerProcess.pause();
        } while (System.nanoTime() < deadlineNanos);
        return -1;
    }

    /** What {@code srvr} says behind {@code Mode:}; empty when the server says nothing. */
    public String mode(int index) {
        ServerProcess server = servers.get(index);
        try {
            String answer = FourLetterWord.ask(server.host(), server.port(), "srvr", PROBE_TIMEOUT_MILLIS);
            return answer.lines().filter(line -> line.startsWith("Mode: ")).findFirst().orElse("Mode: ").substring(6);
        } catch (IOException silent) {
            return "";
        }
    }

    /** Whether servers can be cut off. */
    public boolean canCut() {
        return network != null;
    }

    /** Cuts a server off from its peers; clients still reach it. */
    public void cutFromPeers(int index) throws IOException {
        lab().cutFromPeers(index);
    }

    /** Cuts a server off from everybody. */
    public void cutFromAll(int index) throws IOException {
        lab().cutFromPeers(index);
        lab().cutFromClients(index);
    }

    /** Undoes every cut of a server. */
    public void heal(int index) throws IOException {
        if (network != null) {
            network.heal(index);
        }
    }

    private NetworkLab lab() {
        if (network == null) {
            throw new IllegalStateException("all servers share one host: nobody can be cut off");
        }
        return network;
    }

    /** The last lines of every server's log, for a message. */
    public String logTails() {
        StringBuilder all = new StringBuilder();
        for (ServerProcess server : servers) {
            all.append("--- ").append(server.logFile()).append('\n').append(server.logTail()).append('\n');
        }
        return all.toString();
    }

    @Override
    public void close() {
        servers.parallelStream().forEach(ServerProcess::close);
        if (network != null) {
            network.close();
        }
    }
}
