package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.queue.DistributedDelayQueue;
import org.apache.curator.framework.recipes.queue.DistributedIdQueue;
import org.apache.curator.framework.recipes.queue.DistributedPriorityQueue;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBase;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.framework.state.ConnectionState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Curator's queues between several clients: nothing is lost, nothing comes twice, and order is kept where it is promised. */
class CuratorQueuesTest {
    private static final int ITEMS = 60;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private String root;
    private String path;
    private List<CuratorFramework> clients;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("queues");
        path = root + "/queue";
        clients = Curators.many(SERVER, 3);
    }

    @Test
    void eachItemReachesOneOfTwoConsumers() throws Exception {
        Received received = new Received();
        consumeAndProduce(received, null);
    }

    @Test
    void eachItemReachesOneOfTwoConsumersUnderALock() throws Exception {
        Received received = new Received();
        consumeAndProduce(received, root + "/queue-lock");
    }

    private void consumeAndProduce(Received received, String lockPath) throws Exception {
        for (CuratorFramework consumer : clients.subList(0, 2)) {
            start(lockPath == null ? builder(consumer, received).buildQueue()
                    : builder(consumer, received).lockPath(lockPath).buildQueue());
        }
        DistributedQueue<String> producer = start(builder(clients.get(2), null).buildQueue());
        for (int i = 0; i < ITEMS; i++) {
            producer.put("item-" + i);
        }
        assertTrue(producer.flushPuts(30, TimeUnit.SECONDS));
        Await.until("all items", () -> received.items.size() >= ITEMS);
        Await.until("an empty queue", () -> clients.get(2).getChildren().forPath(path).isEmpty());
        assertEquals(IntStream.range(0, ITEMS).mapToObj(i -> "item-" + i).collect(Collectors.toCollection(TreeSet::new)),
                new TreeSet<>(received.items));
        assertEquals(ITEMS, received.items.size(), "an item came twice");
    }

    @Test
    void itemsAreRemovedByTheirId() throws Exception {
        DistributedIdQueue<String> producer = start(builder(clients.get(0), null).buildIdQueue());
        producer.put("one", "a");
        producer.put("two", "b");
        producer.put("three", "c");
        assertTrue(producer.flushPuts(30, TimeUnit.SECONDS));
        Await.until("three items", () -> clients.get(1).getChildren().forPath(path).size() == 3);
        assertEquals(1, producer.remove("b"));
        assertEquals(0, producer.remove("none"));
        Received received = new Received();
        start(builder(clients.get(1), received).buildIdQueue());
        Await.until("the rest", () -> received.items.size() == 2);
        assertEquals(List.of("one", "three"), List.copyOf(received.items));
    }

    @Test
    void priorityGoesBeforeAge() throws Exception {
        DistributedPriorityQueue<String> producer = start(builder(clients.get(0), null).buildPriorityQueue(0));
        producer.put("low", 9);
        producer.put("high", 1);
        producer.put("middle", 5);
        producer.put("below zero", -3);
        producer.put("high again", 1);
        assertTrue(producer.flushPuts(30, TimeUnit.SECONDS));
        Await.until("five items", () -> clients.get(1).getChildren().forPath(path).size() == 5);
        Received received = new Received();
        start(builder(clients.get(1), received).buildPriorityQueue(0));
        Await.until("all items", () -> received.items.size() == 5);
        assertEquals(List.of("below zero", "high", "high again", "middle", "low"), List.copyOf(received.items));
    }

    @Test
    void nothingLeavesADelayQueueBeforeItsTime() throws Exception {
        Received received = new Received();
        start(builder(clients.get(1), received).buildDelayQueue());
        DistributedDelayQueue<String> producer = start(builder(clients.get(0), null).buildDelayQueue());
        long nowMillis = System.currentTimeMillis();
        producer.put("later", nowMillis + 1_200);
        producer.put("soon", nowMillis + 400);
        producer.put("at once", nowMillis - 1);
        Await.until("all items", () -> received.items.size() == 3);
        assertEquals(List.of("at once", "soon", "later"), List.copyOf(received.items));
        assertTrue(received.timesMillis.get(1) >= nowMillis + 400, "soon came too soon");
        assertTrue(received.timesMillis.get(2) >= nowMillis + 1_200, "later came too soon");
    }

    @Test
    void simpleQueueServesTwoTakers() throws Exception {
        SimpleDistributedQueue first = new SimpleDistributedQueue(clients.get(0), path);
        assertNull(first.poll());
        assertThrows(NoSuchElementException.class, first::element);
        for (int i = 0; i < ITEMS; i++) {
            assertTrue(first.offer(("item-" + i).getBytes(UTF_8)));
        }
        assertArrayEquals("item-0".getBytes(UTF_8), first.peek());
        List<Callable<List<String>>> takers = new ArrayList<>();
        for (CuratorFramework client : clients.subList(1, 3)) {
            SimpleDistributedQueue queue = new SimpleDistributedQueue(client, path);
            takers.add(() -> {
                List<String> taken = new ArrayList<>();
                for (byte[] item = queue.poll(); item != null; item = queue.poll()) {
                    taken.add(new String(item, UTF_8));
                }
                return taken;
            });
        }
        List<String> all = new ArrayList<>();
        for (List<String> taken : Concurrently.run(takers)) {
            assertEquals(taken.stream().sorted((a, b) -> Integer.compare(number(a), number(b))).toList(), taken, "out of order");
            all.addAll(taken);
        }
        assertEquals(ITEMS, all.size());
        assertEquals(ITEMS, Set.copyOf(all).size());
    }

    @Test
    void takingFromASimpleQueueWaitsForAnItem() throws Exception {
        SimpleDistributedQueue queue = new SimpleDistributedQueue(clients.get(0), path);
        assertNull(queue.poll(50, TimeUnit.MILLISECONDS));
        CountDownLatch started = new CountDownLatch(1);
        List<Callable<byte[]>> both = List.of(() -> {
            started.countDown();
            return queue.take();
        }, () -> {
            Await.open("the taker", started);
            new SimpleDistributedQueue(clients.get(1), path).offer(new byte[] {7});
            return null;
        });
        assertArrayEquals(new byte[] {7}, Concurrently.run(both).get(0));
    }

    private static int number(String item) {
        return Integer.parseInt(item.substring("item-".length()));
    }

    private QueueBuilder<String> builder(CuratorFramework client, QueueConsumer<String> consumer) {
        return QueueBuilder.builder(client, consumer, new Text(), path);
    }

    private static <Q extends QueueBase<String>> Q start(Q queue) throws Exception {
        queue.start();
        return SERVER.closeLater(queue);
    }

    private static final class Text implements QueueSerializer<String> {
        @Override
        public byte[] serialize(String item) {
            return item.getBytes(UTF_8);
        }

        @Override
        public String deserialize(byte[] bytes) {
            return new String(bytes, UTF_8);
        }
    }

    private static final class Received implements QueueConsumer<String> {
        final List<String> items = Collections.synchronizedList(new ArrayList<>());
        final List<Long> timesMillis = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void consumeMessage(String message) {
            timesMillis.add(System.currentTimeMillis());
            items.add(message);
        }

        @Override
        public void stateChanged(CuratorFramework client, ConnectionState state) {}
    }
}
