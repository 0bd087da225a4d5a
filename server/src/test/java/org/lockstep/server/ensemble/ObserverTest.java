package org.lockstep.server.ensemble;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.log.DataDirectory;
import org.lockstep.log.LmdbLog;
import org.lockstep.log.StorageOptions;
import org.lockstep.server.replica.LostWrites;
import org.lockstep.server.serving.TestClient;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;

/** Three voters and an observer, server 4, on loopback and real disks. */
class ObserverTest {
    private static final int OBSERVER = 4;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    @TempDir
    Path dir;

    private EmbeddedEnsemble ensemble(String policy) throws Exception {
        EmbeddedEnsemble ensemble = new EmbeddedEnsemble(dir, policy, OBSERVER).withObserver(OBSERVER);
        ensemble.form();
        return ensemble;
    }

    /** An observer takes clients as soon as it is up to date. */
    private static TestClient clientOfObserver(EmbeddedEnsemble ensemble) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            try {
                return new TestClient(ensemble.clientPort(OBSERVER));
            } catch (IOException e) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("the observer takes no clients; " + ensemble.failures, e);
                }
                Thread.sleep(10);
            }
        }
    }

    private static void create(TestClient client, String prefix, int count, int bytes) throws Exception {
        for (int i = 0; i < count; i++) {
            client.gather(OpCode.CREATE, TestClient.createBody("/" + prefix + i, "x".repeat(bytes)));
        }
        client.flush();
        for (int i = 0; i < count; i++) {
            assertEquals(0, client.read().err(), prefix + i);
        }
    }

    private static void assertSees(TestClient client, String path) throws Exception {
        assertEquals(0, client.call(OpCode.SYNC, new JuteWriter().writeString("/")).err());
        assertEquals(0, client.call(OpCode.GET_DATA, TestClient.getBody(path, false)).err(), path);
    }

    /** It writes no log: what it applies must not count as what its log still has to flush. */
    @ParameterizedTest
    @ValueSource(strings = {"durable", "no-sync", "write-barrier"})
    void howeverMuchIsWrittenItGoesOnServing(String policy) throws Exception {
        try (EmbeddedEnsemble ensemble = ensemble(policy)) {
            ensemble.with("maxUnsyncedBytes", "4096");
            ensemble.stop(OBSERVER);
            ensemble.start(OBSERVER);
            try (TestClient here = clientOfObserver(ensemble); TestClient there = new TestClient(ensemble.clientPort(2))) {
                for (int round = 0; round < 10; round++) {
                    create(here, "here" + round + "-", 20, 1000);
                    create(there, "there" + round + "-", 20, 1000);
                }
                assertSees(here, "/there9-19");
                assertSees(there, "/here9-19");
            }
            assertEquals(List.of(), ensemble.failures);
        }
    }

    @Test
    void itServesAgainInTheViewThatItLeft() throws Exception {
        try (EmbeddedEnsemble ensemble = ensemble("durable")) {
            try (TestClient there = new TestClient(ensemble.clientPort(1)); TestClient here = clientOfObserver(ensemble)) {
                create(there, "before", 5, 10);
                assertSees(here, "/before4");
            }
            long viewId = ensemble.server(1).viewId();
            ensemble.stop(OBSERVER);
            ensemble.start(OBSERVER);
            try (TestClient here = clientOfObserver(ensemble)) {
                assertSees(here, "/before4");
                create(here, "after", 5, 10);
            }
            assertEquals(viewId, ensemble.server(1).viewId());
            assertEquals(List.of(), ensemble.failures);
        }
    }

    /** Its state says nothing of zxids that a power loss has taken back: it must hear of them, to send their clients away. */
    @Test
    void withTheStateComesWhichWritesWereLost() throws Exception {
        LostWrites lost = LostWrites.decode(null);
        lost.add(0x1_0000_0005L, 0x2_0000_0000L);
        try (EmbeddedEnsemble ensemble = new EmbeddedEnsemble(dir, "no-sync", OBSERVER).withObserver(OBSERVER)
                .with("checkpointMillis", "100")) {
            for (int id = 1; id < OBSERVER; id++) {
                ensemble.start(id);
            }
            ensemble.awaitView(1, 1, 2, 3);
            for (int id = 1; id < OBSERVER; id++) {
                ensemble.stop(id);
                onLog(id, log -> log.putRecord(LostWrites.RECORD, lost.encode()));
            }
            for (int id = 1; id < OBSERVER; id++) {
                ensemble.start(id);
            }
            ensemble.awaitView(2, 1, 2, 3);
            letGo(ensemble);
            ensemble.start(OBSERVER);
            clientOfObserver(ensemble).close();
            assertTrue(ensemble.startedOver(OBSERVER), "nothing was copied");
            ensemble.stop(OBSERVER);
            onLog(OBSERVER, log -> assertArrayEquals(lost.encode(), log.record(LostWrites.RECORD)));
        }
    }

    private void onLog(int id, Consumer<MemberLog> task) {
        Path data = dir.resolve("server" + id);
        try (DataDirectory directory = DataDirectory.open(data, data, StorageOptions.DEFAULT);
                MemberLog log =
                        LmdbLog.openMember(directory, FsyncPolicy.NO_SYNC, StorageOptions.DEFAULT, new MetricRegistry())) {
            task.accept(log);
        }
    }

    /** Writes until a checkpoint has taken the beginning of the log along. */
    private static void letGo(EmbeddedEnsemble ensemble) throws Exception {
        try (TestClient there = new TestClient(ensemble.clientPort(1))) {
            for (int round = 0; round < 8; round++) {
                create(there, "round" + round + "-", 100, 10_000);
                Thread.sleep(250);
            }
        }
    }

    @Test
    void whatTheLogHasLetGoItCopies() throws Exception {
        try (EmbeddedEnsemble ensemble = new EmbeddedEnsemble(dir, "durable", OBSERVER).withObserver(OBSERVER)
                .with("checkpointMillis", "100")) {
            for (int id = 1; id < OBSERVER; id++) {
                ensemble.start(id);
            }
            ensemble.awaitView(1, 1, 2, 3);
            try (TestClient there = new TestClient(ensemble.clientPort(1))) {
                letGo(ensemble);
                ensemble.start(OBSERVER);
                try (TestClient here = clientOfObserver(ensemble)) {
                    assertSees(here, "/round0-0");
                    assertSees(here, "/round7-99");
                    create(here, "own", 20, 10);
                }
                assertSees(there, "/own19");
            }
            assertTrue(ensemble.startedOver(OBSERVER), "the log reached back to the beginning: nothing was copied");
            assertEquals(List.of(), ensemble.failures);
        }
    }
}
