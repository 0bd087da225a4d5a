package org.lockstep.server.config;

import java.io.IOException;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.lockstep.fsync.FsyncPolicy;

/** Turns properties into a {@link ServerConfig}: every default, range and contradiction is here. */
final class ConfigReader {
    /** Names the directory that relative data directories start from; the start scripts set it to the installation. */
    static final String HOME_PROPERTY = "lockstep.home";

    private static final int PORT_MAX = 65535;
    private static final long BYTES_MAX = 1L << 50;

    private final ConfigSource source;
    private final Properties system;
    private final ConfigValues values = new ConfigValues();

    private ConfigReader(ConfigSource source, Properties system) {
        this.source = source;
        this.system = system;
    }

    static ServerConfig readFile(Path file, Properties system) throws ConfigException {
        return read(file.toString(), parse(file), system);
    }

    static ServerConfig read(String name, Properties zooCfg, Properties system) throws ConfigException {
        Properties merged = withDynamicFile(name, zooCfg);
        return new ConfigReader(new ConfigSource(name, merged, system), system).read();
    }

    static Properties ofArguments(String[] arguments) {
        Properties file = new Properties();
        String[] keys = {"clientPort", "dataDir", "tickTime", "maxClientCnxns"};
        for (int i = 0; i < arguments.length; i++) {
            file.setProperty(keys[i], arguments[i]);
        }
        return file;
    }

    private static Properties parse(Path file) throws ConfigException {
        FileProperties properties = new FileProperties();
        try {
            // Bytes that are no UTF-8 (a comment in Latin-1, say) are replaced, not refused: ZooKeeper takes such files.
            properties.load(new StringReader(new String(Files.readAllBytes(file), StandardCharsets.UTF_8)));
        } catch (NoSuchFileException e) {
            throw new ConfigException(file + ": no such file; copy conf/zoo_sample.cfg there and edit it", e);
        } catch (IOException e) {
            throw new ConfigException(file + ": cannot be read (" + e + "); make it a readable text file", e);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(file + ": not a properties file (" + e.getMessage() + "); mend the backslash sequence", e);
        }
        for (String key : properties.contradicted()) {
            if (ServerLines.isServerKey(key)) {
                throw new ConfigException(file + ": " + key + " is there twice, with different values; each server has an id of "
                    + "its own");
            }
        }
        return properties;
    }

    /** ZooKeeper moves server lines to a file of their own when reconfiguration is on, and then forbids them in zoo.cfg. */
    private static Properties withDynamicFile(String name, Properties zooCfg) throws ConfigException {
        Properties merged = new Properties();
        for (String key : zooCfg.stringPropertyNames()) {
            merged.setProperty(key, zooCfg.getProperty(key));
        }
        String dynamicFile = zooCfg.getProperty("dynamicConfigFile");
        if (dynamicFile == null) {
            return merged;
        }
        for (String key : zooCfg.stringPropertyNames()) {
            if (isMembership(key)) {
                throw new ConfigException(name + ": " + key + " and dynamicConfigFile exclude each other; keep one of them");
            }
        }
        Properties dynamic = parse(Path.of(dynamicFile.trim()));
        for (String key : dynamic.stringPropertyNames()) {
            if (isMembership(key)) {
                merged.setProperty(key, dynamic.getProperty(key));
            } else if (!key.equals("version")) {
                throw new ConfigException(dynamicFile.trim() + ": " + key + " has no place in a dynamic file, which holds "
                    + "server.N, group.N and weight.N; move it to " + name);
            }
        }
        return merged;
    }

    private static boolean isMembership(String key) {
        return ServerLines.isServerKey(key) || EnsembleReader.isQuorumShape(key);
    }

    private ServerConfig read() throws ConfigException {
        source.fileOnly("dynamicConfigFile");
        KeyCatalogue.refuseUnsupported(source);
        values.standaloneEnabled = source.flag("standaloneEnabled", true);
        values.reconfigEnabled = source.flag("reconfigEnabled", false);
        readDirectories();
        EnsembleReader ensemble = readEnsemble();
        readListener(values.ensemble.self());
        readSessions();
        readFlushing();
        readStateOptions();
        readContainers();
        readFourLetterWords();
        KeyCatalogue catalogue = new KeyCatalogue(source);
        values.unknownKeys = Map.copyOf(catalogue.unknown());
        values.notices = new ArrayList<>(catalogue.notices());
        values.warnings = warnings(catalogue, ensemble);
        return new ServerConfig(values);
    }

    private EnsembleReader readEnsemble() throws ConfigException {
        ServerLines lines = ServerLines.of(source);
        if (!values.standaloneEnabled && lines.servers().isEmpty()) {
            throw source.bad("standaloneEnabled", "false", "needs a server.N line", "add one or remove standaloneEnabled");
        }
        EnsembleReader reader = new EnsembleReader(source, lines, values.dataDir);
        values.ensemble = reader.read(values.standaloneEnabled);
        if (!values.ensemble.standalone()) {
            // ZooKeeper knows it as a system property without prefix only; in zoo.cfg it is what everybody tries first.
            values.readOnlyModeEnabled = source.toFlag("readonlymode.enabled", source.unprefixed("readonlymode.enabled"));
        }
        return reader;
    }

    private List<String> warnings(KeyCatalogue catalogue, EnsembleReader ensemble) {
        List<String> lines = new ArrayList<>(catalogue.warnings(source));
        lines.addAll(ensemble.warnings());
        if (values.skipAcl) {
            lines.add("skipACL=yes: no ACL is checked, every client may do everything");
        }
        return lines;
    }

    private void readDirectories() throws ConfigException {
        values.dataDir = directory("dataDir", null);
        values.dataLogDir = directory("dataLogDir", values.dataDir);
        values.dataDirAutocreate = source.flag("datadir.autocreate", true);
    }

    private Path directory(String key, Path absent) throws ConfigException {
        String value = source.fileOnly(key);
        if (value == null || value.isEmpty()) {
            if (absent == null) {
                throw new ConfigException(source.name() + ": " + key + " is not set; add " + key + "=/path/to/a/directory");
            }
            return absent;
        }
        Path home = Path.of(system.getProperty(HOME_PROPERTY, "."));
        try {
            return home.resolve(value).toAbsolutePath().normalize();
        } catch (IllegalArgumentException e) {
            throw source.bad(key, value, "is not a path", "give the path of a directory");
        }
    }

    private void readListener(EnsembleServer self) throws ConfigException {
        String port = source.fileOnly("clientPort");
        String address = source.fileOnly("clientPortAddress");
        if (port == null && self.clientPort() >= 0) {
            port = Integer.toString(self.clientPort());
        } else if (port == null) {
            throw new ConfigException(source.name() + ": clientPort is not set; add clientPort=2181");
        }
        values.clientPort = source.toInt("clientPort", port, 0, 0, PORT_MAX);
        if (self.clientPort() > 0 && self.clientPort() != values.clientPort) {
            throw source.bad("clientPort", port, "contradicts the " + self.clientPort() + " of the server line",
                "keep one of them");
        }
        values.clientAddress = clientAddress(address, self.clientHost());
        values.listenBacklog = source.integer("clientPortListenBacklog", -1, -1, Integer.MAX_VALUE);
        values.maxClientCnxns = source.integer("maxClientCnxns", 60, 0, Integer.MAX_VALUE);
        values.maxCnxns = source.integer("maxCnxns", 0, 0, Integer.MAX_VALUE);
        values.clientTcpKeepAlive = source.flag("clientTcpKeepAlive", false);
        values.handshakeTimeoutMillis = source.integer("nio.sessionlessCnxnTimeout", 10_000, 1, Integer.MAX_VALUE);
        values.globalOutstandingLimit = source.integer("globalOutstandingLimit", 1000, 1, Integer.MAX_VALUE);
        values.loneClientSpinMicros = source.integer("loneClientSpinMicros", 100, 0, 10_000);
        values.juteMaxBufferBytes = source.toInt("jute.maxbuffer", source.unprefixed("jute.maxbuffer"),
            ServerConfig.JUTE_MAX_BUFFER_DEFAULT, 1024, 1 << 30);
    }

    /** As in ZooKeeper the line's host counts, and clientPortAddress may only say the same or name every address. */
    private InetAddress clientAddress(String address, String lineHost) throws ConfigException {
        InetAddress given = address == null ? null : resolve(address);
        if (lineHost == null) {
            return given;
        }
        InetAddress ofLine = resolve(lineHost);
        if (given != null && !given.isAnyLocalAddress() && !given.equals(ofLine)) {
            throw source.bad("clientPortAddress", address, "contradicts the " + lineHost + " of the server line",
                "keep one of them");
        }
        return ofLine;
    }

    private InetAddress resolve(String host) throws ConfigException {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        try {
            return InetAddress.getByName(bare);
        } catch (UnknownHostException e) {
            throw source.bad("clientPortAddress", host, "does not resolve",
                "give an address of this machine, or remove the line");
        }
    }

    private void readSessions() throws ConfigException {
        int tick = source.integer("tickTime", 3000, 1, Integer.MAX_VALUE / 20);
        int min = source.integer("minSessionTimeout", -1, -1, Integer.MAX_VALUE);
        int max = source.integer("maxSessionTimeout", -1, -1, Integer.MAX_VALUE);
        values.tickTimeMillis = tick;
        values.minSessionTimeoutMillis = min == -1 ? 2 * tick : min;
        values.maxSessionTimeoutMillis = max == -1 ? 20 * tick : max;
        if (values.minSessionTimeoutMillis > values.maxSessionTimeoutMillis) {
            throw new ConfigException(source.name() + ": minSessionTimeout=" + values.minSessionTimeoutMillis
                + " is larger than maxSessionTimeout=" + values.maxSessionTimeoutMillis + "; swap them, or mind tickTime=" + tick
                + " (defaults are 2 and 20 ticks)");
        }
    }

    private void readFlushing() throws ConfigException {
        values.fsyncPolicy = fsyncPolicy();
        values.maxUnsyncedMillis = source.integer("maxUnsyncedMillis", 100, 1, 60_000);
        values.maxUnsyncedBytes = source.bytes("maxUnsyncedBytes", 32L << 20, 1L << 12, 1L << 32);
        values.fsyncWarningMillis = source.integer("fsync.warningthresholdms", 1000, 0, Integer.MAX_VALUE);
        values.checkpointMillis = source.integer("checkpointMillis", 1000, 1, 3_600_000);
        values.checkpointBytes = source.bytes("checkpointBytes", 16L << 20, 1L << 16, BYTES_MAX);
        values.logKeptBytes = source.bytes("logKeptBytes", 1L << 30, 1L << 16, BYTES_MAX);
        values.cacheBytes = source.bytes("cacheBytes", 16L << 20, 0, BYTES_MAX);
    }

    private FsyncPolicy fsyncPolicy() throws ConfigException {
        boolean forceSync = source.yesNo("forceSync", true);
        String name = source.text("fsyncPolicy");
        if (name == null) {
            return forceSync ? FsyncPolicy.DURABLE : FsyncPolicy.NO_SYNC;
        }
        FsyncPolicy policy = FsyncPolicy.ofKey(name);
        if (policy == null) {
            throw source.bad("fsyncPolicy", name, "is not a policy", "choose durable, no-sync or write-barrier");
        }
        if (source.has("forceSync") && forceSync == policy.isLazy()) {
            throw new ConfigException(source.place("fsyncPolicy") + ": fsyncPolicy=" + name + " contradicts forceSync="
                + source.text("forceSync") + " from " + source.place("forceSync")
                + "; remove forceSync, fsyncPolicy says it all");
        }
        return policy;
    }

    private void readStateOptions() throws ConfigException {
        values.skipAcl = source.yesNo("skipACL", false);
        values.enforceQuota = source.flag("enforceQuota", false);
        values.extendedTypesEnabled = source.flag("extendedTypesEnabled", false);
        values.digestAuthEnabled = source.flag("DigestAuthenticationProvider.enabled", true);
        String algorithm = source.text("DigestAuthenticationProvider.digestAlg");
        values.digestAlgorithm = algorithm == null ? "SHA1" : algorithm;
        try {
            MessageDigest.getInstance(values.digestAlgorithm);
        } catch (NoSuchAlgorithmException e) {
            throw source.bad("DigestAuthenticationProvider.digestAlg", algorithm, "is not known to this JVM",
                "take SHA1 or SHA-256");
        }
        String superDigest = source.text("DigestAuthenticationProvider.superDigest");
        if (superDigest != null && superDigest.indexOf(':') <= 0) {
            // The value is a credential: it does not go into the message.
            throw new ConfigException(source.place("DigestAuthenticationProvider.superDigest")
                + ": DigestAuthenticationProvider.superDigest is not of the form super:base64; make one from super:password");
        }
        values.superDigest = superDigest;
    }

    private void readContainers() throws ConfigException {
        values.containerCheckIntervalMillis = unprefixed("znode.container.checkIntervalMs", 60_000, 1);
        values.containerMaxPerMinute = unprefixed("znode.container.maxPerMinute", 10_000, 1);
        values.containerMaxNeverUsedIntervalMillis = unprefixed("znode.container.maxNeverUsedIntervalMs", 0, 0);
    }

    private int unprefixed(String key, int absent, int min) throws ConfigException {
        return source.toInt(key, source.unprefixed(key), absent, min, Integer.MAX_VALUE);
    }

    private void readFourLetterWords() {
        String list = source.text("4lw.commands.whitelist");
        Set<String> words = new LinkedHashSet<>();
        if (list != null) {
            for (String word : list.split(",")) {
                words.add(word.trim());
            }
        }
        values.fourLetterWhitelist = Set.copyOf(words);
    }
}
