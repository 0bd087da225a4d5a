package org.lockstep.compat.crash;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Several {@link WorkloadClient}s that write at the same time. */
final class Workload {
    private final List<WorkloadClient> clients = new ArrayList<>();

    Workload(int clientCount, long seed, WorkloadClient.Options options) {
        this(0, clientCount, seed, options);
    }

    /** @param firstNumber clients have numbers from this one on; those before it may have worked on the same tree */
    Workload(int firstNumber, int clientCount, long seed, WorkloadClient.Options options) {
        for (int i = 0; i < clientCount; i++) {
            clients.add(new WorkloadClient(firstNumber + i, seed, options));
        }
    }

    List<WorkloadClient> clients() {
        return clients;
    }

    /** Connects every client and creates the nodes they share. */
    void start(int port) throws IOException {
        connect(port);
        if (clients.get(0).number() == 0) {
            clients.get(0).prepareShared();
        }
        for (WorkloadClient client : clients) {
            client.prepareOwn();
        }
    }

    /** Connects every client, with the session it had. */
    void connect(int port) throws IOException {
        for (WorkloadClient client : clients) {
            client.connect(port);
        }
    }

    void disconnect() throws IOException {
        for (WorkloadClient client : clients) {
            client.disconnect();
        }
    }

    /**
     * Lets each client send {@code count} requests. Returns when all have their replies or have lost the server.
     *
     * @return how many clients lost the server on the way
     */
    int run(int count) throws IOException {
        ExecutorService threads = Executors.newFixedThreadPool(clients.size());
        try {
            List<Future<?>> runs = new ArrayList<>();
            for (WorkloadClient client : clients) {
                runs.add(threads.submit(() -> {
                    client.run(count);
                    return null;
                }));
            }
            int broken = 0;
            for (Future<?> run : runs) {
                broken += failed(run) ? 1 : 0;
            }
            return broken;
        } finally {
            threads.shutdownNow();
        }
    }

    /** How many replies have come to all clients; may be asked while they run. */
    int replies() {
        return clients.stream().mapToInt(WorkloadClient::replies).sum();
    }

    /** Every request of every client. */
    List<Write> writes() {
        List<Write> all = new ArrayList<>();
        clients.forEach(client -> all.addAll(client.writes()));
        return all;
    }

    private static boolean failed(Future<?> run) throws IOException {
        try {
            run.get();
            return false;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException) {
                return true;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
