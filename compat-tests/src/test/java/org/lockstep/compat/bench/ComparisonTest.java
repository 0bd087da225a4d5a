package org.lockstep.compat.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A comparison of Apache ZooKeeper with itself, far too short to mean anything but that it measures both sides. */
class ComparisonTest {
    private static final Pattern LINE = Pattern.compile(
            "\\| (.+), (\\S+) \\| (\\S+)( \\(.*\\))? \\| (\\S+)( \\(.*\\))? \\| (\\S+) \\| .* \\| (met|MISSED|-) \\|");

    @TempDir
    Path directory;

    @Test
    void bothSidesOfEveryRowAreMeasured() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = ZkBench.run(List.of("--compare", "--sides", "apache,apache", "--only", "get-1x1,create-durable,heap,restart",
                "--rounds", "1", "--seconds", "0.3", "--warmup", "0.2", "--znodes", "3000", "--server-heap", "256", "--dir",
                directory.toString()), new PrintStream(out), new PrintStream(err));
        String table = out.toString(StandardCharsets.UTF_8);
        assertEquals(ZkBench.EXIT_OK, code, err.toString(StandardCharsets.UTF_8));
        List<Matcher> rows = table.lines().map(LINE::matcher).filter(Matcher::matches).toList();
        assertEquals(List.of("create, durable", "create, durable, p99", "1 connection, 1 deep: get, p50", "live heap per znode",
                "private memory of the process with them", "start to serving on an empty directory",
                "restart to serving with 3000 znodes"),
                rows.stream().map(row -> row.group(1)).toList(), table);
        for (Matcher row : rows) {
            double baseline = Double.parseDouble(row.group(3));
            double candidate = Double.parseDouble(row.group(5));
            assertTrue(baseline > 0 && candidate > 0, table);
            double ratio = Double.parseDouble(row.group(7));
            assertEquals(candidate / baseline, ratio, 0.01 + 0.05 * ratio, table);
        }
        assertNothingIsLeft();
    }

    @Test
    void ensemblesAreComparedLikewise() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = ZkBench.run(List.of("--compare", "--servers", "3", "--sides", "apache,apache", "--only",
                "set-no-sync-1x1,failover-kill", "--rounds", "1", "--seconds", "0.3", "--warmup", "0.2", "--server-heap", "128",
                "--dir", directory.toString()), new PrintStream(out), new PrintStream(err));
        String table = out.toString(StandardCharsets.UTF_8);
        assertEquals(ZkBench.EXIT_OK, code, err.toString(StandardCharsets.UTF_8));
        List<Matcher> rows = table.lines().map(LINE::matcher).filter(Matcher::matches).toList();
        assertEquals(List.of("1 connection, 1 deep: set, no-sync, p50",
                "kill -9 of a server: of 8 connections to the others lost", "kill -9 of a server: longest gap between two writes",
                "kill -9 of a server: acknowledged writes missing"), rows.stream().map(row -> row.group(1)).toList(), table);
        for (int side : new int[] {3, 5}) {
            assertTrue(Double.parseDouble(rows.get(0).group(side)) > 0, table);
            assertTrue(Double.parseDouble(rows.get(1).group(side)) >= 8, "every follower drops its clients with the leader");
            assertTrue(Double.parseDouble(rows.get(2).group(side)) > 20, table);
            assertEquals(0, Double.parseDouble(rows.get(3).group(side)), table);
        }
        assertNothingIsLeft();
    }

    private void assertNothingIsLeft() throws IOException {
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(List.of(), left.toList());
        }
    }
}
