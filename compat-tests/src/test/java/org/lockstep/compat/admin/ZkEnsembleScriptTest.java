package org.lockstep.compat.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.admin.ScriptRunner.Run;
import org.lockstep.compat.servers.FreePorts;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.server.config.EnsembleConfig;
import org.lockstep.server.config.ServerConfig;

/** bin/zkEnsemble.sh: what it writes, what it says, its exit codes. */
class ZkEnsembleScriptTest {
    private static final Duration VIEW_CHANGE_MAX = Duration.ofSeconds(30);

    @TempDir
    Path directory;
    private ScriptRunner runner;
    private Path ensemble;

    @BeforeEach
    void prepare() throws IOException {
        runner = new ScriptRunner(directory, "zkEnsemble.sh");
        ensemble = directory.resolve("an ensemble");
    }

    @AfterEach
    void stopWhatRuns() throws Exception {
        if (Files.exists(ensemble.resolve("1"))) {
            script("stop");
        }
    }

    private Run script(String command, String... options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(options));
        arguments.add(ensemble.toString());
        return runner.run(command, arguments.toArray(String[]::new));
    }

    @Test
    void theLifeOfAnEnsembleOfOne() throws Exception {
        String port = Integer.toString(FreePorts.next());
        Run start = script("start", "-n", "1", "-p", port, "-s", "fsyncPolicy=no-sync");
        assertEquals(0, start.code(), start.toString());
        assertTrue(start.out().startsWith("made an ensemble of 1 in " + ensemble + "\n"), start.toString());
        String pid = Files.readString(ensemble.resolve("1/data/zookeeper_server.pid")).trim();
        String row = "1   " + pid + " +127\\.0\\.0\\.1:" + port + " +127\\.0\\.0\\.1:\\d+ +standalone\n";
        assertTrue(start.out().matches("(?s).*\nid .*\n" + row + "connect with: bin/zkCli.sh -server 127.0.0.1:" + port + "\n"),
                start.toString());
        assertEquals(0, script("status").code());

        Run again = script("start");
        assertEquals(0, again.code(), again.toString());
        assertTrue(again.out().startsWith("server 1 runs already as process " + pid + "\n"), again.toString());
        Run other = script("start", "-n", "3");
        assertEquals(1, other.code());
        assertTrue(other.err().contains("holds an ensemble of 1 already"), other.toString());

        Run kill = script("kill", "1");
        assertEquals(0, kill.code(), kill.toString());
        assertTrue(kill.out().startsWith("server 1 (process " + pid + ") is killed; bring it back with: "), kill.toString());
        assertFalse(ProcessHandle.of(Long.parseLong(pid)).map(ProcessHandle::isAlive).orElse(false));
        Run down = script("status");
        assertEquals(1, down.code());
        assertTrue(down.out().contains(" down\n"), down.toString());
        assertTrue(script("kill", "1").err().contains("server 1 does not run"));

        assertEquals(0, script("start").code());
        Run logs = script("logs");
        assertTrue(logs.out().contains("serves ZooKeeper clients on"), logs.toString());
        Run stop = script("stop");
        assertEquals(0, stop.code());
        assertEquals("server 1 is stopped\n", stop.out());
    }

    @Test
    void theLifeOfAnEnsembleOfThree() throws Exception {
        int port = FreePorts.next();
        Run start = script("start", "-p", Integer.toString(port), "-s", "fsyncPolicy=no-sync");
        assertEquals(0, start.code(), start.toString());
        String clients = "127.0.0.1:" + port + ",127.0.0.1:" + (port + 1) + ",127.0.0.1:" + (port + 2);
        assertTrue(start.out().endsWith("connect with: bin/zkCli.sh -server " + clients + "\n"), start.toString());
        List<String> rows = rows(start);
        assertEquals(1, rows.stream()
                .filter(row -> row.matches(".* leader +\\d+ \\(members [123],[123],[123]; rank 0\\)")).count(),
                start.toString());
        assertEquals(2, rows.stream().filter(row -> row.matches(".* follower +\\d+ \\(members .*; rank [12]\\)")).count(),
                start.toString());

        assertEquals(0, script("kill", "2").code());
        Run down = awaitStatus(1, "members (1,3|3,1);");
        assertTrue(rows(down).get(1).startsWith("2   -  ") && rows(down).get(1).endsWith(" down"), down.toString());
        assertTrue(down.err().contains("not every server serves clients; see: "), down.toString());

        Run back = script("start");
        assertEquals(0, back.code(), back.toString());
        assertTrue(back.out().contains("server 1 runs already as process "), back.toString());
        awaitStatus(0, "members [123],[123],[123];");
        Run stop = script("stop");
        assertEquals(0, stop.code(), stop.toString());
        assertEquals("server 1 is stopped\nserver 2 is stopped\nserver 3 is stopped\n", stop.out());
        assertEquals(3, rows(script("status")).stream().filter(row -> row.endsWith(" down")).count());
    }

    /** Of a status, a line for each of three servers. */
    private static List<String> rows(Run status) {
        List<String> rows = status.out().lines().filter(line -> line.matches("[123]   .*")).toList();
        assertEquals(3, rows.size(), status.toString());
        return rows;
    }

    /** The status when it exits with this code and the first server's row shows this view: that takes a moment. */
    private Run awaitStatus(int code, String view) throws Exception {
        long deadline = System.nanoTime() + VIEW_CHANGE_MAX.toNanos();
        Run status = script("status");
        while (status.code() != code || !rows(status).get(0).matches(".*" + view + ".*")) {
            assertTrue(System.nanoTime() < deadline, status.toString());
            status = script("status");
        }
        return status;
    }

    @Test
    void threeServersAreConfiguredAlike() throws Exception {
        runner.serverIs("/no/such/classes");
        int port = FreePorts.next();
        Run start = script("start", "-p", Integer.toString(port), "-s", "fsyncPolicy=write-barrier");
        assertEquals(1, start.code(), start.toString());
        String membership = null;
        for (int id = 1; id <= 3; id++) {
            ServerConfig config = ServerConfig.load(ensemble.resolve(id + "/zoo.cfg"));
            EnsembleConfig all = config.ensemble();
            assertEquals(id, config.serverId());
            assertEquals(List.of(1, 2, 3), all.voterIds());
            assertEquals(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port + id - 1), config.bindAddress());
            assertEquals(ensemble.resolve(id + "/data"), config.dataDir());
            assertEquals(FsyncPolicy.WRITE_BARRIER, config.fsyncPolicy());
            assertEquals("127.0.0.1", all.peerBindAddress().getHostString());
            assertTrue(membership == null || membership.equals(all.membershipText()), all.membershipText());
            assertEquals(List.of(), config.warnings());
            membership = all.membershipText();
        }
        Run status = script("status");
        assertEquals(1, status.code());
        assertEquals(3, status.out().lines().filter(line -> line.endsWith(" down")).count(), status.toString());
    }

    @Test
    void portsThatAreTakenArePassedOverOrNamed() throws Exception {
        runner.serverIs("/no/such/classes");
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
            int port = taken.getLocalPort();
            Run start = script("start", "-n", "2", "-p", Integer.toString(port - 1));
            assertEquals(1, start.code());
            assertTrue(start.err().contains("of the ports " + (port - 1) + " to " + port + " not all are free; choose another"),
                    start.toString());
            assertFalse(Files.exists(ensemble));
        }
    }

    @Test
    void whatCannotBeDoneIsSaid() throws Exception {
        assertTrue(script("stop").err().contains("there is no ensemble in " + ensemble + "; make one with: "));
        assertTrue(script("dance").err().startsWith("Usage: "));
        assertTrue(script("kill").err().contains("kill needs the number of a server"));
        assertTrue(script("start", "-n", "0").err().contains("-n 0 is not a number of servers"));
        assertTrue(script("start", "-n", "10").err().contains("-n 10 is not a number of servers"));
        assertTrue(script("start", "-p", "70000").err().contains("-p 70000 is not a port"));
        assertTrue(script("start", "-s", "fast").err().contains("-s fast is not of the form KEY=VALUE"));
        assertTrue(script("start", "-x").err().contains("unknown option -x"));
        for (String[] wrong : new String[][] {{"stop"}, {"dance"}, {"kill"}, {"start", "-n", "0"}}) {
            assertEquals(1, script(wrong[0], Arrays.copyOfRange(wrong, 1, wrong.length)).code());
        }
        assertFalse(Files.exists(ensemble));
    }
}
