package org.lockstep.compat.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.compat.servers.ApacheProcess;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;

/** The generator against Apache ZooKeeper, an oracle that owes it nothing: what it counts must be what the server did. */
class GeneratorTest {
    private static final int TIMEOUT_MILLIS = 10_000;

    @TempDir
    static Path directory;

    private static ServerProcess server;

    @BeforeAll
    static void startServer() throws IOException {
        server = new ApacheProcess(new ServerOptions(directory).set("forceSync", "no"));
        server.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @ParameterizedTest
    @EnumSource(Op.class)
    void everyOpIsCountedWithoutErrors(Op op) throws IOException {
        BenchResult result = run(options(op).withTimes(0.8, 0.2));
        assertTrue(result.requests() > 50, op + ": " + result.requests());
        assertEquals(result.requests(), result.latencies().getTotalCount());
        assertEquals(Map.of(), result.errorsByCode());
        assertEquals(op == Op.MULTI ? 10 * result.requests() : result.requests(), result.operations());
        assertTrue(result.percentileMicros(50) > 1 && result.percentileMicros(50) <= result.percentileMicros(99));
        assertTrue(result.seconds() >= 0.8 && result.seconds() < 5, "" + result.seconds());
    }

    @Test
    void createdNodesAreThereAndAsManyAsCounted() throws IOException {
        long before = nodes();
        BenchResult result = run(parse("--op", "create", "--count", "1000", "--warmup", "0", "--connections", "4", "--depth", "7",
                "--size", "33", "--prefix", "/counted"));
        assertEquals(1000, result.requests());
        int parents = 4;
        assertEquals(before + 1 + parents + 1000, nodes());
        try (BenchClient client = new BenchClient(address(), TIMEOUT_MILLIS)) {
            assertEquals(parents, client.countChildren("/counted"));
        }
    }

    @Test
    void everyWatchGivesOneNotification() throws IOException {
        BenchResult result = run(parse("--op", "watch", "--count", "2000", "--warmup", "0", "--connections", "1", "--keys", "5"));
        assertEquals(2000, result.requests());
        assertEquals(1000, result.notifications());
    }

    @Test
    void dataIsWhatWasAskedFor() throws IOException {
        run(parse("--op", "set", "--count", "100", "--warmup", "0", "--size", "1234", "--keys", "10", "--prefix", "/sized"));
        try (BenchClient client = new BenchClient(address(), TIMEOUT_MILLIS)) {
            for (int key = 0; key < 10; key++) {
                byte[] data = client.getData(Template.path("/sized/k", key));
                assertNotNull(data);
                assertEquals(1234, data.length);
            }
        }
    }

    @Test
    void sessionsAreClosedAtTheEnd() throws IOException {
        run(options(Op.GET).withTimes(0.3, 0));
        run(options(Op.CONNECT).withTimes(0.3, 0));
        String sessions = FourLetterWord.ask(ServerProcess.HOST, server.port(), "dump", TIMEOUT_MILLIS);
        assertTrue(Pattern.compile("Session Sets \\(\\d+\\)/\\(0\\):").matcher(sessions).find(), sessions);
    }

    @Test
    void jsonAndHeapAreMachineReadable() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = ZkBench.run(List.of("--servers", server.connectString(), "--op", "get", "--seconds", "1.2", "--warmup", "0",
                "--json", "--heap"), new PrintStream(out), new PrintStream(err));
        String[] lines = out.toString(StandardCharsets.UTF_8).split("\\R");
        assertEquals(ZkBench.EXIT_OK, code, err.toString(StandardCharsets.UTF_8));
        assertEquals(2, lines.length);
        assertTrue(lines[0].matches("\\{\"op\":\"get\",.*\"ops_per_second\":[0-9.]+,\"errors\":0,.*\\}"), lines[0]);
        assertTrue(lines[1].matches("\\{\"pid\":" + server.pid() + ",\"heap_bytes_before\":\\d+,\"heap_bytes_after\":\\d+\\}"),
                lines[1]);
        assertTrue(err.toString(StandardCharsets.UTF_8).matches("(?s)run +1 s +\\d+ requests/s +p50 .* errors 0\\R.*"),
                err.toString(StandardCharsets.UTF_8));
    }

    private static BenchResult run(BenchOptions options) throws IOException {
        return Bench.run(options, System.err);
    }

    private static BenchOptions options(Op op) {
        return BenchOptions.of(List.of(address()), op).withShape(4, 8).withKeys(50, 100).withQuiet(true);
    }

    private static long nodes() throws IOException {
        return Long.parseLong(FourLetterWord.monitor(ServerProcess.HOST, server.port(), TIMEOUT_MILLIS).get("zk_znode_count"));
    }

    private static BenchOptions parse(String... words) {
        try {
            List<String> all = new ArrayList<>(List.of(words));
            all.addAll(List.of("--servers", server.connectString(), "--quiet"));
            return BenchOptions.parse(all);
        } catch (UsageException e) {
            throw new AssertionError(e);
        }
    }

    private static InetSocketAddress address() {
        return new InetSocketAddress(ServerProcess.HOST, server.port());
    }
}
