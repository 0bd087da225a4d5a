package org.lockstep.compat.consistency;

import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.lockstep.compat.consistency.NodeClient.Flavour;
import org.lockstep.compat.consistency.Operation.Status;

/**
 * Takes a lock again and again as ZooKeeper's recipe has it: an ephemeral sequential node, a watch on the next lower one; the
 * lowest holds the lock. Under the lock it writes a resource on condition that its node is still there.
 */
final class LockWorker implements Worker {
    static final String LOCKS = "/locks";
    static final String RESOURCES = "/resources";
    private static final int WATCH_MILLIS_MAX = 500;
    private static final int SEQUENCE_DIGITS = 10;

    private final History history;
    private final LibraryNodeClient client;
    private final int number;
    private final String lock;
    private final Random random;
    private int tries;

    LockWorker(History history, LibraryNodeClient client, int number, String lock, long seed) {
        this.history = history;
        this.client = client;
        this.number = number;
        this.lock = lock;
        random = new Random(seed * 31 + number);
    }

    @Override
    public void step() throws InterruptedException {
        String value = "l" + number + "." + tries++;
        Operation create = history.ask(client, number, List.of(Part.create(LOCKS + "/" + lock + "/n-", value)), false,
                Flavour.EPHEMERAL_SEQUENTIAL);
        if (create.status() != Status.OK) {
            // Its name is not known: only with the session it goes for certain.
            client.closeSession();
            return;
        }
        history.mayExpire(create);
        String node = create.parts().get(0).path();
        boolean held = await(node, create.session());
        if (held) {
            useResource(node, value);
        }
        Operation delete = history.ask(client, number, Part.delete(node, -1));
        if (delete.status() != Status.OK) {
            client.closeSession();
        }
        Thread.sleep(random.nextInt(20));
    }

    /** Waits until no lower node is left; false when the node was lost. */
    private boolean await(String node, long session) throws InterruptedException {
        String name = node.substring(node.lastIndexOf('/') + 1);
        while (true) {
            try {
                ZooKeeper zk = client.connected();
                if (zk.getSessionId() != session) {
                    return false;
                }
                List<String> names = zk.getChildren(LOCKS + "/" + lock, false).stream().sorted().toList();
                int place = names.indexOf(name);
                if (place <= 0) {
                    return place == 0;
                }
                CountDownLatch changed = new CountDownLatch(1);
                if (zk.exists(LOCKS + "/" + lock + "/" + names.get(place - 1), event -> changed.countDown()) != null) {
                    changed.await(WATCH_MILLIS_MAX, TimeUnit.MILLISECONDS);
                }
            } catch (KeeperException tryAgain) {
                Thread.sleep(WATCH_MILLIS_MAX / 10);
            }
        }
    }

    private void useResource(String node, String value) throws InterruptedException {
        long acquired = System.nanoTime();
        long token = Long.parseLong(node.substring(node.length() - SEQUENCE_DIGITS));
        long proven = 0;
        String resource = RESOURCES + "/" + lock;
        for (int write = 1 + random.nextInt(3); write > 0; write--) {
            long begin = System.nanoTime();
            Operation operation = history.ask(client, number,
                    List.of(Part.check(node, -1), Part.set(resource, value + "." + write, -1)), false, Flavour.PERSISTENT);
            if (operation.status() == Status.OK) {
                proven = begin;
                history.add(new LockCheck.FencedWrite(lock, token, operation.zxid()));
            }
            Thread.sleep(random.nextInt(10));
        }
        history.add(new Hold(lock, number, token, acquired, proven));
    }

    @Override
    public void close() {
        client.close();
    }
}
