package org.lockstep.compat.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** bin/zkServer.sh: commands, messages and exit codes, with the classes that this test was built with. */
class ZkServerScriptTest {
    private static final Path SCRIPT = Path.of(System.getProperty("basedir", System.getProperty("user.dir"))).resolveSibling("bin")
            .resolve("zkServer.sh");

    @TempDir
    Path directory;
    private Path config;
    private Path pidFile;

    private record Run(int code, String out, String err) {}

    @BeforeEach
    void configure() throws IOException {
        Path data = directory.resolve("data dir");
        pidFile = data.resolve("zookeeper_server.pid");
        config = configuration("dataDir=" + data, "clientPort=" + freePort(), "fsyncPolicy=no-sync");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH,
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .map(entry -> Path.of(entry).toUri().toString()).collect(Collectors.joining(" ")));
        try (OutputStream jar = Files.newOutputStream(directory.resolve("server.jar"))) {
            new JarOutputStream(jar, manifest).close();
        }
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
        List<String> line = List.of("bash", SCRIPT.toString(), command, config.toString());
        ProcessBuilder builder = new ProcessBuilder(line);
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(key -> key.startsWith("ZOO") || key.endsWith("JVMFLAGS") || key.equals("CLASSPATH"));
        environment.put("LOCKSTEP_SERVER_JAR", directory.resolve("server.jar").toString());
        environment.put("ZOO_LOG_DIR", directory.resolve("logs").toString());
        environment.put("ZK_SERVER_HEAP", "128");
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        // Files, not pipes: a server that was started keeps what it has inherited.
        File out = directory.resolve(command + ".stdout").toFile();
        File err = directory.resolve(command + ".stderr").toFile();
        Process process = builder.redirectOutput(out).redirectError(err).start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), command + " does not end");
        return new Run(process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
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
