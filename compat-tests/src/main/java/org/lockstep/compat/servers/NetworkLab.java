package org.lockstep.compat.servers;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Hosts on one machine whose cables can be pulled: a network namespace each, with one cable to a bridge for clients, on which
 * this JVM's own namespace has an address, and another to a bridge for peers, on which it has none. Needs Linux, root, and
 * {@code ip} of iproute2; all that was made goes with {@link #close()}, or with this JVM.
 *
 * <p>Names carry the JVM's process id and addresses are taken from 198.18.0.0/15, which is set aside for tests (RFC 2544). Not
 * thread-safe.
 */
public final class NetworkLab implements AutoCloseable {
    private static final AtomicInteger MADE = new AtomicInteger();
    private static final int NETWORKS = 250;
    private static final int FIRST_HOST = 11;

    private final String prefix;
    private final int network;
    private final int hosts;
    private final Thread cleanup = new Thread(this::remove, "network-cleanup");

    /**
     * Makes namespaces, bridges and cables.
     *
     * @throws IOException when the machine does not allow it; nothing is left then
     */
    public NetworkLab(int hosts) throws IOException {
        int number = MADE.getAndIncrement();
        long pid = ProcessHandle.current().pid();
        // Interface names have at most 15 characters.
        prefix = "lk" + Long.toString(pid, Character.MAX_RADIX) + Integer.toString(number % 36, Character.MAX_RADIX);
        network = (int) ((pid + number) % NETWORKS) + 1;
        this.hosts = hosts;
        Runtime.getRuntime().addShutdownHook(cleanup);
        try {
            addBridge(bridge('c'));
            addBridge(bridge('p'));
            ip("addr", "add", "198.18." + network + ".1/24", "dev", bridge('c'));
            for (int host = 0; host < hosts; host++) {
                ip("netns", "add", namespace(host));
                in(host, "link", "set", "lo", "up");
                addCable(host, 'c', clientAddress(host));
                addCable(host, 'p', peerAddress(host));
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Why this machine has no such network; empty when it has. */
    public static Optional<String> unavailableReason() {
        try {
            new NetworkLab(1).close();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** Runs a command line that is put behind it on that host; the process id stays the same. */
    public List<String> commandPrefix(int host) {
        return List.of("ip", "netns", "exec", namespace(host));
    }

    /** Where this JVM reaches the host. */
    public String clientAddress(int host) {
        return "198.18." + network + "." + (FIRST_HOST + host);
    }

    /** Where the other hosts reach it. */
    public String peerAddress(int host) {
        return "198.19." + network + "." + (FIRST_HOST + host);
    }

    /** Pulls the cable to the peers: what they send each other is lost without a word, clients still reach the host. */
    public void cutFromPeers(int host) throws IOException {
        ip("link", "set", cable(host, 'p'), "down");
    }

    /** Pulls the cable to the clients. */
    public void cutFromClients(int host) throws IOException {
        ip("link", "set", cable(host, 'c'), "down");
    }

    /** Plugs in both cables. Harmless when they are. */
    public void heal(int host) throws IOException {
        ip("link", "set", cable(host, 'p'), "up");
        ip("link", "set", cable(host, 'c'), "up");
    }

    private void addBridge(String name) throws IOException {
        ip("link", "add", name, "type", "bridge");
        ip("link", "set", name, "up");
    }

    private void addCable(int host, char kind, String address) throws IOException {
        ip("link", "add", cable(host, kind), "type", "veth", "peer", "name", "eth-" + kind, "netns", namespace(host));
        ip("link", "set", cable(host, kind), "master", bridge(kind), "up");
        in(host, "addr", "add", address + "/24", "dev", "eth-" + kind);
        in(host, "link", "set", "eth-" + kind, "up");
    }

    private String bridge(char kind) {
        return prefix + kind;
    }

    private String cable(int host, char kind) {
        return prefix + kind + host;
    }

    private String namespace(int host) {
        return String.format(Locale.ROOT, "%sn%d", prefix, host);
    }

    private void in(int host, String... words) throws IOException {
        String[] all = new String[words.length + 2];
        all[0] = "-n";
        all[1] = namespace(host);
        System.arraycopy(words, 0, all, 2, words.length);
        ip(all);
    }

    private static void ip(String... words) throws IOException {
        String[] all = new String[words.length + 1];
        all[0] = "ip";
        System.arraycopy(words, 0, all, 1, words.length);
        Command.run(all);
    }

    @Override
    public void close() {
        remove();
        try {
            Runtime.getRuntime().removeShutdownHook(cleanup);
        } catch (IllegalStateException shuttingDown) {
            // the hook runs by itself now
        }
    }

    /** A namespace whose last process is still dying goes with it; its cables go now. */
    private void remove() {
        for (int host = 0; host < hosts; host++) {
            attempt("link", "del", cable(host, 'c'));
            attempt("link", "del", cable(host, 'p'));
            attempt("netns", "del", namespace(host));
        }
        attempt("link", "del", bridge('c'));
        attempt("link", "del", bridge('p'));
    }

    private static void attempt(String... words) {
        try {
            ip(words);
        } catch (IOException neverMade) {
            // what was not made, or is gone already, need not be removed
        }
    }
}
