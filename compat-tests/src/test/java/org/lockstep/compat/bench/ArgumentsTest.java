package org.lockstep.compat.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.compat.servers.FreePorts;

/** The generator's command line: what is wrong is named in one line, and never measured as something else. */
class ArgumentsTest {
    @ParameterizedTest
    @ValueSource(strings = {
        "--op fly", "--op", "--connections 0", "--connections many", "--depth -1", "--size -1", "--keys 0", "--seconds 0",
        "--warmup -1", "--read-percent 101", "--batch 0", "--count 0", "--servers nowhere", "--servers 127.0.0.1:0",
        "--servers 127.0.0.1:70000", "--servers 127.0.0.1:2181,", "--prefix bench", "--prefix /", "--prefix /a/", "--no-such 1",
        "stray", "--pid x", "--compare --rounds 0", "--compare --only nothing", "--compare --policies sometimes",
        "--compare --sides apache", "--compare --dir /no/such/directory", "--compare --op set"})
    void wrongCommandLineGivesOneLineAndCode2(String line) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = ZkBench.run(List.of(line.split(" ")), new PrintStream(out), new PrintStream(err));
        String message = err.toString(StandardCharsets.UTF_8);
        assertEquals(ZkBench.EXIT_USAGE, code, message);
        assertEquals(0, out.size());
        assertEquals(1, message.lines().count(), message);
        String culprit = line.replace("--compare ", "").split(" ")[0];
        assertTrue(message.startsWith("zkBench: " + culprit), message);
    }

    @Test
    void optionsTakeTheirValues() throws UsageException {
        BenchOptions options = BenchOptions.parse(List.of("--servers", "127.0.0.1:1,127.0.0.1:2", "--op", "mix",
                "--connections", "3", "--depth", "4", "--size", "0", "--keys", "6", "--seconds", "0.5", "--warmup", "0",
                "--count", "7", "--read-percent", "0", "--batch", "8", "--prefix", "/p/q", "--json", "--heap", "--pid",
                "9", "--quiet"));
        assertEquals(List.of(1, 2), options.servers().stream().map(server -> server.getPort()).toList());
        assertEquals(BenchOptions.of(options.servers(), Op.MIX).withShape(3, 4).withKeys(6, 0).withTimes(0.5, 0).withCount(7),
                new BenchOptions(options.servers(), options.op(), options.connections(), options.depth(), options.sizeBytes(),
                        options.keys(), options.seconds(), options.warmupSeconds(), options.count(), 80, 10, "/zkbench", false,
                        false, 0, false));
        assertEquals(0, options.readPercent());
        assertEquals(8, options.batch());
        assertEquals("/p/q", options.prefix());
        assertTrue(options.json() && options.heap() && options.quiet());
        assertEquals(9, options.heapPid());
    }

    @Test
    void helpNamesEveryOpAndSaysWhatAClosedLoopHides() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertEquals(ZkBench.EXIT_OK, ZkBench.run(List.of("--help"), new PrintStream(out), System.err));
        String help = out.toString(StandardCharsets.UTF_8);
        for (Op op : Op.values()) {
            assertTrue(help.contains(op.word() + " "), op.word());
        }
        assertTrue(help.contains("closed loop"), help);
    }

    @Test
    void serverThatDoesNotListenIsAFailureNotAMeasurement() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int port = FreePorts.next();
        int code = ZkBench.run(List.of("--servers", "127.0.0.1:" + port, "--op", "get", "--seconds", "1"), System.out,
                new PrintStream(err));
        assertEquals(ZkBench.EXIT_FAILED, code);
        assertEquals("zkBench: no session at 127.0.0.1:" + port + ": Connection refused",
                err.toString(StandardCharsets.UTF_8).strip());
    }
}
