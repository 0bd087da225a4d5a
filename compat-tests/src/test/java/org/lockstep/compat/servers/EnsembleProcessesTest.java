package org.lockstep.compat.servers;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.compat.bench.BenchClient;
import org.lockstep.compat.servers.EnsembleProcesses.Kind;
import org.lockstep.compat.servers.EnsembleProcesses.Place;

/** The bench itself, with three servers of either kind: both lose a server and get it back. */
class EnsembleProcessesTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final int TIMEOUT_MILLIS = 5000;

    @TempDir
    Path directory;

    private static void small(ServerOptions options) {
        options.tickTimeMillis(200).heapMegabytes(64).set("initLimit", "50").set("syncLimit", "5").set("forceSync", "no")
                .jvmFlag("-XX:+UseSerialGC").jvmFlag("-XX:TieredStopAtLevel=1");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aLeaderThatIsKilledOrStandsStillIsReplacedAndComesBack(Kind kind) throws IOException {
        try (EnsembleProcesses ensemble =
                new EnsembleProcesses(kind, 3, Place.LOOPBACK, directory, EnsembleProcessesTest::small)) {
            ensemble.start();
            create(ensemble.addresses().get(0), "/a");
            int first = ensemble.leader(SOON);
            ensemble.server(first).kill();
            int second = otherLeader(ensemble, first);
            create(ensemble.addresses().get(second), "/b");
            ensemble.server(first).wipe();
            ensemble.server(first).start(SOON);
            assertTrue(exists(ensemble.addresses().get(first), "/b"), "a wiped server gets what it lacks");
            ensemble.server(second).freeze();
            assertFalse(ensemble.server(second).isServing());
            otherLeader(ensemble, second);
            ensemble.server(second).thaw();
            // It takes a moment until it sees that it was deposed.
            assertTrue(within(SOON, () -> leaders(ensemble) == 1 && followers(ensemble) == 2), "one leader, two followers");
            assertThrows(IllegalStateException.class, () -> ensemble.cutFromPeers(0));
        }
    }

    /** Needs network namespaces, as the runs do that it prepares for. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void aServerThatIsCutOffIsReplacedAndComesBack(Kind kind) throws IOException {
        Optional<String> reason = NetworkLab.unavailableReason();
        assumeTrue(reason.isEmpty(), () -> "no network namespaces: " + reason.get());
        try (EnsembleProcesses ensemble =
                new EnsembleProcesses(kind, 3, Place.SEPARATE_HOSTS, directory, EnsembleProcessesTest::small)) {
            ensemble.start();
            int first = ensemble.leader(SOON);
            ensemble.cutFromPeers(first);
            int second = otherLeader(ensemble, first);
            ServerProcess cut = ensemble.server(first);
            assertNotEquals("", FourLetterWord.ask(cut.host(), cut.port(), "ruok", TIMEOUT_MILLIS));
            create(ensemble.addresses().get(second), "/b");
            ensemble.cutFromAll(first);
            assertThrows(IOException.class, () -> FourLetterWord.ask(cut.host(), cut.port(), "ruok", 500));
            ensemble.heal(first);
            ensemble.awaitServing(SOON);
            // It may answer before it has heard that it was replaced, and drop its clients then.
            assertTrue(within(SOON, () -> shows(ensemble.addresses().get(first), "/b")), "it got what it had missed");
        }
    }

    private static boolean shows(InetSocketAddress server, String path) {
        try {
            return exists(server, path);
        } catch (IOException e) {
            return false;
        }
    }

    private static long leaders(EnsembleProcesses ensemble) {
        return IntStream.range(0, ensemble.size()).filter(i -> ensemble.mode(i).equals("leader")).count();
    }

    private static long followers(EnsembleProcesses ensemble) {
        return IntStream.range(0, ensemble.size()).filter(i -> ensemble.mode(i).equals("follower")).count();
    }

    private static boolean within(Duration limit, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadlineNanos) {
                return false;
            }
        }
        return true;
    }

    private static int otherLeader(EnsembleProcesses ensemble, int deposed) throws IOException {
        long deadlineNanos = System.nanoTime() + SOON.toNanos();
        int leader = -1;
        while ((leader < 0 || leader == deposed) && System.nanoTime() < deadlineNanos) {
            for (int i = 0; i < ensemble.size(); i++) {
                leader = i != deposed && ensemble.mode(i).equals("leader") ? i : leader;
            }
        }
        assertNotEquals(-1, leader, "a new leader within " + SOON);
        return leader;
    }

    private static void create(InetSocketAddress server, String path) throws IOException {
        try (BenchClient client = new BenchClient(server, TIMEOUT_MILLIS)) {
            client.createPath(path);
        }
    }

    private static boolean exists(InetSocketAddress server, String path) throws IOException {
        try (BenchClient client = new BenchClient(server, TIMEOUT_MILLIS)) {
            return client.getData(path) != null;
        }
    }
}
