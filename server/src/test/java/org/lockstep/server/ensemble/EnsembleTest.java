package org.lockstep.server.ensemble;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.server.LockstepServer;
import org.lockstep.server.serving.TestClient;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;

/** Three servers on loopback and real disks, with clients on each. */
class EnsembleTest {
    private static final String LARGE = "x".repeat(40_000);

    @TempDir
    Path dir;

    private static String read(TestClient client, String path) throws Exception {
        TestClient.Frame synced = client.call(OpCode.SYNC, new JuteWriter().writeString("/"));
        assertEquals(0, synced.err());
        TestClient.Frame frame = client.call(OpCode.GET_DATA, TestClient.getBody(path, false));
        assertEquals(0, frame.err(), path);
        JuteReader body = frame.body();
        return new String(body.readBuffer(), StandardCharsets.UTF_8);
    }

    /** Has a client of each server write, and a client of each other read it. */
    private static void writeAndReadEverywhere(EmbeddedEnsemble ensemble, String prefix, int count, int... ids) throws Exception {
        Map<Integer, TestClient> clients = new HashMap<>();
        try {
            for (int id : ids) {
                clients.put(id, new TestClient(ensemble.clientPort(id)));
            }
            for (int id : ids) {
                TestClient client = clients.get(id);
                for (int i = 0; i < count; i++) {
                    client.gather(OpCode.CREATE, TestClient.createBody("/" + prefix + id + "-" + i, prefix + i));
                }
                client.flush();
            }
            for (int id : ids) {
                long last = 0;
                for (int i = 0; i < count; i++) {
                    TestClient.Frame reply = clients.get(id).read();
                    assertEquals(0, reply.err());
                    assertTrue(reply.zxid() > last, "a zxid went back");
                    last = reply.zxid();
                }
            }
            for (int writer : ids) {
                for (int reader : ids) {
                    assertEquals(prefix + (count - 1), read(clients.get(reader), "/" + prefix + writer + "-" + (count - 1)));
                }
            }
        } finally {
            for (TestClient client : clients.values()) {
                client.close();
            }
        }
    }

    private static String position(LockstepServer server) {
        return Long.toHexString(server.lastZxid()) + " " + Long.toHexString(server.digest());
    }

    private static void assertSameEverywhere(EmbeddedEnsemble ensemble, int... ids) throws InterruptedException {
        LockstepServer first = ensemble.server(ids[0]);
        for (int id : ids) {
            LockstepServer server = ensemble.server(id);
            String same = position(first);
            String found = position(server);
            for (int i = 0; i < 500 && !found.equals(same); i++) {
                Thread.sleep(10); // clients have left, and their sessions are being closed
                same = position(first);
                found = position(server);
            }
            assertEquals(same, found, "server " + id);
        }
        assertTrue(ensemble.failures.isEmpty(), ensemble.failures.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync", "write-barrier"})
    void blankServersFormAViewAndServeClientsEachOfThem(String policy) throws Exception {
        try (EmbeddedEnsemble ensemble = new EmbeddedEnsemble(dir, policy, 3)) {
            ensemble.form();
            writeAndReadEverywhere(ensemble, "a", 200, 1, 2, 3);
            assertSameEverywhere(ensemble, 1, 2, 3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync", "write-barrier"})
    void eachServerMayLeaveAndReturn(String policy) throws Exception {
        try (EmbeddedEnsemble ensemble = new EmbeddedEnsemble(dir, policy, 3)) {
            ensemble.form();
            int[][] others = {{2, 3}, {1, 3}, {1, 2}};
            for (int id = 1; id <= 3; id++) {
                int[] rest = others[id - 1];
                writeAndReadEverywhere(ensemble, "before" + id + "-", 100, 1, 2, 3);
                long viewId = ensemble.server(rest[0]).viewId();
                ensemble.stop(id);
                ensemble.awaitView(viewId + 1, rest[0], rest[1]);
                writeAndReadEverywhere(ensemble, "without" + id + "-", 100, rest);
                ensemble.start(id);
                ensemble.awaitView(viewId + 2, 1, 2, 3);
                writeAndReadEverywhere(ensemble, "after" + id + "-", 100, 1, 2, 3);
                assertSameEverywhere(ensemble, 1, 2, 3);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync", "write-barrier"})
    void allMayStopAndStartAgain(String policy) throws Exception {
        try (EmbeddedEnsemble ensemble = new EmbeddedEnsemble(dir, policy, 3)) {
            ensemble.form();
            writeAndReadEverywhere(ensemble, "a", 300, 1, 2, 3);
            assertSameEverywhere(ensemble, 1, 2, 3);
            for (int round = 0; round < 3; round++) {
                for (int id = 1; id <= 3; id++) {
                    ensemble.stop(id);
                }
                for (int id = 3; id >= 1; id--) {
                    ensemble.start(id);
                }
                ensemble.awaitView(2 + round, 1, 2, 3);
                try (TestClient client = new TestClient(ensemble.clientPort(1 + round))) {
                    for (int id = 1; id <= 3; id++) {
                        assertEquals("a299", read(client, "/a" + id + "-299"));
                    }
                }
                writeAndReadEverywhere(ensemble, "b" + round + "-", 50, 1, 2, 3);
                assertSameEverywhere(ensemble, 1, 2, 3);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync", "write-barrier"})
    void whoStoodStillTooLongDropsItsClientsAndJoinsAgain(String policy) throws Exception {
        try (EmbeddedEnsemble ensemble = new EmbeddedEnsemble(dir, policy, 3)) {
            ensemble.form();
            writeAndReadEverywhere(ensemble, "a", 20, 1, 2, 3);
            try (TestClient bystander = new TestClient(ensemble.clientPort(3));
                    TestClient sleeper = new TestClient(ensemble.clientPort(2))) {
                Thread pause = new Thread(() -> ensemble.server(2).onLoop(() -> {
                    Thread.sleep(2500);
                    return null;
                }));
                pause.start();
                for (int i = 0; i < 20; i++) {
                    assertEquals(0, bystander.create("/meanwhile-" + i, "x").err());
                }
                pause.join();
                ensemble.awaitView(3, 1, 2, 3);
                assertTrue(sleeper.isClosed(), "a client of an excluded server is still connected");
                assertEquals(0, bystander.create("/afterwards", "x").err());
                try (TestClient resumed = new TestClient(ensemble.clientPort(2), sleeper.sessionId, sleeper.password, 0)) {
                    assertEquals(sleeper.sessionId, resumed.sessionId);
                    assertEquals("x", read(resumed, "/meanwhile-19"));
                }
            }
            writeAndReadEverywhere(ensemble, "b", 20, 1, 2, 3);
            assertSameEverywhere(ensemble, 1, 2, 3);
        }
    }

    private static EmbeddedEnsemble withAShortLog(Path dir, String policy) throws Exception {
        return new EmbeddedEnsemble(dir, policy, 3).with("checkpointMillis", "100").with("logKeptBytes", "64k");
    }

    /** More than is kept for who is away, and checkpoints that let it go. */
    private static void writeMuch(EmbeddedEnsemble ensemble, int... ids) throws Exception {
        for (int round = 0; round < 8; round++) {
            writeAndReadEverywhere(ensemble, "much" + round + "-", 300, ids);
            try (TestClient client = new TestClient(ensemble.clientPort(ids[0]))) {
                for (int i = 0; i < 20; i++) {
                    assertEquals(0, client.call(OpCode.CREATE, TestClient.createBody("/large" + round + "-" + i, LARGE)).err());
                }
            }
            Thread.sleep(250);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync"})
    void theLogIsNotKeptForEverForWhoIsAway(String policy) throws Exception {
        try (EmbeddedEnsemble ensemble = withAShortLog(dir, policy)) {
            ensemble.form();
            writeAndReadEverywhere(ensemble, "a", 20, 1, 2, 3);
            ensemble.stop(3);
            ensemble.awaitView(2, 1, 2);
            writeMuch(ensemble, 1, 2);
            ensemble.start(3);
            ensemble.awaitView(3, 1, 2, 3);
            assertTrue(ensemble.startedOver(3), "the log reached back to where server 3 stood");
            writeAndReadEverywhere(ensemble, "b", 20, 1, 2, 3);
            assertSameEverywhere(ensemble, 1, 2, 3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync"})
    void whoWasAwayForLongIsBroughtUpToDateWithoutAnyView(String policy) throws Exception {
        try (EmbeddedEnsemble ensemble = withAShortLog(dir, policy)) {
            ensemble.form();
            writeAndReadEverywhere(ensemble, "a", 20, 1, 2, 3);
            ensemble.stop(3);
            ensemble.awaitView(2, 1, 2);
            writeMuch(ensemble, 1, 2);
            ensemble.stop(1);
            ensemble.stop(2);
            ensemble.start(2);
            ensemble.start(3);
            ensemble.awaitView(3, 2, 3);
            assertTrue(ensemble.startedOver(3), "the log reached back to where server 3 stood");
            writeAndReadEverywhere(ensemble, "b", 20, 2, 3);
            ensemble.start(1);
            ensemble.awaitView(4, 1, 2, 3);
            writeAndReadEverywhere(ensemble, "c", 20, 1, 2, 3);
            assertSameEverywhere(ensemble, 1, 2, 3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync"})
    void aServerWithAnEmptyDiskGetsACopyOfTheState(String policy) throws Exception {
        try (EmbeddedEnsemble ensemble = new EmbeddedEnsemble(dir, policy, 3).with("checkpointMillis", "100")) {
            ensemble.form();
            for (int round = 0; round < 8; round++) {
                writeAndReadEverywhere(ensemble, "round" + round + "-", 300, 1, 2, 3);
                Thread.sleep(250); // a checkpoint passes, and takes the log along
            }
            ensemble.stop(3);
            ensemble.wipe(3);
            ensemble.awaitView(2, 1, 2);
            writeAndReadEverywhere(ensemble, "meanwhile", 100, 1, 2);
            ensemble.start(3);
            ensemble.awaitView(3, 1, 2, 3);
            assertTrue(ensemble.server(3).nodeCount() > 7_000, "nodes: " + ensemble.server(3).nodeCount());
            writeAndReadEverywhere(ensemble, "afterwards", 100, 1, 2, 3);
            assertSameEverywhere(ensemble, 1, 2, 3);
            assertTrue(ensemble.startedOver(3), "the log reached back to the beginning: nothing was copied");
        }
    }
}
