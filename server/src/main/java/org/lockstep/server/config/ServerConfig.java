package org.lockstep.server.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.lockstep.fsync.FsyncPolicy;

/**
 * What an operator has decided, checked and complete: no accessor returns a value that a server could not run with. Immutable.
 * Keys, defaults and meanings are ZooKeeper's where ZooKeeper has them; docs/operations.md lists them all.
 */
public final class ServerConfig {
    /** Largest request frame in bytes unless told otherwise: ZooKeeper's default of {@code jute.maxbuffer}. */
    public static final int JUTE_MAX_BUFFER_DEFAULT = 0xfffff;

    /** The id that ZooKeeper's standalone server puts into its session ids. */
    static final int STANDALONE_ID = 1;

    private final ConfigValues values;

    ServerConfig(ConfigValues values) {
        this.values = values;
    }

    /** The configuration that {@code zooCfg} gives, with {@code -Dzookeeper.KEY} behind it. Changes nothing outside. */
    public static ServerConfig of(Properties zooCfg) throws ConfigException {
        return ConfigReader.read("configuration", zooCfg, System.getProperties());
    }

    /**
     * Reads a zoo.cfg (a Java properties file). As in ZooKeeper, each key that the server does not parse becomes the system
     * property {@code zookeeper.KEY}, even over one given with -D.
     */
    public static ServerConfig load(Path zooCfg) throws ConfigException {
        ServerConfig config = ConfigReader.readFile(zooCfg, System.getProperties());
        config.values.unknownKeys.forEach((key, value) -> System.setProperty("zookeeper." + key, value));
        return config;
    }

    /** The command line of ZooKeeper's mains: {@code zoo.cfg}, or {@code clientPort dataDir [tickTime [maxClientCnxns]]}. */
    public static ServerConfig ofArguments(String... arguments) throws ConfigException {
        return switch (arguments.length) {
            case 1 -> load(Path.of(arguments[0]));
            case 2, 3, 4 -> ConfigReader.read("command line", ConfigReader.ofArguments(arguments), System.getProperties());
            default -> throw new ConfigException("usage: zoo.cfg | clientPort dataDir [tickTime [maxClientCnxns]]; got "
                + arguments.length + " arguments");
        };
    }

    /** Where the state goes: absolute. A relative dataDir starts at {@code -Dlockstep.home}, else at the current directory. */
    public Path dataDir() {
        return values.dataDir;
    }

    /** Where the log goes: absolute, the same as {@link #dataDir()} unless dataLogDir says otherwise. */
    public Path dataLogDir() {
        return values.dataLogDir;
    }

    /** False ({@code datadir.autocreate=false}): a directory that is missing is an error, not to be made. */
    public boolean dataDirAutocreate() {
        return values.dataDirAutocreate;
    }

    /** TCP port for clients, 0..65535; 0 asks the system for a free one. */
    public int clientPort() {
        return values.clientPort;
    }

    /** Where to listen; the wildcard address unless clientPortAddress names one. Resolved. */
    public InetSocketAddress bindAddress() {
        InetAddress address = values.clientAddress;
        return address == null ? new InetSocketAddress(values.clientPort) : new InetSocketAddress(address, values.clientPort);
    }

    /** Accept backlog; -1 leaves it to the system. */
    public int listenBacklog() {
        return values.listenBacklog;
    }

    /** Most connections from one address; 0 is no limit. */
    public int maxClientCnxns() {
        return values.maxClientCnxns;
    }

    /** Most connections in all; 0 is no limit. */
    public int maxCnxns() {
        return values.maxCnxns;
    }

    /** {@code clientTcpKeepAlive}: SO_KEEPALIVE on client sockets. */
    public boolean clientTcpKeepAlive() {
        return values.clientTcpKeepAlive;
    }

    /** {@code nio.sessionlessCnxnTimeout}: a connection that has not completed its handshake after so long is closed. */
    public int handshakeTimeoutMillis() {
        return values.handshakeTimeoutMillis;
    }

    /** Requests accepted and not yet answered, above which sockets are not read; at least 1. */
    public int globalOutstandingLimit() {
        return values.globalOutstandingLimit;
    }

    /** Largest request frame, in bytes. */
    public int juteMaxBufferBytes() {
        return values.juteMaxBufferBytes;
    }

    /** The unit of session expiry; at least 1. */
    public int tickTimeMillis() {
        return values.tickTimeMillis;
    }

    /** Smallest session timeout granted; 2 ticks unless configured. */
    public int minSessionTimeoutMillis() {
        return values.minSessionTimeoutMillis;
    }

    /** Largest session timeout granted; 20 ticks unless configured; never less than {@link #minSessionTimeoutMillis()}. */
    public int maxSessionTimeoutMillis() {
        return values.maxSessionTimeoutMillis;
    }

    /** The servers and which of them this is; one server alone when nothing else is configured. */
    public EnsembleConfig ensemble() {
        return values.ensemble;
    }

    /** Id that goes into the top byte of session ids, 0..254: myid, or N of the single server.N line, else 1. */
    public int serverId() {
        return values.ensemble.myId();
    }

    /** As configured; false goes with one server.N line and asks for an ensemble of one. */
    public boolean standaloneEnabled() {
        return values.standaloneEnabled;
    }

    /** {@code readonlymode.enabled}: a server that is cut off serves reads to clients that ask for it; false when standalone. */
    public boolean readOnlyModeEnabled() {
        return values.readOnlyModeEnabled;
    }

    /** {@code reconfigEnabled}: false refuses the reconfig operation. */
    public boolean reconfigEnabled() {
        return values.reconfigEnabled;
    }

    /** What a reply promises about the medium. */
    public FsyncPolicy fsyncPolicy() {
        return values.fsyncPolicy;
    }

    /** Lazy policies: the longest that an acknowledged write may wait for its flush. */
    public int maxUnsyncedMillis() {
        return values.maxUnsyncedMillis;
    }

    /** Lazy policies: the most bytes of acknowledged writes that may wait for their flush. */
    public long maxUnsyncedBytes() {
        return values.maxUnsyncedBytes;
    }

    /** {@code fsync.warningthresholdms}: a flush that takes longer is worth a warning. */
    public int fsyncWarningMillis() {
        return values.fsyncWarningMillis;
    }

    /** The longest that applied changes stay in memory only before a checkpoint takes them to the state. */
    public int checkpointMillis() {
        return values.checkpointMillis;
    }

    /** About how many bytes of applied changes call for a checkpoint before its time. */
    public long checkpointBytes() {
        return values.checkpointBytes;
    }

    /** About how many bytes of the log are kept for servers that are away or slow; who needs more copies the whole state. */
    public long logKeptBytes() {
        return values.logKeptBytes;
    }

    /** Heap bytes for znodes kept in memory that a checkpoint has already written. */
    public long cacheBytes() {
        return values.cacheBytes;
    }

    /** How long a server looks for the next request of the only client that is at work before it sleeps; 0 is not at all. */
    public int loneClientSpinMicros() {
        return values.loneClientSpinMicros;
    }

    /** {@code skipACL=yes}: no ACL is checked. */
    public boolean skipAcl() {
        return values.skipAcl;
    }

    /** {@code enforceQuota}: hard quotas refuse. */
    public boolean enforceQuota() {
        return values.enforceQuota;
    }

    /** {@code extendedTypesEnabled}: TTL nodes exist. */
    public boolean extendedTypesEnabled() {
        return values.extendedTypesEnabled;
    }

    /** False takes the digest scheme away. */
    public boolean digestAuthEnabled() {
        return values.digestAuthEnabled;
    }

    /** A message digest of this JVM, for digest ids. */
    public String digestAlgorithm() {
        return values.digestAlgorithm;
    }

    /** {@code super:<base64>}; null when there is no super user. */
    public String superDigest() {
        return values.superDigest;
    }

    /** How often empty containers and outlived TTL nodes are looked for. */
    public int containerCheckIntervalMillis() {
        return values.containerCheckIntervalMillis;
    }

    /** Most such nodes deleted in a minute. */
    public int containerMaxPerMinute() {
        return values.containerMaxPerMinute;
    }

    /** A container that never had a child may go after so long; 0 is never. */
    public long containerMaxNeverUsedIntervalMillis() {
        return values.containerMaxNeverUsedIntervalMillis;
    }

    /** True when the four-letter word {@code word} may be answered. {@code srvr} always may. */
    public boolean fourLetterWordEnabled(String word) {
        Set<String> list = values.fourLetterWhitelist;
        return word.equals("srvr") || list.contains("*") || list.contains(word);
    }

    /** Lines worth an INFO when the server starts. */
    public List<String> notices() {
        return List.copyOf(values.notices);
    }

    /** Lines worth a WARN when the server starts. */
    public List<String> warnings() {
        return List.copyOf(values.warnings);
    }
}
