package org.lockstep.compat.diff;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.wire.OpCode;

/** What servers do by themselves as time passes: sessions expire, empty containers and outlived TTL nodes go. */
class PassingTimeTest {
    private static final int EXPIRING_MILLIS = 400;
    private static final int LASTING_MILLIS = 30_000;
    /** Several rounds of the reaper. */
    private static final int UNTOUCHED_MILLIS = 1000;

    @TempDir
    static Path directory;
    private static ServerPair pair;
    private final Requests requests = new Requests();

    @BeforeAll
    static void start() throws IOException {
        pair = new ServerPair(Profile.SHORT_LIVED, ServerPair.Candidate.LOCKSTEP, directory);
    }

    @AfterAll
    static void stop() {
        pair.close();
    }

    @Test
    void aSilentSessionExpiresAndItsEphemeralsGo() throws IOException {
        Comparison comparison = run(
                connect(0, 0, LASTING_MILLIS),
                burst(0, Requests.pathType(OpCode.ADD_WATCH, Requests.bytes("/p"), 1)),
                connect(1, 1, EXPIRING_MILLIS),
                burst(1, Requests.create(Requests.bytes("/p/e"), null, Requests.OPEN_ACL, 1)),
                new Step.Drop(1),
                new Step.Await(0),
                new Step.Connect(1, 1, true, LASTING_MILLIS, Step.Password.RIGHT, true, false, 0, List.of()));
        assertShown(comparison, 5, "event type=2 state=3 path='/p/e'");
        assertShown(comparison, 6, "timeout=0 session=0 password=16 bytes of 0");
    }

    @Test
    void aSilentConnectionIsClosedWhenItsSessionExpires() throws IOException {
        Comparison comparison = run(
                connect(0, 0, EXPIRING_MILLIS),
                new Step.Await(0));
        assertShown(comparison, 1, "slot 0 was closed by the server");
    }

    @Test
    void anEmptiedContainerGoes() throws IOException {
        byte[] container = Requests.bytes("/p/c");
        byte[] child = Requests.bytes("/p/c/x");
        Comparison comparison = run(
                connect(0, 0, LASTING_MILLIS),
                burst(0, Requests.create(OpCode.CREATE_CONTAINER, container, null, Requests.OPEN_ACL, 4, -1)),
                burst(0, Requests.create(child, null, Requests.OPEN_ACL, 0)),
                burst(0, Requests.read(OpCode.EXISTS, container, true)),
                new Step.Pause(2, UNTOUCHED_MILLIS),
                burst(0, Requests.pathVersion(OpCode.DELETE, child, -1)),
                new Step.Await(0));
        assertShown(comparison, 6, "event type=2 state=3 path='/p/c'");
    }

    @Test
    void aTtlNodeGoesWhenItIsOldAndHasNoChildren() throws IOException {
        byte[] node = Requests.bytes("/p/t");
        byte[] child = Requests.bytes("/p/t/x");
        Comparison comparison = run(
                connect(0, 0, LASTING_MILLIS),
                burst(0, Requests.create(OpCode.CREATE_TTL, node, null, Requests.OPEN_ACL, 5, 300),
                        Requests.create(child, null, Requests.OPEN_ACL, 0)),
                burst(0, Requests.read(OpCode.EXISTS, node, true)),
                new Step.Pause(2, UNTOUCHED_MILLIS),
                burst(0, Requests.read(OpCode.EXISTS, node, true)),
                burst(0, Requests.pathVersion(OpCode.DELETE, child, -1)),
                new Step.Await(0));
        assertShown(comparison, 6, "event type=2 state=3 path='/p/t'");
    }

    private static Comparison run(Step... steps) throws IOException {
        Comparison comparison = pair.run(new Program(1, Profile.SHORT_LIVED, List.of(steps)));
        assertTrue(comparison.isEqual(), comparison::trace);
        return comparison;
    }

    private static void assertShown(Comparison comparison, int step, String what) {
        assertTrue(comparison.actual().get(step).stream().anyMatch(line -> line.contains(what)), comparison::trace);
    }

    private static Step connect(int slot, int session, int timeoutMillis) {
        return new Step.Connect(slot, session, false, timeoutMillis, Step.Password.RIGHT, true, false, 0, List.of());
    }

    private Step burst(int slot, Requests.Op... ops) {
        return new Step.Burst(slot, java.util.Arrays.stream(ops).map(requests::request).toList());
    }
}
