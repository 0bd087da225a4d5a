package org.lockstep.compat.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.compat.servers.ApacheProcess;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;

/**
 * The four-letter words of both servers, after the same client has done the same to each. What must differ (numbers, times,
 * paths, addresses, session ids) is blanked out; what is left, line by line, must be equal.
 */
class FourLetterShapeTest {
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final List<String> MNTR_WELL_KNOWN = List.of("zk_version", "zk_server_state", "zk_avg_latency",
            "zk_min_latency", "zk_max_latency", "zk_packets_received", "zk_packets_sent", "zk_num_alive_connections",
            "zk_outstanding_requests", "zk_znode_count", "zk_watch_count", "zk_ephemerals_count", "zk_approximate_data_size",
            "zk_global_sessions", "zk_local_sessions", "zk_open_file_descriptor_count", "zk_max_file_descriptor_count",
            "zk_uptime", "zk_avg_fsynctime", "zk_min_fsynctime", "zk_max_fsynctime", "zk_cnt_fsynctime", "zk_sum_fsynctime",
            "zk_cnt_snapshottime", "zk_sum_snapshottime");
    private static final List<String> DETAILED_SUMMARIES = List.of("readlatency", "updatelatency",
            "prep_processor_queue_time_ms", "sync_processor_queue_and_flush_time_ms", "write_commitproc_time_ms");

    private static final List<ServerProcess> SERVERS = new ArrayList<>();
    private static final List<ZooKeeper> CLIENTS = new ArrayList<>();

    @TempDir
    static Path directory;

    @BeforeAll
    static void startBoth() throws Exception {
        SERVERS.add(new ApacheProcess(options("apache")).start());
        SERVERS.add(new LockstepProcess(options("lockstep")).start());
        for (ServerProcess server : SERVERS) {
            CLIENTS.add(use(server));
        }
    }

    private static ServerOptions options(String name) throws IOException {
        return new ServerOptions(Files.createDirectories(directory.resolve(name))).heapMegabytes(192)
                .set("4lw.commands.whitelist", "*");
    }

    /** One session with an ephemeral, watches of two kinds, and a few requests. */
    private static ZooKeeper use(ServerProcess server) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper client = new ZooKeeper(server.connectString(), 30_000, event -> {
            if (event.getState() == Watcher.Event.KeeperState.SyncConnected) {
                connected.countDown();
            }
        });
        assertTrue(connected.await(20, TimeUnit.SECONDS), "no connection to " + server.name());
        Watcher silent = (WatchedEvent event) -> { };
        client.create("/p", new byte[10], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        client.create("/e", null, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        client.getData("/p", silent, null);
        client.exists("/absent", silent);
        client.getChildren("/p", silent);
        return client;
    }

    @AfterAll
    static void stopBoth() throws Exception {
        for (ZooKeeper client : CLIENTS) {
            client.close();
        }
        SERVERS.forEach(ServerProcess::close);
    }

    private static String ask(int server, String word) throws IOException {
        return FourLetterWord.ask(SERVERS.get(server).host(), SERVERS.get(server).port(), word, TIMEOUT_MILLIS);
    }

    private static String shape(String text) {
        return text.replaceAll("(?m)^Zookeeper version: 3\\.9\\.5-.*$", "Zookeeper version: 3.9.5-V")
                .replaceAll("(?m)^\\d+ expire at .*:$", "N expire at T:")
                .replaceAll("Sets \\(\\d+\\)/", "Sets (B)/")
                .replaceAll("(?m)^fsyncPolicy=.*\\R", "")
                .replaceAll("0x[0-9a-f]+", "0xN")
                .replaceAll("/127\\.0\\.0\\.1:\\d+", "/ADDRESS")
                .replaceAll("=[^=,)\\n]*", "=V")
                .replaceAll("-?\\d+\\.\\d+", "D")
                .replaceAll("\\b\\d+\\b", "N");
    }

    /** Connections have no order to rely on, and an expired bucket of Apache's may be left with nothing in it. */
    private static List<String> sortedLines(String shape) {
        return shape.lines().filter(line -> !line.equals("N expire at T:")).sorted().toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ruok", "isro", "srvr", "wchs", "conf", "dirs", "crst", "srst"})
    void sameLines(String word) throws IOException {
        assertEquals(shape(ask(0, word)), shape(ask(1, word)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"stat", "cons", "dump", "wchc", "wchp"})
    void sameLinesInAnyOrder(String word) throws IOException {
        assertEquals(sortedLines(shape(ask(0, word))), sortedLines(shape(ask(1, word))));
    }

    @Test
    void countsAreEqualNotOnlyShapes() throws IOException {
        for (String word : List.of("wchs", "wchp", "wchc")) {
            assertEquals(ask(0, word).replaceAll("0x[0-9a-f]+", "S").lines().sorted().toList(),
                    ask(1, word).replaceAll("0x[0-9a-f]+", "S").lines().sorted().toList());
        }
        Map<String, String> apache = monitor(0);
        Map<String, String> lockstep = monitor(1);
        for (String key : List.of("zk_znode_count", "zk_ephemerals_count", "zk_watch_count", "zk_approximate_data_size",
                "zk_global_sessions", "zk_num_alive_connections", "zk_server_state")) {
            assertEquals(apache.get(key), lockstep.get(key), key);
        }
    }

    @Test
    void enviHasTheSameKeysInTheSameOrder() throws IOException {
        assertEquals(keys(ask(0, "envi")), keys(ask(1, "envi")));
    }

    private static List<String> keys(String text) {
        return text.lines().map(line -> line.replaceFirst("=.*", "")).toList();
    }

    @Test
    void wellKnownMonitorKeysAreThere() throws IOException {
        Set<String> missing = new TreeSet<>(MNTR_WELL_KNOWN);
        assertTrue(monitor(0).keySet().containsAll(missing), "the list names keys that Apache has not");
        missing.removeAll(monitor(1).keySet());
        assertEquals(Set.of(), missing);
    }

    @Test
    void summariesHaveTheSameParts() throws IOException {
        for (String summary : DETAILED_SUMMARIES) {
            List<String> apache = partsOf(summary, 0);
            assertEquals(9, apache.size(), summary);
            assertEquals(apache, partsOf(summary, 1), summary);
        }
        assertEquals(partsOf("fsynctime", 0), partsOf("fsynctime", 1));
    }

    private static List<String> partsOf(String summary, int server) throws IOException {
        return monitor(server).keySet().stream().filter(key -> key.endsWith("_" + summary)).toList();
    }

    @Test
    void readsAndUpdatesAreToldApart() throws Exception {
        for (int server = 0; server < 2; server++) {
            Map<String, String> before = monitor(server);
            CLIENTS.get(server).setData("/p", new byte[10], -1);
            CLIENTS.get(server).setData("/p", new byte[10], -1);
            CLIENTS.get(server).exists("/p", false);
            Map<String, String> after = monitor(server);
            assertEquals(2, delta(before, after, "zk_cnt_updatelatency"));
            assertTrue(delta(before, after, "zk_cnt_readlatency") >= 1, "pings are reads, too");
        }
    }

    /** Apache counts a four-letter word's answer twice among the packets sent; here one packet answers whatever is received. */
    @Test
    void packetsAreCounted() throws Exception {
        Map<String, String> before = monitor(1);
        CLIENTS.get(1).exists("/p", false);
        ask(1, "ruok");
        Map<String, String> after = monitor(1);
        long received = delta(before, after, "zk_packets_received");
        assertTrue(received >= 3, "received " + received);
        assertEquals(received, delta(before, after, "zk_packets_sent"));
    }

    private static long delta(Map<String, String> before, Map<String, String> after, String key) {
        return Long.parseLong(after.get(key)) - Long.parseLong(before.get(key));
    }

    private static Map<String, String> monitor(int server) throws IOException {
        return FourLetterWord.monitor(SERVERS.get(server).host(), SERVERS.get(server).port(), TIMEOUT_MILLIS);
    }
}
