package org.lockstep.compat.servers;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * How a server process is started: its directory, its zoo.cfg and its JVM. Both kinds of server understand the same options, so
 * that a comparison starts both with equal ones. Setters return this; not thread-safe.
 */
public final class ServerOptions {
    private final Path directory;
    private final Properties config = new Properties();
    private final List<String> jvmFlags = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private final List<String> commandPrefix = new ArrayList<>();
    private String host = ServerProcess.HOST;
    private int port = FreePorts.next();
    private int heapMegabytes = 512;
    private int serverId;
    private String logLevel = "INFO";
    private Path zooCfg;
    private String classPath = System.getProperty("java.class.path");

    /**
     * @param directory an existing directory for this server alone: it gets {@code zoo.cfg}, {@code logback.xml}, {@code server.log}
     *     and {@code data/}. Whoever made it deletes it.
     */
    public ServerOptions(Path directory) {
        this.directory = directory.toAbsolutePath();
        tickTimeMillis(2000);
        set("dataDir", this.directory.resolve("data").toString());
        set("maxClientCnxns", "0");
        set("4lw.commands.whitelist", "*");
    }

    /** The address on which the server takes clients; 127.0.0.1 without this call. */
    public ServerOptions host(String value) {
        host = value;
        return this;
    }

    /** A command that runs the JVM's command line given behind it, in the same process: {@code ip netns exec NAME}. */
    public ServerOptions commandPrefix(List<String> words) {
        commandPrefix.clear();
        commandPrefix.addAll(words);
        return this;
    }

    /** Client port; without this call, one that is free on 127.0.0.1. */
    public ServerOptions port(int value) {
        port = value;
        return this;
    }

    public ServerOptions tickTimeMillis(int value) {
        return set("tickTime", Integer.toString(value));
    }

    /** Maximum heap of the server's JVM. */
    public ServerOptions heapMegabytes(int value) {
        heapMegabytes = value;
        return this;
    }

    /** For an ensemble: written to {@code myid} in the data directory. 0, the default, writes none. */
    public ServerOptions serverId(int value) {
        serverId = value;
        return this;
    }

    /** A key of zoo.cfg, replacing what was set before. */
    public ServerOptions set(String key, String value) {
        config.setProperty(key, value);
        return this;
    }

    /** One more flag for the JVM, for example {@code -Djute.maxbuffer=4194304}. */
    public ServerOptions jvmFlag(String flag) {
        jvmFlags.add(flag);
        return this;
    }

    /** Environment variables that the server's process gets on top of this one's; they replace those of an earlier call. */
    public ServerOptions environment(Map<String, String> variables) {
        environment.clear();
        environment.putAll(variables);
        return this;
    }

    /** Root level of the server's log; INFO unless set. */
    public ServerOptions logLevel(String value) {
        logLevel = value;
        return this;
    }

    /**
     * A configuration file to be used as it is. Nothing is written then, neither {@code zoo.cfg} nor {@code myid}; keys set here
     * have no effect, and {@link #port} and {@link #host} must be what the file says.
     */
    public ServerOptions zooCfg(Path file) {
        zooCfg = file;
        return this;
    }

    /** The file to be used as it is; null to write one. */
    Path zooCfg() {
        return zooCfg;
    }

    /** The class path of the server's JVM; without this call, that of this JVM. */
    ServerOptions classPath(String value) {
        classPath = value;
        return this;
    }

    Path directory() {
        return directory;
    }

    String host() {
        return host;
    }

    List<String> commandPrefix() {
        return commandPrefix;
    }

    int port() {
        return port;
    }

    int heapMegabytes() {
        return heapMegabytes;
    }

    /** The id in the ensemble, from 1 on; 0 for a server alone. */
    public int serverId() {
        return serverId;
    }

    String classPath() {
        return classPath;
    }

    String logLevel() {
        return logLevel;
    }

    Map<String, String> environment() {
        return environment;
    }

    List<String> jvmFlags() {
        return jvmFlags;
    }

    /** What zoo.cfg will hold, the client port included. */
    Properties config() {
        Properties all = new Properties();
        all.putAll(config);
        all.setProperty("clientPort", Integer.toString(port));
        all.setProperty("clientPortAddress", host);
        return all;
    }
}
