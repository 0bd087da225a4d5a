package org.lockstep.compat.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;

/** A watcher that keeps node events in the order of their arrival and leaves changes of the connection aside. */
final class Events implements Watcher {
    private final BlockingQueue<WatchedEvent> queue = new LinkedBlockingQueue<>();

    @Override
    public void process(WatchedEvent event) {
        if (event.getType() != Event.EventType.None) {
            queue.add(event);
        }
    }

    /** The next event must be this one; waits for it. */
    void expect(Event.EventType type, String path) throws InterruptedException {
        WatchedEvent event = queue.poll(Await.LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        assertNotNull(event, "no event came, expected " + type + " " + path);
        assertEquals(type + " " + path, event.getType() + " " + event.getPath());
    }

    /**
     * No event that the server wrote before it answers a request sent now may be waiting: the client library runs event handlers
     * and callbacks on one thread in the order in which they came off the wire.
     */
    void expectNone(ZooKeeper zk) throws InterruptedException {
        fence(zk);
        assertEquals(List.of(), drain());
    }

    /** What has come and was not yet taken. */
    List<String> drain() {
        List<WatchedEvent> events = new ArrayList<>();
        queue.drainTo(events);
        return events.stream().map(event -> event.getType() + " " + event.getPath()).toList();
    }

    /** Returns when all events sent before the answer to a request made now have been handed to their watchers. */
    static void fence(ZooKeeper zk) throws InterruptedException {
        CountDownLatch answered = new CountDownLatch(1);
        zk.sync("/", (code, path, context) -> answered.countDown(), null);
        Await.open("answer to sync", answered);
    }
}
