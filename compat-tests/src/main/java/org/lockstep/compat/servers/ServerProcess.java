package org.lockstep.compat.servers;

import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A server in a JVM of its own, started from the class path of this JVM, or a copy of it ({@link FastStart}). It may be killed,
 * stood still, and started again on the same directory and port. Whatever happens, {@link #close()} or the end of this JVM kills
 * the process, by its pid.
 */
public abstract class ServerProcess implements AutoCloseable {
    /** Where servers take clients unless they are told otherwise. */
    public static final String HOST = "127.0.0.1";
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);
    private static final int PROBE_TIMEOUT_MILLIS = 2000;
    private static final int PROBE_PAUSE_MILLIS = 20;
    private static final int LOG_TAIL_CHARS = 4000;

    private final ServerOptions options;
    private final Thread cleanup = new Thread(this::destroy, "server-cleanup");
    private Process process;

    protected ServerProcess(ServerOptions options) {
        this.options = options;
    }

    /** Java main class to run with the path of zoo.cfg as its only argument. */
    protected abstract String mainClass();

    /** JVM flags that this kind of server always needs. */
    protected abstract List<String> requiredJvmFlags();

    /** Adds this kind of server's own defaults; keys already present stay. */
    protected abstract void completeConfig(Properties config);

    /** A name for messages. */
    public abstract String name();

    public final String host() {
        return options.host();
    }

    public final int port() {
        return options.port();
    }

    /** {@code host:port}, as client libraries take it. */
    public final String connectString() {
        return options.host() + ":" + options.port();
    }

    /** Standard output and error of every run so far, appended. */
    public final Path logFile() {
        return options.directory().resolve("server.log");
    }

    public final Path dataDir() {
        return Path.of(options.config().getProperty("dataDir"));
    }

    public final synchronized boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** Process id of the current or last run. */
    public final synchronized long pid() {
        return started().pid();
    }

    /** Exit code of a run that has ended; waits up to {@code timeout} for its end. */
    public final int awaitExit(Duration timeout) throws IOException {
        Process current;
        synchronized (this) {
            current = started();
        }
        try {
            if (!current.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException(describe("still runs after " + timeout));
            }
            return current.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(describe("interrupted while waiting for its end"), e);
        }
    }

    /** Starts the process and returns when it serves clients. */
    public final ServerProcess start() throws IOException {
        return start(START_TIMEOUT);
    }

    /**
     * Starts the process and returns when it serves clients.
     *
     * @throws IOException with the end of its log when it dies or does not serve in time; nothing is left running then
     */
    public final ServerProcess start(Duration timeout) throws IOException {
        launch();
        try {
            awaitServing(timeout);
        } catch (IOException e) {
            destroy();
            throw e;
        }
        return this;
    }

    /** Starts the process and returns at once. */
    public final synchronized void launch() throws IOException {
        if (isAlive()) {
            throw new IllegalStateException(describe("runs already"));
        }
        if (process == null) {
            Runtime.getRuntime().addShutdownHook(cleanup);
        }
        ProcessBuilder builder = new ProcessBuilder(commandLine(writeConfig(), writeLogback()));
        builder.environment().putAll(options.environment());
        builder.directory(options.directory().toFile());
        builder.redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()));
        process = builder.start();
        process.getOutputStream().close();
    }

    /** Returns when {@code srvr} names a mode, which a server does only once it serves. */
    public final void awaitServing(Duration timeout) throws IOException {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        while (!isServing()) {
            if (!isAlive()) {
                throw new IOException(describe("ended before it served"));
            }
            if (System.nanoTime() > deadlineNanos) {
                throw new IOException(describe("does not serve after " + timeout));
            }
            pause();
        }
    }

    /** True when the server answers {@code srvr} as one that serves clients. */
    public final boolean isServing() {
        try {
            return FourLetterWord.ask(host(), port(), "srvr", PROBE_TIMEOUT_MILLIS).contains("Mode: ");
        } catch (IOException notYet) {
            return false;
        }
    }

    /** SIGKILL, and waits for the end. The directory stays, for another {@link #start()}. */
    public final void kill() {
        destroy();
    }

    /** SIGSTOP: the process stands still with its connections open, until {@link #thaw()} or {@link #kill()}. */
    public final void freeze() throws IOException {
        signal("STOP");
    }

    /** SIGCONT. Harmless to a process that runs. */
    public final void thaw() throws IOException {
        signal("CONT");
    }

    /** Removes the data directory of a server that does not run, as a replaced disk would. */
    public final void wipe() throws IOException {
        if (isAlive()) {
            throw new IllegalStateException(describe("runs"));
        }
        if (!Files.exists(dataDir())) {
            return;
        }
        try (Stream<Path> files = Files.walk(dataDir())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void signal(String name) throws IOException {
        Command.run("kill", "-" + name, Long.toString(pid()));
    }

    /** SIGTERM, then SIGKILL if it does not end; returns the exit code. */
    public final int stop() throws IOException {
        Process current;
        synchronized (this) {
            current = started();
        }
        current.destroy();
        try {
            return awaitExit(STOP_TIMEOUT);
        } finally {
            destroy();
        }
    }

    /** Kills what still runs. Harmless when nothing does. */
    @Override
    public final void close() {
        destroy();
        try {
            Runtime.getRuntime().removeShutdownHook(cleanup);
        } catch (IllegalStateException shuttingDown) {
            // the hook runs by itself now
        }
    }

    /** The last lines of the log, for a message. */
    public final String logTail() {
        try {
            String log = Files.readString(logFile(), StandardCharsets.UTF_8);
            return log.substring(Math.max(0, log.length() - LOG_TAIL_CHARS));
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    private synchronized void destroy() {
        if (process == null || !process.isAlive()) {
            return;
        }
        process.destroyForcibly();
        try {
            process.waitFor(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Process started() {
        if (process == null) {
            throw new IllegalStateException(name() + " was never started");
        }
        return process;
    }

    private List<String> commandLine(Path zooCfg, Path logback) {
        List<String> command = new ArrayList<>(options.commandPrefix());
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.add("-Xmx" + options.heapMegabytes() + "m");
        command.add("-Dlogback.configurationFile=" + logback);
        command.addAll(requiredJvmFlags());
        command.addAll(options.jvmFlags());
        command.add("-cp");
        command.add(options.classPath());
        command.add(mainClass());
        command.add(zooCfg.toString());
        return command;
    }

    private Path writeConfig() throws IOException {
        if (options.zooCfg() != null) {
            return options.zooCfg();
        }
        Properties config = options.config();
        completeConfig(config);
        Path dataDir = Files.createDirectories(dataDir());
        if (options.serverId() != 0) {
            Files.writeString(dataDir.resolve("myid"), Integer.toString(options.serverId()));
        }
        Path file = options.directory().resolve("zoo.cfg");
        try (Writer out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
            config.store(out, name());
        }
        return file;
    }

    private Path writeLogback() throws IOException {
        return Files.writeString(options.directory().resolve("logback.xml"), """
                <configuration>
                  <statusListener class="ch.qos.logback.core.status.NopStatusListener"/>
                  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
                    <encoder><pattern>%%d %%-5level [%%thread] %%logger{0} - %%msg%%n</pattern></encoder>
                  </appender>
                  <root level="%s"><appender-ref ref="OUT"/></root>
                </configuration>
                """.formatted(options.logLevel()));
    }

    private String describe(String what) {
        return name() + " on " + connectString() + " " + what + "; end of its log:\n" + logTail();
    }

    /** Between two looks at a server that is not ready yet. */
    static void pause() throws IOException {
        try {
            Thread.sleep(PROBE_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for a server", e);
        }
    }
}
