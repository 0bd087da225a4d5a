package org.lockstep.server.config;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lockstep.fsync.FsyncPolicy;

/** The values behind a {@link ServerConfig}, while {@link ConfigReader} fills them in; nobody writes to them afterwards. */
final class ConfigValues {
    Path dataDir;
    Path dataLogDir;
    boolean dataDirAutocreate;
    int clientPort;
    InetAddress clientAddress;
    int listenBacklog;
    int maxClientCnxns;
    int maxCnxns;
    boolean clientTcpKeepAlive;
    int handshakeTimeoutMillis;
    int globalOutstandingLimit;
    int juteMaxBufferBytes;
    int tickTimeMillis;
    int minSessionTimeoutMillis;
    int maxSessionTimeoutMillis;
    EnsembleConfig ensemble;
    boolean readOnlyModeEnabled;
    boolean standaloneEnabled;
    boolean reconfigEnabled;
    FsyncPolicy fsyncPolicy;
    int maxUnsyncedMillis;
    long maxUnsyncedBytes;
    int fsyncWarningMillis;
    int checkpointMillis;
    long checkpointBytes;
    long logKeptBytes;
    long cacheBytes;
    int loneClientSpinMicros;
    boolean skipAcl;
    boolean enforceQuota;
    boolean extendedTypesEnabled;
    boolean digestAuthEnabled;
    String digestAlgorithm;
    String superDigest;
    int containerCheckIntervalMillis;
    int containerMaxPerMinute;
    long containerMaxNeverUsedIntervalMillis;
    Set<String> fourLetterWhitelist;
    List<String> notices;
    List<String> warnings;
    Map<String, String> unknownKeys;
}
