package org.lockstep.compat.clients;

import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/** A decent client that goes on working while others misbehave, and tells whether it could. */
final class Bystander implements AutoCloseable {
    /** A healthy server on a busy machine answers in milliseconds; one whose only loop is stuck does not come near this. */
    private static final long LATENCY_MILLIS_MAX = 5_000;

    private final ZooKeeper zk;
    private final String path;
    private final Thread worker = new Thread(this::work, "bystander");
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean stopped;
    private volatile int rounds;
    private volatile long slowestNanos;

    /** Starts to work at once, below a node of its own. */
    Bystander(ServerExtension server) throws Exception {
        zk = server.client();
        path = server.newRoot("bystander") + "/n";
        worker.setDaemon(true);
        worker.start();
    }

    /** Waits until the bystander has done whole rounds that began after this call; fails if it was hindered. */
    void assertServed() throws Exception {
        int before = rounds;
        Await.until("two rounds of the bystander", () -> rounds >= before + 2 || failure.get() != null);
        assertNull(failure.get(), () -> "the bystander failed: " + failure.get());
        long slowestMillis = TimeUnit.NANOSECONDS.toMillis(slowestNanos);
        assertTrue(slowestMillis < LATENCY_MILLIS_MAX, "an operation took " + slowestMillis + " ms");
    }

    @Override
    public void close() {
        stopped = true;
        try {
            worker.join(Await.LIMIT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void work() {
        try {
            while (!stopped) {
                timed(() -> zk.create(path, new byte[10], OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL));
                timed(() -> assertEquals(1, zk.setData(path, new byte[20], 0).getVersion()));
                timed(() -> assertEquals(20, zk.getData(path, false, new Stat()).length));
                timed(() -> zk.delete(path, 1));
                rounds++;
            }
        } catch (Exception | AssertionError e) {
            failure.set(e);
        }
    }

    private void timed(Concurrently.Action operation) throws Exception {
        long startNanos = System.nanoTime();
        operation.run();
        slowestNanos = Math.max(slowestNanos, System.nanoTime() - startNanos);
    }
}
