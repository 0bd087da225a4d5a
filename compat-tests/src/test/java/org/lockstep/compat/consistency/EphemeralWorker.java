package org.lockstep.compat.consistency;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.lockstep.compat.consistency.NodeClient.Flavour;
import org.lockstep.compat.consistency.Operation.Status;

/** Opens sessions, has each make an ephemeral, and ends them: by closing, after a move to another server, or in silence. */
final class EphemeralWorker implements Worker {
    static final String EPHEMERALS = "/ephemerals";
    static final int SESSION_TIMEOUT_MILLIS = 4000;

    private final History history;
    private final RawNodeClient shortLived;
    private final RawNodeClient reader;
    private final int number;
    private final int servers;
    private final Random random;
    private final Set<String> dead = ConcurrentHashMap.newKeySet();
    private int made;

    /** @param number of its short-lived client; its reader has the next one */
    EphemeralWorker(History history, List<InetSocketAddress> servers, int number, long seed) {
        this.history = history;
        this.number = number;
        this.servers = servers.size();
        random = new Random(seed * 31 + number);
        shortLived = new RawNodeClient(servers, number % servers.size(), SESSION_TIMEOUT_MILLIS);
        reader = new RawNodeClient(servers, (number + 1) % servers.size(), 2 * SESSION_TIMEOUT_MILLIS);
    }

    /** Ephemerals whose sessions were closed, or left to expire. For any thread. */
    Set<String> dead() {
        return dead;
    }

    @Override
    public void step() throws InterruptedException {
        String value = "e" + number + "." + made++;
        String path = EPHEMERALS + "/" + value;
        Operation create = history.ask(shortLived, number, List.of(Part.create(path, value)), false, Flavour.EPHEMERAL);
        dead.add(path);
        if (create.status() != Status.OK || random.nextInt(5) == 0) {
            shortLived.abandon();
            history.mayExpire(create);
        } else {
            if (random.nextInt(3) == 0) {
                shortLived.moveTo(random.nextInt(servers));
            }
            history.closeSession(shortLived, create);
        }
        shortLived.moveTo(random.nextInt(servers));
        history.ask(reader, number + 1, List.of(Part.read(path)), true, Flavour.PERSISTENT);
        Thread.sleep(random.nextInt(40));
    }

    @Override
    public void close() {
        shortLived.close();
        reader.close();
    }
}
