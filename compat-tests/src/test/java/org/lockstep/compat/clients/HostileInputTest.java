package org.lockstep.compat.clients;

import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.proto.ConnectRequest;
import org.apache.zookeeper.proto.CreateRequest;
import org.apache.zookeeper.proto.ExistsRequest;
import org.apache.zookeeper.proto.ReplyHeader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Bytes that no ZooKeeper client sends: they cost their sender the connection, and nobody else anything. */
class HostileInputTest {
    private static final int MAX_BUFFER_BYTES = 0xfffff;
    private static final int TICK_MILLIS = 500;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension(options -> options
            .tickTimeMillis(TICK_MILLIS)
            .set("nio.sessionlessCnxnTimeout", "500"));

    private final List<RawClient> clients = new ArrayList<>();
    private Bystander bystander;

    @BeforeEach
    void startBystander() throws Exception {
        bystander = new Bystander(SERVER);
    }

    @AfterEach
    void theOthersWereServed() throws Exception {
        for (RawClient client : clients) {
            client.close();
        }
        try {
            bystander.assertServed();
            ServerHealth.collectGarbage(SERVER);
        } finally {
            bystander.close();
        }
    }

    @Test
    void impossibleLengthsBeforeTheHandshake() throws Exception {
        for (int length : new int[] {-1, Integer.MIN_VALUE, MAX_BUFFER_BYTES + 1, Integer.MAX_VALUE}) {
            RawClient client = connect();
            client.write(ByteBuffer.allocate(4).putInt(length).array());
            assertTrue(client.isClosedByServer(), "length " + length);
        }
    }

    @Test
    void impossibleLengthsWithinASession() throws Exception {
        for (int length : new int[] {-1, Integer.MIN_VALUE, MAX_BUFFER_BYTES + 1, Integer.MAX_VALUE, 0, 7}) {
            RawClient client = session();
            client.write(ByteBuffer.allocate(4 + Math.min(Math.max(length, 0), 7)).putInt(length).array());
            assertTrue(client.isClosedByServer(), "length " + length);
        }
    }

    @Test
    void handshakesThatAreNone() throws Exception {
        byte[] good = RawClient.frame(new ConnectRequest(0, 0, 4_000, 0, new byte[16], false));
        byte[] hugePassword = good.clone();
        ByteBuffer.wrap(hugePassword).putInt(28, Integer.MAX_VALUE - 8);
        byte[] negativePassword = good.clone();
        ByteBuffer.wrap(negativePassword).putInt(28, -2);
        byte[] empty = RawClient.framed(new byte[0]);
        byte[] tooShort = RawClient.framed(Arrays.copyOfRange(good, 4, 20));
        for (byte[] bytes : List.of(hugePassword, negativePassword, empty, tooShort)) {
            RawClient client = connect();
            client.write(bytes);
            assertTrue(client.isClosedByServer(), Arrays.toString(bytes));
        }
    }

    @Test
    void garbageOfAllSorts() throws Exception {
        Random random = new Random(7);
        for (int round = 0; round < 100; round++) {
            byte[] garbage = new byte[1 + random.nextInt(20_000)];
            random.nextBytes(garbage);
            RawClient client = round % 2 == 0 ? connect() : session();
            try {
                client.write(garbage);
                client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes());
            } catch (SocketException alreadyClosed) {
                assertNotEquals(0, garbage.length);
            }
            client.socket().shutdownOutput();
        }
    }

    /** Frames of the right length that hold nonsense: the record is refused, the connection goes on. */
    @Test
    void requestsThatCannotBeDecodedAreRefusedOneByOne() throws Exception {
        RawClient client = session();
        Random random = new Random(3);
        int xid = 0;
        for (int opCode : new int[] {OpCode.create, OpCode.create2, OpCode.createTTL, OpCode.createContainer, OpCode.delete,
            OpCode.setData, OpCode.getData, OpCode.exists, OpCode.getChildren, OpCode.getChildren2, OpCode.getACL, OpCode.setACL,
            OpCode.sync, OpCode.setWatches, OpCode.setWatches2, OpCode.addWatch, OpCode.removeWatches, OpCode.checkWatches,
            OpCode.getEphemerals, OpCode.getAllChildrenNumber, OpCode.multi, OpCode.multiRead}) {
            for (byte[] body : bodies(random)) {
                client.write(withHeader(++xid, opCode, body));
                ReplyHeader reply = client.readReply();
                assertEquals(xid, reply.getXid());
                assertEquals(Code.MARSHALLINGERROR.intValue(), reply.getErr(), "opcode " + opCode + " " + Arrays.toString(body));
            }
        }
        client.send(++xid, OpCode.exists, new ExistsRequest("/", false));
        assertEquals(0, client.readReply().getErr());
    }

    private static List<byte[]> bodies(Random random) {
        byte[] hugeString = ByteBuffer.allocate(8).putInt(Integer.MAX_VALUE).array();
        byte[] longerThanTheFrame = ByteBuffer.allocate(7).putInt(1_000).array();
        byte[] shortOfAll = {0};
        byte[] noise = new byte[64];
        random.nextBytes(noise);
        noise[0] = 0x7f; // a length that cannot be
        noise[4] = 0; // else it would be the end of an empty multi
        return List.of(hugeString, longerThanTheFrame, shortOfAll, noise);
    }

    @Test
    void unknownOperationsAreAnsweredAndEndTheConnection() throws Exception {
        List<Integer> opCodes = new ArrayList<>(
                List.of(OpCode.notification, OpCode.check, 23, 99, 10_000, -1, -12, Integer.MIN_VALUE));
        if (ServerExtension.isLockstep()) {
            opCodes.add(OpCode.createSession); // Apache ZooKeeper takes it from a client
        }
        for (int opCode : opCodes) {
            RawClient client = session();
            client.send(1, opCode, null);
            ReplyHeader reply = client.readReply();
            assertEquals(1, reply.getXid());
            assertEquals(-1, reply.getZxid());
            assertEquals(Code.UNIMPLEMENTED.intValue(), reply.getErr(), "opcode " + opCode);
            assertTrue(client.isClosedByServer(), "opcode " + opCode);
        }
    }

    @Test
    void whoNeverFinishesTheHandshakeIsClosed() throws Exception {
        byte[] good = RawClient.frame(new ConnectRequest(0, 0, 4_000, 0, new byte[16], false));
        List<RawClient> halfOpen = new ArrayList<>();
        for (int length : new int[] {0, 1, 3, 4, 5, 20, good.length - 1}) {
            RawClient client = connect();
            client.write(Arrays.copyOf(good, length));
            halfOpen.add(client);
        }
        for (RawClient client : halfOpen) {
            assertTrue(client.isClosedByServer());
        }
    }

    @Test
    void whoFallsSilentWithinARequestIsExpired() throws Exception {
        byte[] request = RawClient.request(1, OpCode.create, new CreateRequest("/half", null, OPEN_ACL_UNSAFE, 0));
        for (int length : new int[] {0, 4, 12, request.length - 1}) {
            RawClient client = connect();
            client.handshake(2 * TICK_MILLIS);
            client.write(Arrays.copyOf(request, length));
            assertTrue(client.isClosedByServer(), "after " + length + " bytes");
        }
        assertEquals(null, SERVER.client().exists("/half", false));
    }

    /** A request may come byte by byte, with pauses as long as the network likes. */
    @Test
    void aRequestInPiecesIsWhole() throws Exception {
        RawClient client = session();
        for (byte piece : RawClient.request(5, OpCode.exists, new ExistsRequest("/zookeeper", false))) {
            client.write(new byte[] {piece});
        }
        ReplyHeader reply = client.readReply();
        assertEquals(5, reply.getXid());
        assertEquals(0, reply.getErr());
    }

    private RawClient connect() throws IOException {
        RawClient client = new RawClient(SERVER.server().host(), SERVER.server().port());
        clients.add(client);
        return client;
    }

    private RawClient session() throws IOException {
        RawClient client = connect();
        assertNotEquals(0, client.handshake(20 * TICK_MILLIS).getSessionId());
        return client;
    }

    private static byte[] withHeader(int xid, int opCode, byte[] body) {
        return RawClient.framed(ByteBuffer.allocate(8 + body.length).putInt(xid).putInt(opCode).put(body).array());
    }
}
