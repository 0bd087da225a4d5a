package org.lockstep.server.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.server.LockstepServer;
import org.lockstep.wire.OpCode;

/** The races between applying, watch events and reads that a client must never see, provoked by pipelining against them. */
class WatchAndReadOrderTest {
    private static final int ROUNDS = 3000;
    private static final int EVENTS_MIN = 51;
    /** On a slow disk a write takes as long as a hundred reads. */
    private static final long PROVOKE_NANOS_MAX = 30_000_000_000L;

    @TempDir
    Path dir;

    /** Writes to {@code path} as fast as it can until told to stop. */
    private static Thread writer(int port, String path, AtomicBoolean stop, AtomicReference<Throwable> failure) {
        Thread thread = new Thread(() -> {
            try (TestClient client = new TestClient(port)) {
                for (int n = 1; !stop.get(); n++) {
                    assertEquals(0, client.call(OpCode.SET_DATA, TestClient.setBody(path, String.valueOf(n))).err());
                }
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        thread.start();
        return thread;
    }

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync", "write-barrier"})
    void noClientSeesNewDataBeforeTheEventForIt(String policy) throws Exception {
        try (LockstepServer server = TestServer.start(dir, "fsyncPolicy", policy); TestClient reader = new TestClient(server.clientPort())) {
            reader.create("/w", "0");
            AtomicBoolean stop = new AtomicBoolean();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread writer = writer(server.clientPort(), "/w", stop, failure);
            int events = watchAndRead(reader);
            stop.set(true);
            writer.join();
            assertEquals(null, failure.get());
            assertTrue(events >= EVENTS_MIN, "only " + events + " events: the race was not provoked");
        }
    }

    /** Two pipelined reads a round, the first with a watch: whenever the data moved on, the event must have come before. */
    private static int watchAndRead(TestClient reader) throws Exception {
        int watched = -1;
        boolean fired = true;
        int events = 0;
        long lastZxid = 0;
        long deadline = System.nanoTime() + PROVOKE_NANOS_MAX;
        for (int round = 0; round < ROUNDS || events < EVENTS_MIN && System.nanoTime() < deadline; round++) {
            boolean watch = fired;
            int first = reader.gather(OpCode.GET_DATA, TestClient.getBody("/w", watch));
            int second = reader.gather(OpCode.GET_DATA, TestClient.getBody("/w", false));
            reader.flush();
            TestClient.Frame frame;
            do {
                frame = reader.read();
                assertTrue(frame.zxid() >= lastZxid, "zxid went back from " + lastZxid + " to " + frame.zxid());
                lastZxid = frame.zxid();
                if (frame.xid() == TestClient.EVENT_XID) {
                    fired = true;
                    events++;
                    continue;
                }
                int seen = Integer.parseInt(new String(frame.body().readBuffer(), StandardCharsets.UTF_8));
                if (frame.xid() == first && watch) {
                    watched = seen;
                    fired = false;
                } else if (!fired) {
                    assertEquals(watched, seen, "new data without the event for it");
                }
            } while (frame.xid() != second);
        }
        return events;
    }

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync", "write-barrier"})
    void aPipelinedReadSeesTheWriteBeforeItAndNotTheOneBehind(String policy) throws Exception {
        try (LockstepServer server = TestServer.start(dir, "fsyncPolicy", policy); TestClient client = new TestClient(server.clientPort())) {
            client.create("/p", "start");
            for (int round = 0; round < 100; round++) {
                for (int i = 0; i < 20; i++) {
                    client.gather(OpCode.SET_DATA, TestClient.setBody("/p", round + "." + i));
                    client.gather(OpCode.GET_DATA, TestClient.getBody("/p", false));
                    if (i % 7 == 0) {
                        client.gather(OpCode.SYNC, new org.lockstep.wire.JuteWriter().writeString("/p"));
                    }
                }
                client.flush();
                for (int i = 0; i < 20; i++) {
                    assertEquals(0, client.read().err());
                    assertEquals(round + "." + i, new String(client.read().body().readBuffer(), StandardCharsets.UTF_8));
                    if (i % 7 == 0) {
                        assertEquals("/p", client.read().body().readString());
                    }
                }
            }
        }
    }

    @Test
    void aWritersOwnEventComesBeforeTheReplyToItsWrite() throws Exception {
        try (LockstepServer server = TestServer.start(dir); TestClient client = new TestClient(server.clientPort())) {
            client.create("/own", "0");
            for (int i = 0; i < 100; i++) {
                client.gather(OpCode.GET_DATA, TestClient.getBody("/own", true));
                int set = client.gather(OpCode.SET_DATA, TestClient.setBody("/own", "x"));
                client.flush();
                client.read();
                TestClient.Frame event = client.read();
                TestClient.Frame reply = client.read();
                assertEquals(TestClient.EVENT_XID, event.xid());
                assertEquals(set, reply.xid());
                assertEquals(event.zxid(), reply.zxid());
            }
        }
    }

    @Test
    void zxidsNeverGoBackAcrossReconnectsAndRestarts() throws Exception {
        long lastZxid = 0;
        long sessionId = 0;
        byte[] password = new byte[16];
        for (int restart = 0; restart < 3; restart++) {
            try (LockstepServer server = TestServer.start(dir)) {
                for (int reconnect = 0; reconnect < 5; reconnect++) {
                    try (TestClient client = new TestClient(server.clientPort(), sessionId, password, lastZxid)) {
                        assertTrue(sessionId == 0 || sessionId == client.sessionId);
                        sessionId = client.sessionId;
                        password = client.password;
                        TestClient.Frame read = client.call(OpCode.EXISTS, TestClient.getBody("/", false));
                        assertTrue(read.zxid() >= lastZxid, "zxid went back");
                        TestClient.Frame write = client.create("/r" + restart + "-" + reconnect, "");
                        assertTrue(write.zxid() > lastZxid, "a write did not raise the zxid");
                        lastZxid = write.zxid();
                    }
                }
            }
        }
    }

    @Test
    void aClientThatHasSeenMoreThanTheServerIsClosedWithoutAWord() throws Exception {
        try (LockstepServer server = TestServer.start(dir)) {
            boolean closed = false;
            try (TestClient client = new TestClient(server.clientPort(), 0, new byte[16], Long.MAX_VALUE)) {
                closed = client.isClosed();
            } catch (java.io.EOFException | java.net.SocketException e) {
                closed = true;
            }
            assertTrue(closed);
            assertFalse(server.nodeCount() == 0);
        }
    }
}
