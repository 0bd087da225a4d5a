package org.lockstep.ensemble.sim;

import java.util.ArrayList;
import java.util.List;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;

/**
 * The connections between the servers. In each direction of a pair messages arrive in order, each after a random delay; a broken
 * connection loses what is under way; a cut holds it back until it heals, or until the connection breaks.
 */
final class Network {
    private final Simulation simulation;
    private final Link[][] links;
    private final long delayNanos;
    private final boolean overtakes;
    private final boolean[][] connected;

    /** One direction of a pair. */
    private static final class Link {
        long epoch;
        long lastArrival;
        long rowsStallUntil;
        boolean cut;
        boolean lasting;
        final List<Message> held = new ArrayList<>();
    }

    Network(Simulation simulation, SimConfig config) {
        this.simulation = simulation;
        delayNanos = config.machines().delayNanos();
        overtakes = config.trouble().overtakes();
        int n = config.servers() + 1;
        links = new Link[n][n];
        connected = new boolean[n][n];
        for (int a = 1; a < n; a++) {
            for (int b = 1; b < n; b++) {
                links[a][b] = new Link();
            }
        }
    }

    private long delay() {
        return 1000 + simulation.random().nextLong(delayNanos) + (simulation.random().nextInt(50) == 0 ? 10 * delayNanos : 0);
    }

    void send(int from, int to, Message message) {
        if (from == to) {
            deliverAt(from, to, simulation.now() + 1000, message, links[from][to].epoch);
            return;
        }
        if (!connected[from][to]) {
            return;
        }
        Link link = links[from][to];
        if (link.cut) {
            link.held.add(message);
            return;
        }
        long at = simulation.now() + delay();
        if (overtakes && message instanceof Message.RowUpdate) {
            if (simulation.random().nextInt(100) == 0) {
                link.rowsStallUntil = simulation.now() + simulation.random().nextLong(100 * SimConfig.MILLI);
            }
            at = Math.max(at, link.rowsStallUntil);
        } else {
            at = Math.max(at, link.lastArrival + 1);
            link.lastArrival = at;
        }
        deliverAt(from, to, at, message, link.epoch);
    }

    private void deliverAt(int from, int to, long at, Message message, long epoch) {
        SimNode sender = simulation.node(from);
        MemberId member = sender.self();
        simulation.at(at, () -> {
            if (links[from][to].epoch == epoch) {
                simulation.node(to).receive(member, message);
            }
        });
    }

    /** The connection breaks; both sides notice and connect anew. */
    void breakLink(int a, int b) {
        if (!connected[a][b]) {
            return;
        }
        drop(a, b);
        drop(b, a);
        connected[a][b] = false;
        connected[b][a] = false;
        simulation.node(a).connection(b, false);
        simulation.node(b).connection(a, false);
        simulation.after(delay() + simulation.random().nextLong(100 * SimConfig.MILLI), () -> connect(a, b));
    }

    private void drop(int from, int to) {
        links[from][to].epoch++;
        links[from][to].held.clear();
    }

    /** The process at {@code a} is dead: what it was sent is lost; what it has sent may still arrive. */
    void died(int a) {
        for (int b = 1; b < links.length; b++) {
            if (b == a) {
                links[a][a].epoch++;
                continue;
            }
            drop(b, a);
            if (simulation.random().nextBoolean()) {
                drop(a, b);
            }
            if (connected[a][b]) {
                connected[a][b] = false;
                connected[b][a] = false;
                int peer = b;
                simulation.at(links[a][b].lastArrival + 1000, () -> simulation.node(peer).connection(a, false));
                if (simulation.random().nextBoolean()) {
                    // The machine answers, and refuses: nobody listens there any more.
                    MemberId dead = simulation.node(a).self();
                    simulation.at(links[a][b].lastArrival + delay(), () -> simulation.node(peer).processGone(dead));
                }
            }
        }
    }

    void started(int a) {
        for (int b = 1; b < links.length; b++) {
            if (b != a) {
                int peer = b;
                long after = Math.max(links[a][b].lastArrival, simulation.now()) + 2000 + delay();
                simulation.at(after, () -> connect(a, peer));
            }
        }
    }

    private void connect(int a, int b) {
        if (connected[a][b] || !simulation.node(a).isUp() || !simulation.node(b).isUp()) {
            return;
        }
        if (links[a][b].cut || links[b][a].cut) {
            simulation.after(100 * SimConfig.MILLI, () -> connect(a, b));
            return;
        }
        // Whatever an earlier connection still had under way is lost with it.
        drop(a, b);
        drop(b, a);
        connected[a][b] = true;
        connected[b][a] = true;
        simulation.node(a).connection(b, true);
        simulation.node(b).connection(a, true);
    }

    void cut(int from, int to) {
        links[from][to].cut = true;
    }

    /** Nothing passes in this direction any more. */
    void cutForGood(int from, int to) {
        links[from][to].cut = true;
        links[from][to].lasting = true;
    }

    /** All cuts heal; connections that were cut either go on or break. */
    void heal() {
        for (int a = 1; a < links.length; a++) {
            for (int b = 1; b < links.length; b++) {
                if (a != b && links[a][b].cut && !links[a][b].lasting) {
                    heal(a, b);
                }
            }
        }
    }

    private void heal(int a, int b) {
        Link link = links[a][b];
        link.cut = false;
        if (simulation.random().nextBoolean()) {
            breakLink(a, b);
            return;
        }
        List<Message> held = new ArrayList<>(link.held);
        link.held.clear();
        held.forEach(message -> send(a, b, message));
    }

    /** Connects whoever is up and not connected. */
    void connectAll() {
        for (int a = 1; a < links.length; a++) {
            for (int b = a + 1; b < links.length; b++) {
                connect(a, b);
            }
        }
    }
}
