package org.lockstep.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Timer;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.metrics.Meters;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.door.ConnectionStats;

class FourLetterWordsTest {
    private static final long SID = 0x100_0025_6f86_0000L;

    private final FakeServer server = new FakeServer();

    private String ask(String word) {
        return FourLetterWords.answer(server, word);
    }

    private ConnectionView connect(int port, long sessionId) {
        ConnectionView connection = new ConnectionView(new InetSocketAddress("127.0.0.1", port), sessionId,
            sessionId == 0 ? 0 : 30_000, 9_000L + port, sessionId != 0, new ConnectionStats(1234));
        server.connections.add(connection);
        return connection;
    }

    private static String summary(String latency) {
        return """
            Latency min/avg/max: %s
            Received: 2
            Sent: 1
            Connections: %s
            Outstanding: 3
            Zxid: 0x1f
            Mode: standalone
            Node count: 5
            """.formatted(latency, "%d");
    }

    @Test
    void srvrIsLineForLineZooKeepers() {
        server.stats.received();
        server.stats.received();
        server.stats.sent();
        server.stats.answered(1, true);
        server.stats.answered(2, true);
        server.stats.answered(5, true);
        assertEquals("Zookeeper version: " + Version.full() + "\n" + summary("1/2.6667/5").formatted(0), ask("srvr"));
        assertTrue(Version.full().matches("3\\.9\\.5-lockstep-\\d.*"), Version.full());
    }

    @Test
    void lazyPoliciesShowAtTheEndOfSrvr() {
        server.settings.setProperty("fsyncPolicy", "no-sync");
        server.settings.setProperty("maxUnsyncedMillis", "70");
        List<String> lines = ask("srvr").lines().toList();
        assertEquals("Node count: 5", lines.get(lines.size() - 2));
        assertEquals("Fsync policy: no-sync (UNSAFE: a power loss of all servers can lose acknowledged writes of the last 70 ms)",
            lines.get(lines.size() - 1));
        server.settings.setProperty("fsyncPolicy", "write-barrier");
        assertTrue(ask("stat").endsWith("of the last 70 ms, never those before a completed sync)\n"), ask("stat"));
    }

    @Test
    void statListsConnectionsBetweenVersionAndSummary() {
        server.stats.received();
        server.stats.received();
        server.stats.sent();
        connect(39558, 0).stats().receivedCount = 1;
        connect(39559, SID).stats().queuedCount = 4;
        assertEquals("Zookeeper version: " + Version.full() + """

            Clients:
             /127.0.0.1:39558[0](queued=0,recved=1,sent=0)
             /127.0.0.1:39559[1](queued=4,recved=0,sent=0)

            """ + summary("0/0.0/0").formatted(2), ask("stat"));
    }

    @Test
    void consTellsMoreOfConnectionsWithASession() {
        connect(39558, 0);
        ConnectionStats stats = connect(39559, SID).stats();
        stats.sentCount = 8;
        String head = " /127.0.0.1:39558[0](queued=0,recved=0,sent=0)\n"
            + " /127.0.0.1:39559[1](queued=0,recved=0,sent=8,sid=0x10000256f860000";
        assertEquals(head + ",lop=NA,est=1234,to=30000,lzxid=0xffffffffffffffff,lresp=0,llat=0,minlat=0,avglat=0,maxlat=0)\n\n",
            ask("cons"));
        stats.answered(OpCode.GET_DATA, 7, 3, 2477779, 1);
        stats.answered(OpCode.GET_DATA, 18, 3, 2477780, 4);
        assertEquals(head + ",lop=GETD,est=1234,to=30000,lcxid=0x12,lzxid=0x3,lresp=2477780,llat=4,minlat=1,avglat=2,maxlat=4)"
            + "\n\n", ask("cons"));
        assertEquals("Connection stats reset.\n", ask("crst"));
        assertEquals(0, stats.sentCount);
    }

    @Test
    void srstZeroesTheServersCounters() {
        server.stats.received();
        server.stats.answered(9, true);
        assertEquals("Server stats reset.\n", ask("srst"));
        assertEquals(0, server.stats.receivedCount());
        assertTrue(ask("srvr").contains("Latency min/avg/max: 0/0.0/0\n"));
    }

    @Test
    void dumpGroupsByExpiry() {
        server.sessions.put(SID, 20_000L);
        server.sessions.put(SID + 1, 10_000L);
        server.sessions.put(SID + 2, 20_000L);
        server.ephemerals.put(SID, List.of("/e", "/f"));
        connect(1000, 0);
        connect(1000, SID);
        assertEquals("""
            SessionTracker dump:
            Session Sets (2)/(3):
            1 expire at %1$s:
            	0x10000256f860001
            2 expire at %2$s:
            	0x10000256f860000
            	0x10000256f860002
            ephemeral nodes dump:
            Sessions with Ephemerals (1):
            0x10000256f860000:
            	/e
            	/f
            Connections dump:
            Connections Sets (1)/(2):
            2 expire at %1$s:
            	ip: /127.0.0.1:1000 sessionId: 0x0
            	ip: /127.0.0.1:1000 sessionId: 0x10000256f860000
            """.formatted(new Date(10_000), new Date(20_000)), ask("dump"));
    }

    @Test
    void watchesBySessionAndByPath() {
        assertEquals("0 connections watching 0 paths\nTotal watches:0\n", ask("wchs"));
        assertEquals("\n", ask("wchc"));
        server.watches.add(Map.entry("/p", SID));
        server.watches.add(Map.entry("/e", SID));
        server.watches.add(Map.entry("/p", SID + 1));
        assertEquals("2 connections watching 2 paths\nTotal watches:3\n", ask("wchs"));
        assertEquals("0x10000256f860000\n\t/p\n\t/e\n0x10000256f860001\n\t/p\n\n", ask("wchc"));
        assertEquals("/p\n\t0x10000256f860000\n\t0x10000256f860001\n/e\n\t0x10000256f860000\n\n", ask("wchp"));
    }

    @Test
    void confAndDirsCountTheDirectory(@TempDir Path dir) throws Exception {
        server.directory = dir;
        Files.write(Files.createDirectory(dir.resolve("sub")).resolve("f"), new byte[478]);
        assertEquals("datadir_size: 478\nlogdir_size: 478\n", ask("dirs"));
        assertEquals("""
            clientPort=2189
            secureClientPort=-1
            dataDir=%1$s
            dataDirSize=478
            dataLogDir=%1$s
            dataLogSize=478
            tickTime=3000
            maxClientCnxns=60
            minSessionTimeout=6000
            maxSessionTimeout=60000
            clientPortListenBacklog=-1
            serverId=0
            fsyncPolicy=durable
            """.formatted(dir), ask("conf"));
    }

    @Test
    void enviHasZooKeepersKeysInOrder() {
        List<String> lines = ask("envi").lines().toList();
        assertEquals("Environment:", lines.get(0));
        assertEquals(List.of("zookeeper.version", "host.name", "java.version", "java.vendor", "java.home", "java.class.path",
            "java.library.path", "java.io.tmpdir", "java.compiler", "os.name", "os.arch", "os.version", "user.name", "user.home",
            "user.dir", "os.memory.free", "os.memory.max", "os.memory.total"),
            lines.stream().skip(1).map(line -> line.substring(0, line.indexOf('='))).toList());
        assertTrue(lines.get(lines.size() - 1).matches("os.memory.total=\\d+MB"), lines.get(lines.size() - 1));
    }

    @Test
    void mntrKeepsZooKeepersNames() {
        server.stats.answered(7, true);
        Map<String, String> values = mntr();
        assertTrue(values.keySet().containsAll(Set.of("zk_version", "zk_server_state", "zk_avg_latency", "zk_min_latency",
            "zk_max_latency", "zk_packets_received", "zk_packets_sent", "zk_num_alive_connections", "zk_outstanding_requests",
            "zk_znode_count", "zk_watch_count", "zk_ephemerals_count", "zk_approximate_data_size", "zk_open_file_descriptor_count",
            "zk_max_file_descriptor_count", "zk_global_sessions", "zk_local_sessions", "zk_uptime")), values.keySet().toString());
        assertEquals("standalone", values.get("zk_server_state"));
        assertEquals("7.0", values.get("zk_avg_latency"));
        assertEquals("5", values.get("zk_znode_count"));
        assertEquals("durable", values.get("zk_fsync_policy"));
        assertEquals("0", values.get("zk_unsafe_fsync_policy"));
        server.settings.setProperty("forceSync", "no");
        assertEquals("no-sync", mntr().get("zk_fsync_policy"));
        assertEquals("1", mntr().get("zk_unsafe_fsync_policy"));
    }

    @Test
    void mntrShowsTheServersMetrics() {
        Timer flush = Meters.timer(server.metrics, "log.flush");
        flush.update(2, TimeUnit.MILLISECONDS);
        flush.update(4, TimeUnit.MILLISECONDS);
        server.metrics.counter("connection.rejected").inc(3);
        server.metrics.histogram("batch-size").update(12);
        server.metrics.register("none", (Gauge<Object>) () -> null);
        Map<String, String> values = mntr();
        assertEquals("2", values.get("zk_cnt_fsynctime"));
        assertEquals("6000", values.get("zk_sum_log_flush_us"));
        assertEquals("2000", values.get("zk_min_log_flush_us"));
        assertEquals("4000", values.get("zk_p99_log_flush_us"));
        assertEquals("3", values.get("zk_connection_rejected"));
        assertEquals("12", values.get("zk_p50_batch_size"));
        assertFalse(values.containsKey("zk_none"));
    }

    @Test
    void mntrShowsZooKeepersSummariesAsZooKeeperDoes() {
        Timer flush = Meters.timer(server.metrics, "log.flush");
        flush.update(1_600, TimeUnit.MICROSECONDS);
        flush.update(4_000, TimeUnit.MICROSECONDS);
        Timer secure = Meters.timer(server.metrics, "write.secure");
        for (int i = 0; i < 10_000; i++) {
            secure.update(1_500, TimeUnit.MICROSECONDS);
        }
        server.stats.answered(3, false);
        server.stats.answered(4, false);
        server.stats.answered(9, true);
        Map<String, String> values = mntr();
        assertEquals(Map.of("avg", "2.8", "min", "2", "max", "4", "cnt", "2", "sum", "6"), summaryOf("fsynctime", values));
        assertEquals(Map.of("avg", "1.5", "min", "2", "max", "2", "cnt", "10000", "sum", "15000", "p50", "2", "p95", "2", "p99", "2",
                "p999", "2"), summaryOf("sync_processor_queue_and_flush_time_ms", values));
        assertEquals(Map.of("avg", "3.5", "min", "3", "max", "4", "cnt", "2", "sum", "7", "p50", "4", "p95", "4", "p99", "4",
                "p999", "4"), summaryOf("readlatency", values));
        ask("srst");
        assertEquals("9", mntr().get("zk_sum_updatelatency"), "totals that only grow are what rates are computed from");
        assertFalse(values.containsKey("zk_cnt_snapshottime"), "nothing times it here");
    }

    private static Map<String, String> summaryOf(String name, Map<String, String> values) {
        Map<String, String> parts = new LinkedHashMap<>();
        values.forEach((key, value) -> {
            if (key.endsWith("_" + name)) {
                parts.put(key.substring("zk_".length(), key.length() - name.length() - 1), value);
            }
        });
        return parts;
    }

    private Map<String, String> mntr() {
        Map<String, String> values = new LinkedHashMap<>();
        for (String line : ask("mntr").split("\n")) {
            String[] parts = line.split("\t");
            assertEquals(2, parts.length, line);
            assertTrue(parts[0].matches("zk_[a-z0-9_]+"), line);
            assertNull(values.put(parts[0], parts[1]), "twice: " + line);
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(strings = {"srvr", "stat", "cons", "mntr", "conf", "dirs", "dump", "wchs", "wchc", "wchp",
        "crst", "srst"})
    void mostWordsNeedAServingServer(String word) {
        server.serving = false;
        assertEquals("This ZooKeeper instance is not currently serving requests\n", ask(word));
    }

    @Test
    void someWordsAlwaysAnswer() {
        assertEquals("imok", ask("ruok"));
        assertEquals("rw", ask("isro"));
        server.serving = false;
        assertEquals("imok", ask("ruok"));
        assertEquals("null", ask("isro"));
        assertTrue(ask("envi").startsWith("Environment:\n"));
    }

    @Test
    void whitelistKeepsAllButSrvrShut() {
        server.settings.setProperty("4lw.commands.whitelist", "ruok");
        assertEquals("imok", ask("ruok"));
        assertTrue(ask("srvr").startsWith("Zookeeper version: "));
        assertEquals("stat is not executed because it is not in the whitelist.\n", ask("stat"));
        assertEquals("isro is not executed because it is not in the whitelist.\n", ask("isro"));
        assertNull(ask("abcd"));
    }
}
