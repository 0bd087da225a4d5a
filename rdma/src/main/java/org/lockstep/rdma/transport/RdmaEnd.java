package org.lockstep.rdma.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.lockstep.rdma.lane.LaneMemory;
import org.lockstep.rdma.verbs.QueuePair;
import org.lockstep.rdma.verbs.RdmaPort;
import org.lockstep.rdma.verbs.RdmaUnavailableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process's end of the RDMA network, which outlives its incarnations: the port, the thread that answers who dials, and for
 * each peer a thread for what blocks, so that one that does not answer delays no other.
 */
final class RdmaEnd implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RdmaEnd.class);
    private static final int ACCEPT_MILLIS = 200;
    private static final long UNCLAIMED_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int CLOSE_SECONDS = 20;

    private final RdmaOptions options;
    private final RdmaPort port;
    private final InetSocketAddress address;
    private final Thread acceptor = new Thread(this::acceptAll, "lockstep-rdma-accept");
    private final Map<Integer, ExecutorService> workers = new TreeMap<>();
    /** Pairs that peers have dialed, by the address they dialed from, until the lane they are for is known. */
    private final Map<InetSocketAddress, Arrived> arrived = new HashMap<>();
    private boolean closed;

    private record Arrived(QueuePair pair, long atNanos) {}

    private RdmaEnd(RdmaOptions options, RdmaPort port) throws IOException {
        this.options = options;
        this.port = port;
        this.address = port.address();
        acceptor.setDaemon(true);
    }

    /** Opens the device, and makes sure that it takes the memory of so many lanes. */
    static RdmaEnd open(RdmaOptions options, int lanes) throws RdmaUnavailableException {
        try {
            return openNow(options, lanes);
        } catch (RdmaUnavailableException e) {
            throw e;
        } catch (IOException e) {
            throw new RdmaUnavailableException("the RDMA device with the address " + options.address().getAddress()
                    .getHostAddress() + " cannot be used (" + e.getMessage() + "): 'rdma link' must show it as active", e);
        }
    }

    private static RdmaEnd openNow(RdmaOptions options, int lanes) throws IOException {
        RdmaPort port = RdmaPort.open(options.address(), options.pairs());
        try {
            tryMemory(port, options, lanes);
            RdmaEnd end = new RdmaEnd(options, port);
            end.acceptor.start();
            return end;
        } catch (IOException | RuntimeException e) {
            try {
                port.close();
            } catch (IOException more) {
                e.addSuppressed(more);
            }
            throw e;
        }
    }

    /** A limit of locked memory that is too low is to be told at the start. */
    private static void tryMemory(RdmaPort port, RdmaOptions options, int lanes) throws IOException {
        if (lanes > 0) {
            try (LaneMemory memory = new LaneMemory(port, options.ringBytes(), lanes + 1, options.pairs().sendsMax())) {
                LOG.debug("The device takes a lane's memory, with its rings at {}", memory.address());
                tryMemory(port, options, lanes - 1);
            }
        }
    }

    RdmaOptions options() {
        return options;
    }

    /** Where peers dial. */
    InetSocketAddress address() {
        return address;
    }

    /** The thread for what concerns one peer: one task at a time, in order. */
    synchronized ExecutorService worker(int serverId) {
        return workers.computeIfAbsent(serverId, id -> Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "lockstep-rdma-" + id);
            thread.setDaemon(true);
            return thread;
        }));
    }

    LaneMemory memory(int ringBytes, int ranks) throws IOException {
        return new LaneMemory(port, ringBytes, ranks, options.pairs().sendsMax());
    }

    /** Connects to a peer's port. Blocks. */
    QueuePair dial(InetSocketAddress peer) throws IOException {
        return port.dial(peer, options.dialMillis());
    }

    /** The pair that a peer has dialed from this address, when it comes. Blocks. */
    synchronized QueuePair take(InetSocketAddress from) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(options.dialMillis());
        while (!arrived.containsKey(from)) {
            long left = deadline - System.nanoTime();
            if (left <= 0 || closed) {
                throw new IOException("nobody dialed from " + from + " over RDMA");
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return arrived.remove(from).pair();
    }

    private void acceptAll() {
        while (!isClosed()) {
            try {
                QueuePair pair = port.accept(ACCEPT_MILLIS);
                if (pair != null) {
                    InetSocketAddress from = pair.remoteAddress();
                    synchronized (this) {
                        arrived.put(from, new Arrived(pair, System.nanoTime()));
                        notifyAll();
                    }
                }
                closeUnclaimed(UNCLAIMED_NANOS);
            } catch (IOException e) {
                LOG.warn("A peer could not connect over RDMA: {}", e.getMessage());
                pause();
            }
        }
    }

    /** An error that repeats at once must not fill the log and the processor. */
    private synchronized void pause() {
        try {
            if (!closed) {
                wait(ACCEPT_MILLIS);
            }
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private synchronized void closeUnclaimed(long afterNanos) throws IOException {
        long now = System.nanoTime();
        Iterator<Arrived> all = arrived.values().iterator();
        while (all.hasNext()) {
            Arrived one = all.next();
            if (now - one.atNanos() >= afterNanos) {
                all.remove();
                one.pair().close();
            }
        }
    }

    /** Lets the workers do what was given to them, and ends them. Blocks. */
    void stopWorkers() throws IOException {
        synchronized (this) {
            closed = true;
            notifyAll();
            workers.values().forEach(ExecutorService::shutdown);
        }
        try {
            for (ExecutorService worker : workers.values()) {
                if (!worker.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                    throw new IOException("it does not let go of a connection");
                }
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static IOException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IOException("interrupted", e);
    }

    /** Ends the threads, then the device. Nothing that was made with it may be open any more. Blocks. */
    @Override
    public void close() throws IOException {
        stopWorkers();
        try {
            acceptor.join();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        closeUnclaimed(0);
        port.close();
    }
}
