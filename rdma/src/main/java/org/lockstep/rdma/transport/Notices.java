package org.lockstep.rdma.transport;

import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import org.lockstep.rdma.verbs.QueuePair;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that sleeps until a peer's write announces itself, and then wakes the event loop. */
final class Notices {
    private static final Logger LOG = LoggerFactory.getLogger(Notices.class);
    private static final int WAIT_MILLIS = 200;

    private final QueuePair pair;
    private final EventLoop loop;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile boolean armed;
    private volatile String failure;

    Notices(QueuePair pair, EventLoop loop, int serverId) {
        this.pair = pair;
        this.loop = loop;
        thread = new Thread(this::watch, "lockstep-rdma-wake-" + serverId);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** False when the next notice is asked for already; else it is to be asked for now. On the event loop. */
    boolean arm() {
        if (armed) {
            return false;
        }
        armed = true;
        return true;
    }

    /** Why nobody waits any more; null while somebody does. Any thread. */
    String failure() {
        return failure;
    }

    private void watch() {
        try {
            while (!stopped) {
                if (pair.awaitNotice(WAIT_MILLIS)) {
                    armed = false;
                    loop.execute(() -> { }); // the loop's thread wakes, and looks
                }
            }
        } catch (IOException e) {
            failure = "waiting for its writes failed: " + e.getMessage();
        } catch (RejectedExecutionException e) {
            LOG.debug("The event loop has ended", e);
        }
    }

    /** Returns when nobody waits any more. Not on the event loop. */
    void stop() {
        stopped = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
