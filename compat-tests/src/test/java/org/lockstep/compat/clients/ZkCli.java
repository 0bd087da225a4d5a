package org.lockstep.compat.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** ZooKeeper's own command line, {@code ZooKeeperMain}, in a process of its own, fed through its standard input. */
final class ZkCli implements AutoCloseable {
    private static final String MAIN_CLASS = "org.apache.zookeeper.ZooKeeperMain";
    static final String CONNECTED = "WatchedEvent state:SyncConnected type:None path:null zxid: -1";

    private static final String END_OF_OUTPUT = "<end>";

    private final Process process;
    private final Writer in;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<String> transcript = new ArrayList<>();
    private int markers;

    private ZkCli(Process process) {
        this.process = process;
        in = process.outputWriter(StandardCharsets.UTF_8);
        Thread reader = new Thread(this::read, "zkcli-output");
        reader.setDaemon(true);
        reader.start();
    }

    /** What a run of one command printed, and its exit code. */
    record Result(int exitCode, List<String> lines) {
        void assertOk(String line) {
            assertEquals(0, exitCode, lines.toString());
            assertTrue(lines.contains(line), () -> "no line <" + line + "> in " + lines);
        }

        void assertFailed(String line) {
            assertEquals(1, exitCode, lines.toString());
            assertTrue(lines.contains(line), () -> "no line <" + line + "> in " + lines);
        }
    }

    /** Runs one command in a process of its own. */
    static Result once(String connectString, String... command) throws Exception {
        try (ZkCli cli = start(connectString, command)) {
            cli.in.close();
            return new Result(cli.awaitExit(), cli.rest());
        }
    }

    /** A session that takes commands until it is closed. */
    static ZkCli session(String connectString) throws Exception {
        ZkCli cli = start(connectString);
        cli.awaitLine(CONNECTED);
        cli.run("sync /");
        return cli;
    }

    private static ZkCli start(String connectString, String... command) throws IOException {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-Xmx64m", "-Dlogback.configurationFile=" + silentLogging(),
                "-cp", System.getProperty("java.class.path"), MAIN_CLASS, "-waitforconnection", "-server", connectString));
        line.addAll(List.of(command));
        return new ZkCli(new ProcessBuilder(line).redirectErrorStream(true).start());
    }

    /** Runs a command; returns what it printed, the events of watches that came meanwhile included. */
    List<String> run(String command) throws Exception {
        String marker = "/no-such-node-" + ++markers;
        send(command);
        send("get " + marker);
        List<String> output = new ArrayList<>();
        for (String line = next(); !line.equals("Node does not exist: " + marker); line = next()) {
            output.add(line);
        }
        return output;
    }

    /** Runs a command that must print exactly these lines. */
    void expect(String command, String... output) throws Exception {
        assertEquals(List.of(output), run(command), command);
    }

    /** Runs a command that must print this line among others, and returns all of them. */
    List<String> expectLine(String command, String line) throws Exception {
        List<String> output = run(command);
        assertTrue(output.contains(line), () -> "no line <" + line + "> from " + command + " in " + output);
        return output;
    }

    /** Gives a command and does not wait for its end. */
    void send(String command) throws IOException {
        in.write(command + "\n");
        in.flush();
    }

    /** Returns once this line has been printed, be it before this call. */
    void awaitLine(String line) throws InterruptedException {
        while (!transcript.contains(line)) {
            next();
        }
    }

    /** Ends the session with {@code quit}; returns the exit code. */
    int quit() throws Exception {
        send("quit");
        return awaitExit();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }

    private int awaitExit() throws Exception {
        assertTrue(process.waitFor(Await.LIMIT.toMillis(), TimeUnit.MILLISECONDS), () -> "still runs: " + transcript);
        return process.exitValue();
    }

    private List<String> rest() throws InterruptedException {
        List<String> rest = new ArrayList<>();
        for (String line = poll(); !line.equals(END_OF_OUTPUT); line = poll()) {
            rest.add(line);
        }
        return rest;
    }

    private String next() throws InterruptedException {
        String line = poll();
        assertTrue(!line.equals(END_OF_OUTPUT), () -> "ended early: " + transcript);
        transcript.add(line);
        return line;
    }

    private String poll() throws InterruptedException {
        String line = lines.poll(Await.LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        assertNotNull(line, () -> "no more output after " + transcript);
        return line;
    }

    private void read() {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            out.lines().forEach(lines::add);
        } catch (IOException | UncheckedIOException gone) {
            // killed: what it printed so far is what there is
        }
        lines.add(END_OF_OUTPUT);
    }

    private static File silentLogging() throws IOException {
        Path file = Path.of("target", "clients", "zkcli-logback.xml").toAbsolutePath();
        Files.createDirectories(file.getParent());
        if (!Files.exists(file)) {
            Files.writeString(file, """
                    <configuration>
                      <statusListener class="ch.qos.logback.core.status.NopStatusListener"/>
                      <root level="OFF"/>
                    </configuration>
                    """);
        }
        return file.toFile();
    }
}
