package org.lockstep.compat.clients;

import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.MultiOperationRecord;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.proto.AddWatchRequest;
import org.apache.zookeeper.proto.ExistsRequest;
import org.apache.zookeeper.proto.GetDataRequest;
import org.apache.zookeeper.proto.ReplyHeader;
import org.apache.zookeeper.proto.SetDataRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that send and do not read: the server keeps little for them and serves the others. */
class SlowReaderTest {
    private static final int REQUESTS = 100_000;
    private static final int LARGE_BYTES = 50_000;
    private static final int LARGE_REQUESTS = 10_000;
    /** More than a server keeps for one client and the sockets on the way take. */
    private static final int EVENTS_BYTES = 100_000_000;
    private static final long GROWTH_BYTES_MAX = 300L << 20;
    private static final long STALL_MILLIS = 300;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private String root;
    private Bystander bystander;
    private RawClient client;
    private long residentBefore;

    @BeforeEach
    void connect() throws Exception {
        root = SERVER.newRoot("slow");
        SERVER.client().create(root + "/large", new byte[LARGE_BYTES], OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        client = new RawClient(SERVER.server().host(), SERVER.server().port());
        client.handshake(40_000);
        bystander = new Bystander(SERVER);
        bystander.assertServed();
        residentBefore = ServerHealth.residentBytes(SERVER);
    }

    @AfterEach
    void disconnect() throws Exception {
        client.close();
        bystander.close();
        ServerHealth.collectGarbage(SERVER);
    }

    @Test
    void smallRequestsWithoutReading() throws Exception {
        byte[] exists = RawClient.request(1, OpCode.exists, new ExistsRequest(root, false));
        byte[] set = RawClient.request(1, OpCode.setData, new SetDataRequest(root, new byte[10], -1));
        Flood flood = new Flood(REQUESTS, xid -> xid % 4 == 0 ? set : exists);
        flood.awaitStallOrEnd();
        assertBounded();
        flood.readAll();
    }

    /** Half a gigabyte of answers to a few hundred kilobytes of requests. */
    @Test
    void readsOfALargeNodeWithoutReadingTheAnswers() throws Exception {
        byte[] get = RawClient.request(1, OpCode.getData, new GetDataRequest(root + "/large", false));
        Flood flood = new Flood(LARGE_REQUESTS, xid -> get);
        flood.awaitStallOrEnd();
        assertBounded();
        flood.readAll();
    }

    /** Reads behind a write of their own wait for it and are then answered all at once. */
    @Test
    void readsOfALargeNodeBehindWrites() throws Exception {
        byte[] get = RawClient.request(1, OpCode.getData, new GetDataRequest(root + "/large", false));
        byte[] set = RawClient.request(1, OpCode.setData, new SetDataRequest(root, new byte[10], -1));
        Flood flood = new Flood(LARGE_REQUESTS, xid -> xid % 50 == 1 ? set : get);
        flood.awaitStallOrEnd();
        assertBounded();
        flood.readAll();
    }

    /** One small request that asks for half a gigabyte. */
    @Test
    void manyReadsOfALargeNodeInOneRequest() throws Exception {
        MultiOperationRecord reads = new MultiOperationRecord();
        for (int i = 0; i < LARGE_REQUESTS; i++) {
            reads.add(Op.getData(root + "/large"));
        }
        if (ServerExtension.isLockstep()) { // Apache ZooKeeper answers, if its heap is large enough
            client.send(1, OpCode.multiRead, reads);
            assertEquals(KeeperException.Code.MARSHALLINGERROR.intValue(), client.readReply().getErr());
        }
        client.send(2, OpCode.multiRead, new MultiOperationRecord(List.of(Op.getData(root + "/large"), Op.getChildren(root))));
        assertEquals(0, client.readReply().getErr());
        assertBounded();
    }

    /** Events cannot be held back at their source as answers can: who does not take them is let go. */
    @Test
    void aWatcherThatNeverReadsIsLetGo() throws Exception {
        client.send(1, OpCode.addWatch, new AddWatchRequest(root, 1));
        assertEquals(0, client.readReply().getErr());
        ZooKeeper writing = SERVER.client();
        String path = root + "/" + "n".repeat(1_000);
        writing.create(path, null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        List<Op> changes = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            changes.add(Op.setData(path, null, -1));
        }
        int eventsBytes = 0;
        // Apache ZooKeeper keeps all of them, and with a small heap it ends there.
        while (eventsBytes < EVENTS_BYTES && ServerExtension.isLockstep()) {
            assertEquals(500, writing.multi(changes).size());
            eventsBytes += 500 * (path.length() + 32);
        }
        assertBounded();
        if (ServerExtension.isLockstep()) {
            assertTrue(client.isClosedByServer());
        }
    }

    private void assertBounded() throws Exception {
        bystander.assertServed();
        long growth = ServerHealth.residentBytes(SERVER) - residentBefore;
        if (ServerExtension.isLockstep()) {
            assertTrue(growth < GROWTH_BYTES_MAX, "the server grew by " + (growth >> 20) + " MiB");
        }
        bystander.assertServed();
    }

    /** What request number {@code xid} is; the xid is put in when it is sent. */
    private interface Requests {
        byte[] of(int xid);
    }

    /** Sends requests from a thread of its own, which blocks when the server takes no more. */
    private final class Flood {
        private final int count;
        private final Requests requests;
        private final AtomicInteger sentCount = new AtomicInteger();
        private final AtomicBoolean ended = new AtomicBoolean();
        private volatile IOException failure;

        Flood(int count, Requests requests) {
            this.count = count;
            this.requests = requests;
            Thread sender = new Thread(this::send, "flood");
            sender.setDaemon(true);
            sender.start();
        }

        private void send() {
            try {
                ByteArrayOutputStream burst = new ByteArrayOutputStream();
                for (int xid = 1; xid <= count; xid++) {
                    byte[] request = requests.of(xid).clone();
                    request[4] = (byte) (xid >>> 24);
                    request[5] = (byte) (xid >>> 16);
                    request[6] = (byte) (xid >>> 8);
                    request[7] = (byte) xid;
                    burst.write(request);
                    if (burst.size() > 8_000 || xid == count) {
                        client.write(burst.toByteArray());
                        burst.reset();
                        sentCount.set(xid);
                    }
                }
            } catch (IOException e) {
                failure = e;
            } finally {
                ended.set(true);
            }
        }

        /** Returns when all is sent, or the server has taken nothing for a while. */
        void awaitStallOrEnd() throws Exception {
            long[] last = {-1, System.nanoTime()};
            Await.until("stall or end of the flood", () -> {
                if (sentCount.get() != last[0]) {
                    last[0] = sentCount.get();
                    last[1] = System.nanoTime();
                }
                return ended.get() || System.nanoTime() - last[1] > TimeUnit.MILLISECONDS.toNanos(STALL_MILLIS);
            });
        }

        /** Every request is answered, in order, once the client reads. */
        void readAll() throws Exception {
            for (int xid = 1; xid <= count; xid++) {
                ReplyHeader reply = client.readReply();
                assertEquals(xid, reply.getXid());
                assertEquals(0, reply.getErr());
            }
            Await.until("end of the flood", ended::get);
            assertEquals(null, failure);
        }
    }
}
