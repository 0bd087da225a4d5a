package org.lockstep.server.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.server.LockstepServer;
import org.lockstep.wire.OpCode;

/** When the low half of the zxid nears its end the view changes, and clients notice nothing. */
class ViewRolloverTest {
    private static final String LIMIT = "lockstep.zxidsPerView";

    @TempDir
    Path dir;

    @AfterEach
    void clear() {
        System.clearProperty(LIMIT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync"})
    void requestsGoOnAcrossViewsWithoutAnErrorAndInOrder(String policy) throws Exception {
        System.setProperty(LIMIT, "300");
        long last = 0;
        try (LockstepServer server = TestServer.start(dir, "fsyncPolicy", policy); TestClient client = new TestClient(server.clientPort())) {
            for (int burst = 0; burst < 100; burst++) {
                for (int i = 0; i < 20; i++) {
                    client.gather(OpCode.CREATE, TestClient.createBody("/n" + burst + "-" + i, "x"));
                }
                client.flush();
                for (int i = 0; i < 20; i++) {
                    TestClient.Frame reply = client.read();
                    assertEquals(0, reply.err());
                    assertTrue(reply.zxid() > last, "zxid went back");
                    last = reply.zxid();
                }
            }
            assertTrue(server.viewId() > 4, "still in view " + server.viewId());
            assertTrue((last & 0xffff_ffffL) < 400, "the counter ran on to " + Long.toHexString(last));
        }
        System.clearProperty(LIMIT);
        try (LockstepServer server = TestServer.start(dir)) {
            assertEquals(5 + 2000, server.nodeCount());
            assertTrue(server.lastZxid() > last);
        }
    }

    @Test
    void everyStartBeginsAView() throws Exception {
        for (int start = 1; start <= 3; start++) {
            try (LockstepServer server = TestServer.start(dir)) {
                assertEquals(start, server.viewId());
                assertEquals((long) start << 32, server.lastZxid());
            }
        }
    }
}
