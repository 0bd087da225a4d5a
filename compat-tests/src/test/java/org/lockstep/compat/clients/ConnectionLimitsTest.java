package org.lockstep.compat.clients;

import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.proto.CreateRequest;
import org.apache.zookeeper.proto.ExistsRequest;
import org.apache.zookeeper.proto.ReplyHeader;
import org.apache.zookeeper.proto.SetDataRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Limits that an operator sets: connections of one address, bytes of a request, requests in flight. */
class ConnectionLimitsTest {
    private static final int CONNECTIONS_MAX = 4;
    private static final int BUFFER_BYTES_MAX = 4_096;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension(options -> options
            .set("maxClientCnxns", Integer.toString(CONNECTIONS_MAX))
            .set("globalOutstandingLimit", "10")
            .jvmFlag("-Djute.maxbuffer=" + BUFFER_BYTES_MAX));

    @Test
    void oneAddressGetsNoMoreConnectionsThanItsShare() throws Exception {
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS_MAX; i++) {
            clients.add(session());
        }
        RawClient tooMany = connect();
        assertTrue(tooMany.isClosedByServer());
        for (RawClient client : clients) {
            client.send(1, OpCode.exists, new ExistsRequest("/", false));
            assertEquals(0, client.readReply().getErr());
        }
        clients.get(0).close();
        Await.until("room for another", () -> {
            try (RawClient next = connect()) {
                return next.handshake(10_000).getSessionId() != 0;
            } catch (IOException stillFull) {
                return false;
            }
        });
    }

    @Test
    void theLimitOfARequestIsTheConfiguredOne() throws Exception {
        RawClient client = session();
        client.send(1, OpCode.create, new CreateRequest("/fits", new byte[BUFFER_BYTES_MAX - 200], OPEN_ACL_UNSAFE, 1));
        assertEquals(0, client.readReply().getErr());
        client.send(2, OpCode.create, new CreateRequest("/does-not", new byte[BUFFER_BYTES_MAX], OPEN_ACL_UNSAFE, 1));
        assertTrue(client.isClosedByServer());
    }

    @Test
    void moreRequestsThanMayBeInFlightOnlyWait() throws Exception {
        RawClient client = session();
        client.send(1, OpCode.create, new CreateRequest("/busy", null, OPEN_ACL_UNSAFE, 1));
        assertEquals(0, client.readReply().getErr());
        int requests = 2_000;
        for (int xid = 2; xid <= requests; xid++) {
            client.send(xid, OpCode.setData, new SetDataRequest("/busy", null, -1));
        }
        for (int xid = 2; xid <= requests; xid++) {
            ReplyHeader reply = client.readReply();
            assertEquals(xid, reply.getXid());
            assertEquals(0, reply.getErr());
        }
    }

    private RawClient connect() throws IOException {
        return SERVER.closeLater(new RawClient(SERVER.server().host(), SERVER.server().port()));
    }

    private RawClient session() throws Exception {
        RawClient[] client = new RawClient[1];
        Await.until("a session: connections of the test before may still be closing", () -> {
            client[0] = connect();
            try {
                return client[0].handshake(10_000).getSessionId() != 0;
            } catch (IOException full) {
                return false;
            }
        });
        return client[0];
    }
}
