package org.lockstep.compat.consistency;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.lockstep.compat.consistency.NodeClient.Flavour;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.wire.ErrorCode;

/** The clients of one run, what they recorded, and the judgement on it. */
final class ConsistencyRun implements AutoCloseable {
    private static final int SESSION_TIMEOUT_MILLIS = 8000;
    private static final int LOCKERS = 3;
    private static final int PAUSE_MILLIS = Integer.getInteger("consistency.pauseMillis", 0);
    private static final long ASIDE_MILLIS = 30_000;
    /** Client numbers of those who only prepare and look. */
    static final int OBSERVER = 1000;
    private static final int VIOLATIONS_SHOWN = 20;

    private final List<InetSocketAddress> servers;
    private final History history = new History();
    private final List<Worker> workers = new ArrayList<>();
    private final List<EphemeralWorker> ephemeralWorkers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean stopping;

    ConsistencyRun(List<InetSocketAddress> servers, long seed) {
        this.servers = servers;
        int number = 0;
        for (int server = 0; server < servers.size(); server++) {
            for (int i = 0; i < 2; i++) {
                RawNodeClient raw = new RawNodeClient(servers, server, SESSION_TIMEOUT_MILLIS);
                workers.add(new RegisterWorker(history, raw, number++, seed, servers.size()));
            }
            LibraryNodeClient library = new LibraryNodeClient(servers, server, SESSION_TIMEOUT_MILLIS);
            workers.add(new RegisterWorker(history, library, number++, seed, servers.size()));
        }
        for (int i = 0; i < LOCKERS; i++) {
            LibraryNodeClient library = new LibraryNodeClient(servers, i % servers.size(), SESSION_TIMEOUT_MILLIS);
            workers.add(new LockWorker(history, library, number++, "a", seed));
        }
        for (int i = 0; i < 2; i++, number += 2) {
            ephemeralWorkers.add(new EphemeralWorker(history, servers, number, seed));
        }
        workers.addAll(ephemeralWorkers);
    }

    History history() {
        return history;
    }

    /** Makes the parents of all nodes, then lets the clients loose. */
    void start() throws InterruptedException {
        try (RawNodeClient client = new RawNodeClient(servers, 0, SESSION_TIMEOUT_MILLIS)) {
            for (String path : List.of(RegisterWorker.REGISTERS, RegisterWorker.LOG, RegisterWorker.SEQUENCE,
                    EphemeralWorker.EPHEMERALS, LockWorker.LOCKS, LockWorker.LOCKS + "/a", LockWorker.RESOURCES,
                    LockWorker.RESOURCES + "/a")) {
                Operation made = history.ask(client, OBSERVER, Part.create(path, "parent " + path));
                if (made.status() != Status.OK) {
                    throw new IllegalStateException("cannot begin: " + made);
                }
            }
            client.closeSession();
        }
        for (Worker worker : workers) {
            Thread thread = new Thread(() -> work(worker), "worker-" + threads.size());
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    private void work(Worker worker) {
        try {
            while (!stopping) {
                worker.step();
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (InterruptedException stopped) {
            // what it was doing is recorded as unknown
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
        }
    }

    /** Returns when a write that was begun after this call has been acknowledged at every server. */
    void awaitProgress() throws InterruptedException {
        for (int server = 0; server < servers.size(); server++) {
            try (RawNodeClient client = new RawNodeClient(servers.subList(server, server + 1), 0, SESSION_TIMEOUT_MILLIS)) {
                String value = "progress" + System.nanoTime();
                while (history.ask(client, OBSERVER, Part.create(RegisterWorker.LOG + "/" + value + "." + server, value))
                        .status() != Status.OK) {
                    value = "progress" + System.nanoTime();
                }
                client.closeSession();
            }
        }
    }

    /** Lets every client finish what it is doing. All servers must serve. */
    void stop() throws InterruptedException {
        stopping = true;
        for (Thread thread : threads) {
            thread.join(ASIDE_MILLIS);
            if (thread.isAlive()) {
                failure.compareAndSet(null, new AssertionError(thread.getName() + " does not end"));
                thread.interrupt();
            }
        }
        workers.forEach(Worker::close);
    }

    /**
     * Looks at the tree of every server and judges everything.
     *
     * @param syncedReads whether reads behind a {@code sync} must be linearizable
     * @return violations, and what else went wrong, with one line each
     */
    List<String> judge(boolean syncedReads) throws InterruptedException, KeeperException {
        awaitExpiry();
        Set<String> paths = new TreeSet<>();
        for (Operation operation : history.operations()) {
            operation.parts().stream().map(Part::path).filter(path -> !path.endsWith("-")).forEach(paths::add);
        }
        paths.addAll(children(LockWorker.LOCKS + "/a"));
        paths.addAll(children(EphemeralWorker.EPHEMERALS));
        paths.addAll(children(RegisterWorker.SEQUENCE));
        List<Map<String, NodeState>> trees = new ArrayList<>();
        for (int server = 0; server < servers.size(); server++) {
            trees.add(tree(server, paths));
        }
        Set<String> dead = new HashSet<>();
        paths.stream().filter(path -> path.startsWith(EphemeralWorker.EPHEMERALS + "/")
                || path.startsWith(LockWorker.LOCKS + "/a/")).forEach(dead::add);
        List<String> violations = judge(history, trees, dead, syncedReads);
        if (failure.get() != null) {
            violations.add("a client failed: " + failure.get());
        }
        return violations.size() <= VIOLATIONS_SHOWN ? violations : violations.subList(0, VIOLATIONS_SHOWN);
    }

    /** Judges a history by all checks. */
    static List<String> judge(History history, List<Map<String, NodeState>> trees, Set<String> dead, boolean syncedReads) {
        Knowledge knowledge = new Knowledge(history.operations());
        List<String> violations = new ArrayList<>(knowledge.violations());
        violations.addAll(FinalCheck.violations(knowledge, trees, dead));
        violations.addAll(LinearizabilityCheck.violations(knowledge, syncedReads));
        violations.addAll(SessionOrderCheck.violations(knowledge, syncedReads));
        violations.addAll(ZxidCheck.violations(knowledge));
        violations.addAll(LockCheck.violations(history.holds(), history.fencedWrites()));
        return violations;
    }

    /** All sessions were closed or left; the last of them has expired when no ephemeral is left, or this gives up waiting. */
    private void awaitExpiry() throws InterruptedException, KeeperException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(3L * SESSION_TIMEOUT_MILLIS);
        while (!(children(EphemeralWorker.EPHEMERALS).isEmpty() && children(LockWorker.LOCKS + "/a").isEmpty())
                && System.nanoTime() < deadline) {
            Thread.sleep(200);
        }
    }

    private List<String> children(String parent) throws InterruptedException, KeeperException {
        try (LibraryNodeClient client = new LibraryNodeClient(servers, 0, SESSION_TIMEOUT_MILLIS)) {
            ZooKeeper zk = client.connected();
            zk.sync("/");
            return zk.getChildren(parent, false).stream().map(name -> parent + "/" + name).toList();
        }
    }

    /** What one server shows; each read counts as one behind the {@code sync} that the first of them follows. */
    private Map<String, NodeState> tree(int server, Set<String> paths) throws InterruptedException {
        Map<String, NodeState> tree = new HashMap<>();
        try (RawNodeClient client = new RawNodeClient(servers.subList(server, server + 1), 0, SESSION_TIMEOUT_MILLIS)) {
            long begin = System.nanoTime();
            boolean first = true;
            for (String path : paths) {
                NodeClient.Answer answer = client.ask(List.of(Part.read(path)), first, Flavour.PERSISTENT);
                first = false;
                if (answer.status() == Status.UNKNOWN) {
                    throw new IllegalStateException("server " + server + " does not answer when all is over");
                }
                history.add(new Operation(OBSERVER + server, answer.session(), answer.parts(), true, begin, System.nanoTime(),
                        answer.status(), answer.zxid()));
                if (answer.parts().get(0).error() == ErrorCode.OK) {
                    tree.put(path, answer.parts().get(0).seen());
                }
            }
            client.closeSession();
        }
        return tree;
    }

    @Override
    public void close() {
        stopping = true;
        threads.forEach(Thread::interrupt);
        workers.forEach(Worker::close);
    }
}
