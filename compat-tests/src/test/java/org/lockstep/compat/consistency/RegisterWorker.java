package org.lockstep.compat.consistency;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.lockstep.compat.consistency.NodeClient.Flavour;
import org.lockstep.wire.ErrorCode;

/**
 * Writes and reads a few nodes that all workers share, and some of its own. The shared nodes change every few seconds, so that no
 * node's history grows too long to be judged.
 */
final class RegisterWorker implements Worker {
    static final String REGISTERS = "/registers";
    static final String LOG = "/log";
    static final String SEQUENCE = "/sequence";
    private static final int KEYS = 6;
    private static final long GENERATION_NANOS = 5_000_000_000L;

    private final History history;
    private final NodeClient client;
    private final int number;
    private final Random random;
    private final int servers;
    private final int[] versions = new int[KEYS];
    private int written;

    RegisterWorker(History history, NodeClient client, int number, long seed, int servers) {
        this.history = history;
        this.client = client;
        this.number = number;
        this.random = new Random(seed * 31 + number);
        this.servers = servers;
    }

    @Override
    public void step() throws InterruptedException {
        int key = random.nextInt(KEYS);
        int dice = random.nextInt(100);
        if (dice < 25) {
            write(key, List.of(Part.set(path(key), value(), versions[key])));
        } else if (dice < 32) {
            write(key, List.of(Part.set(path(key), value(), -1)));
        } else if (dice < 42) {
            write(key, List.of(Part.create(path(key), value())));
        } else if (dice < 47) {
            write(key, List.of(Part.delete(path(key), random.nextInt(3) == 0 ? -1 : versions[key])));
        } else if (dice < 57) {
            multi(key);
        } else if (dice < 62) {
            write(-1, List.of(Part.create(LOG + "/" + value(), value())));
        } else if (dice < 67) {
            history.ask(client, number, List.of(Part.create(SEQUENCE + "/s-", value())), false, Flavour.PERSISTENT_SEQUENTIAL);
        } else {
            read(key, dice < 90);
        }
        if (client instanceof RawNodeClient raw && random.nextInt(300) == 0) {
            raw.moveTo(random.nextInt(servers));
        }
        Thread.sleep(random.nextInt(12));
    }

    /** One node only if another has the expected version, and a new one: all or nothing. */
    private void multi(int key) throws InterruptedException {
        int other = (key + 1 + random.nextInt(KEYS - 1)) % KEYS;
        List<Part> parts = new ArrayList<>();
        parts.add(Part.check(path(other), versions[other]));
        parts.add(Part.set(path(key), value(), random.nextBoolean() ? versions[key] : -1));
        parts.add(random.nextInt(4) > 0 ? Part.create(LOG + "/" + value(), value()) : Part.delete(path(other), -1));
        write(key, parts);
    }

    private void write(int key, List<Part> parts) throws InterruptedException {
        Operation operation = history.ask(client, number, parts, false, Flavour.PERSISTENT);
        for (Part part : operation.parts()) {
            if (part.error() == ErrorCode.NO_NODE && parts.size() == 1) {
                history.ask(client, number, Part.create(part.path(), value()));
            } else if (part.error() == ErrorCode.BAD_VERSION || part.error() == ErrorCode.NODE_EXISTS) {
                read(Math.max(0, key), false);
            } else if (part.seen() != null && key >= 0 && part.path().equals(path(key))) {
                versions[key] = part.seen().version();
            }
        }
    }

    private void read(int key, boolean synced) throws InterruptedException {
        Operation operation = history.ask(client, number, List.of(Part.read(path(key))), synced, Flavour.PERSISTENT);
        NodeState seen = operation.parts().get(0).seen();
        if (seen != null) {
            versions[key] = seen.version();
        }
    }

    private static String path(int key) {
        return REGISTERS + "/g" + System.nanoTime() / GENERATION_NANOS + "k" + key;
    }

    private String value() {
        return "w" + number + "." + written++;
    }

    @Override
    public void close() {
        client.close();
    }
}
