package org.lockstep.compat.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.admin.ScriptRunner.Run;

/** bin/zkServer.sh: commands, messages and exit codes, with the classes that this test was built with. */
class ZkServerScriptTest {
    @TempDir
    Path directory;
    private Path config;
    private Path pidFile;
    private ScriptRunner runner;

    @BeforeEach
    void configure() throws IOException {
        Path data = directory.resolve("data dir");
        pidFile = data.resolve("zookeeper_server.pid");
        config = configuration("dataDir=" + data, "clientPort=" + freePort(), "fsyncPolicy=no-sync");
        runner = new ScriptRunner(directory, "zkServer.sh");
    }

    private Path configuration(String... lines) throws IOException {
        return Files.write(directory.resolve("zoo.cfg"), List.of(lines));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @AfterEach
    void stopWhatRuns() throws Exception {
        if (Files.exists(pidFile)) {
            script("stop");
        }
    }

    private Run script(String command) throws Exception {
        return runner.run(command, config.toString());
    }

    @Test
    void aServersLife() throws Exception {
        Run start = script("start");
        assertEquals(0, start.code(), start.out() + start.err());
        assertEquals("Starting zookeeper ... STARTED\n", start.out());
        assertTrue(start.err().startsWith("Using config: " + config + "\n"), start.err());
        String pid = Files.readString(pidFile).trim();

        Run again = script("start");
        assertEquals(1, again.code());
        assertEquals("Starting zookeeper ... already running as process " + pid + ".\n", again.out());

        Run status = script("status");
        assertEquals(0, status.code(), status.out() + status.err());
        assertTrue(status.out().matches("(?s)Client port found: \\d+\\. Client address: localhost\\. Client SSL: false\\.\n"
                + "Mode: standalone\nFsync policy: no-sync \\(UNSAFE: .*\\)\n"), status.out());

        Run stop = script("stop");
        assertEquals(0, stop.code());
        assertEquals("Stopping zookeeper ... STOPPED\n", stop.out());
        assertFalse(ProcessHandle.of(Long.parseLong(pid)).map(ProcessHandle::isAlive).orElse(false));

        Run stopAgain = script("stop");
        assertEquals(0, stopAgain.code());
        assertEquals("Stopping zookeeper ... no zookeeper to stop (could not find file " + pidFile + ")\n", stopAgain.out());

        Run gone = script("status");
        assertEquals(1, gone.code());
        assertTrue(gone.out().endsWith("Error contacting service. It is probably not running.\n"), gone.out());
        assertFalse(gone.err().contains("/dev/tcp"), gone.err());
    }

    @Test
    void theClientPortMayBeInTheOwnServerLine() throws Exception {
        int port = freePort();
        Path data = Files.createDirectories(pidFile.getParent());
        Files.writeString(data.resolve("myid"), "2");
        configuration("dataDir=" + data, "server.1=127.0.0.1:1:2;127.0.0.1:1", "server.2=127.0.0.2:1:2;127.0.0.1:" + port);
        assertEquals("Client port found: " + port + ". Client address: 127.0.0.1. Client SSL: false.\n"
                + "Error contacting service. It is probably not running.\n", script("status").out());
        Files.delete(data.resolve("myid"));
        configuration("dataDir=" + data, "server.2=127.0.0.1:1:2;" + port);
        Run status = script("status");
        assertTrue(status.out().startsWith("Client port found: " + port + ". Client address: localhost. "), status.out());
    }

    @Test
    void aBadConfigurationIsNamed() throws Exception {
        configuration("dataDir=" + pidFile.getParent(), "clientPort=2181", "fsyncPolicy=fast");
        String line = "lockstep: " + config + ": fsyncPolicy=fast is not a policy; choose durable, no-sync or write-barrier\n";
        Run foreground = script("start-foreground");
        assertEquals(2, foreground.code());
        assertTrue(foreground.err().endsWith(line), foreground.err());

        Run start = script("start");
        assertEquals(1, start.code());
        assertEquals("Starting zookeeper ... FAILED TO START\n", start.out());
        assertTrue(start.err().contains(line), start.err());
        assertFalse(Files.exists(pidFile));
    }

    @Test
    void aPidFileThatNamesAnotherProgramIsNotBelieved() throws Exception {
        Files.createDirectories(pidFile.getParent());
        Process other = new ProcessBuilder("sleep", "60").start();
        try {
            Files.write(pidFile, (other.pid() + "\n").getBytes(StandardCharsets.US_ASCII));
            Run stop = script("stop");
            assertEquals(0, stop.code());
            assertEquals("Stopping zookeeper ... STOPPED (no such process any more)\n", stop.out());
            assertTrue(other.isAlive());
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void printCmdIsALineForAShell() throws Exception {
        Run run = script("print-cmd");
        assertEquals(0, run.code(), run.err());
        assertEquals(1, run.out().lines().count());
        assertTrue(run.out().contains(" --add-opens java.base/java.nio=ALL-UNNAMED "), run.out());
        assertTrue(run.out().contains(" -Xmx128m "), run.out());
        assertTrue(run.out().trim().endsWith(" org.lockstep.server.Main " + config), run.out());
    }

    @Test
    void anUnknownCommandShowsTheUsage() throws Exception {
        Run run = script("dance");
        assertEquals(1, run.code());
        assertTrue(run.err().startsWith("Usage: "), run.err());
    }
}
