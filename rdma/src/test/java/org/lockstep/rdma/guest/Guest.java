package org.lockstep.rdma.guest;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.lockstep.rdma.verbs.QueuePairOptions;
import org.lockstep.rdma.verbs.RdmaPort;

/** What the tests know of the guest that they run in; {@code rdma/guest/init} makes it so. */
final class Guest {
    private static final Path COUNTERS = Path.of("/sys/class/infiniband/rxe0/ports/1/hw_counters");
    static final int TIMEOUT_MILLIS = 30_000;

    private Guest() {}

    /** One retry only, so that a device that hears nothing of its peer gives up in seconds. */
    static final QueuePairOptions OPTIONS = new QueuePairOptions(256, 256, 256, 1);

    static RdmaPort open() throws IOException {
        return RdmaPort.open(new InetSocketAddress("10.9.9.1", 0), OPTIONS);
    }

    /** Packets that the device has sent over RDMA. */
    static long packetsSent() throws IOException {
        return Long.parseLong(Files.readString(COUNTERS.resolve("sent_pkts")).trim());
    }

    /** How many system calls of a kind, {@code syscr} or {@code syscw}, this thread has made: those that read or write files. */
    static long systemCalls(String kind) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/thread-self/io"))) {
            if (line.startsWith(kind + ": ")) {
                return Long.parseLong(line.substring(kind.length() + 2));
            }
        }
        throw new AssertionError("the kernel does not count " + kind);
    }

    /** Fails after a while. */
    static void await(String what, BooleanSupplier holds) {
        long deadline = System.nanoTime() + TIMEOUT_MILLIS * 1_000_000L;
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + TIMEOUT_MILLIS + " ms: " + what);
            }
            Thread.onSpinWait();
        }
    }
}
