package org.lockstep.ensemble.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Clients with pipelined requests. A session lives as long as its connection; when its server drops it the client goes
 * elsewhere with a new one, and never knows of what was under way.
 */
final class Clients {
    private static final long ANSWER_NANOS = 3 * SimConfig.SECOND;

    private final Simulation simulation;
    private final SimConfig config;
    private final List<Client> all = new ArrayList<>();
    private final boolean[] cutOff;
    private int sessions;
    private boolean silent;
    private long[] acknowledgedBy;

    private static final class Client {
        int server;
        int session;
        int number;
        long openAt;
        final Map<Long, Long> outstanding = new TreeMap<>();
    }

    Clients(Simulation simulation, SimConfig config) {
        this.simulation = simulation;
        this.config = config;
        cutOff = new boolean[config.servers() + 1];
        acknowledgedBy = new long[config.servers() + 1];
        for (int i = 0; i < config.servers() * config.load().clientsPerServer(); i++) {
            Client client = new Client();
            client.server = 1 + i % config.servers();
            client.session = ++sessions;
            all.add(client);
        }
    }

    void start() {
        for (Client client : all) {
            next(client);
        }
    }

    private void next(Client client) {
        simulation.after(1 + simulation.random().nextLong(2 * config.load().gapNanos()), () -> {
            int burst = simulation.random().nextInt(4) == 0 ? config.load().pipeline() : 1;
            for (int i = 0; i < burst; i++) {
                send(client);
            }
            next(client);
        });
    }

    private void send(Client client) {
        if (silent || simulation.now() < client.openAt) {
            return;
        }
        boolean ready = simulation.node(client.server).takesRequests()
                && !cutOff[client.server];
        if (!ready) {
            if (simulation.random().nextInt(4) == 0) {
                reconnect(client);
            }
            return;
        }
        if (client.outstanding.size() >= config.load().pipeline()) {
            return;
        }
        boolean barrier = simulation.random().nextInt(config.load().barrierEvery()) == 0;
        long request = Payload.request(client.session, ++client.number, barrier);
        client.outstanding.put(request, simulation.now());
        simulation.node(client.server).request(request);
    }

    private void reconnect(Client client) {
        client.server = 1 + simulation.random().nextInt(config.servers());
        client.session = ++sessions;
        client.number = 0;
        client.outstanding.clear();
        client.openAt = simulation.now() + simulation.random().nextLong(50 * SimConfig.MILLI);
    }

    /** The server answers; true when the client still waits there. */
    boolean acknowledge(int serverId, long request) {
        for (Client client : all) {
            boolean isHere = client.server == serverId && client.session == Payload.session(request);
            if (isHere && client.outstanding.remove(request) != null) {
                acknowledgedBy[serverId]++;
                return true;
            }
        }
        return false;
    }

    /** The server drops all its clients. */
    void dropped(int serverId) {
        cutOff[serverId] = false;
        for (Client client : all) {
            if (client.server == serverId) {
                reconnect(client);
            }
        }
    }

    void cutOff(int serverId, boolean value) {
        if (value) {
            dropped(serverId);
        }
        cutOff[serverId] = value;
    }

    /** How many requests each server has answered, by server id. */
    long[] acknowledgedBy() {
        return acknowledgedBy.clone();
    }

    /** Spreads the clients over the servers again, so that each can be seen to work. */
    void spread() {
        for (int i = 0; i < all.size(); i++) {
            reconnect(all.get(i));
            all.get(i).server = 1 + i % config.servers();
            if (all.get(i).server == simulation.victim()) {
                all.get(i).server = 1 + simulation.victim() % config.servers();
            }
        }
    }

    /** Nobody asks anything any more. */
    void fallSilent() {
        silent = true;
    }

    /** Whether somebody waits for an answer, and not of the server that suffers. */
    boolean waits() {
        return all.stream().anyMatch(client -> !client.outstanding.isEmpty() && client.server != simulation.victim());
    }

    /** A request that was never answered although its server never dropped the client; null when there is none. */
    String forgotten() {
        for (Client client : all) {
            for (Map.Entry<Long, Long> entry : client.outstanding.entrySet()) {
                if (simulation.now() - entry.getValue() > ANSWER_NANOS && client.server != simulation.victim()) {
                    return "server " + client.server + " never answers request " + Payload.number(entry.getKey())
                            + " of session " + client.session + ", sent at " + entry.getValue() / SimConfig.MILLI + " ms"
                            + (Payload.isBarrier(entry.getKey()) ? ", a barrier" : "");
                }
            }
        }
        return null;
    }
}
