package org.lockstep.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.fsync.FsyncPolicy;

class ServerConfigTest {
    private final Properties system = new Properties();

    private static Properties properties(String... lines) {
        Properties properties = new Properties();
        properties.setProperty("dataDir", "/var/lib/x");
        properties.setProperty("clientPort", "2181");
        for (String line : lines) {
            int at = line.indexOf('=');
            if (at < 0) {
                properties.remove(line);
            } else {
                properties.setProperty(line.substring(0, at), line.substring(at + 1));
            }
        }
        return properties;
    }

    private ServerConfig read(String... lines) throws ConfigException {
        return ConfigReader.read("zoo.cfg", properties(lines), system);
    }

    private String error(String... lines) {
        String message = assertThrows(ConfigException.class, () -> read(lines)).getMessage();
        assertFalse(message.contains("\n"), message);
        return message;
    }

    @Test
    void defaultsAreZooKeepers() throws ConfigException {
        ServerConfig config = read();
        assertEquals(Path.of("/var/lib/x"), config.dataDir());
        assertEquals(Path.of("/var/lib/x"), config.dataLogDir());
        assertTrue(config.dataDirAutocreate());
        assertEquals(2181, config.bindAddress().getPort());
        assertTrue(config.bindAddress().getAddress().isAnyLocalAddress());
        assertEquals(3000, config.tickTimeMillis());
        assertEquals(6000, config.minSessionTimeoutMillis());
        assertEquals(60_000, config.maxSessionTimeoutMillis());
        assertEquals(60, config.maxClientCnxns());
        assertEquals(0, config.maxCnxns());
        assertEquals(-1, config.listenBacklog());
        assertEquals(10_000, config.handshakeTimeoutMillis());
        assertFalse(config.clientTcpKeepAlive());
        assertEquals(1000, config.globalOutstandingLimit());
        assertEquals(0xfffff, config.juteMaxBufferBytes());
        assertEquals(FsyncPolicy.DURABLE, config.fsyncPolicy());
        assertFalse(config.skipAcl());
        assertFalse(config.enforceQuota());
        assertFalse(config.extendedTypesEnabled());
        assertTrue(config.digestAuthEnabled());
        assertEquals("SHA1", config.digestAlgorithm());
        assertNull(config.superDigest());
        assertEquals(60_000, config.containerCheckIntervalMillis());
        assertEquals(10_000, config.containerMaxPerMinute());
        assertEquals(0, config.containerMaxNeverUsedIntervalMillis());
        assertEquals(1, config.serverId());
        assertTrue(config.standaloneEnabled());
        assertFalse(config.reconfigEnabled());
        assertTrue(config.notices().isEmpty());
        assertTrue(config.warnings().isEmpty());
    }

    @Test
    void readsWhatTheFileSays() throws ConfigException {
        ServerConfig config = read("dataLogDir=/log", "clientPortAddress=127.0.0.1", "tickTime=2000", "minSessionTimeout=500",
            "maxSessionTimeout=9000", "maxClientCnxns=0", "maxCnxns=7", "clientPortListenBacklog=5", "globalOutstandingLimit=9",
            "skipACL=yes", "enforceQuota=true", "extendedTypesEnabled=TRUE", "jute.maxbuffer=0x3fffff",
            "fsync.warningthresholdms=5",
            "DigestAuthenticationProvider.superDigest=super:abc", "DigestAuthenticationProvider.digestAlg=SHA-256",
            "DigestAuthenticationProvider.enabled=false", "znode.container.maxNeverUsedIntervalMs=17", "datadir.autocreate=false",
            "maxUnsyncedMillis=20", "maxUnsyncedBytes=8m", "checkpointMillis=50", "checkpointBytes=1g", "logKeptBytes=2g", "cacheBytes=512K",
            "loneClientSpinMicros=0", "reconfigEnabled=true", "clientTcpKeepAlive=true", "nio.sessionlessCnxnTimeout=300");
        assertEquals(Path.of("/log"), config.dataLogDir());
        assertEquals("127.0.0.1", config.bindAddress().getAddress().getHostAddress());
        assertEquals(2000, config.tickTimeMillis());
        assertEquals(500, config.minSessionTimeoutMillis());
        assertEquals(9000, config.maxSessionTimeoutMillis());
        assertEquals(0, config.maxClientCnxns());
        assertEquals(7, config.maxCnxns());
        assertEquals(5, config.listenBacklog());
        assertEquals(9, config.globalOutstandingLimit());
        assertTrue(config.skipAcl() && config.enforceQuota() && config.extendedTypesEnabled() && config.reconfigEnabled());
        assertTrue(config.clientTcpKeepAlive());
        assertEquals(0x3fffff, config.juteMaxBufferBytes());
        assertEquals(5, config.fsyncWarningMillis());
        assertEquals("super:abc", config.superDigest());
        assertEquals("SHA-256", config.digestAlgorithm());
        assertFalse(config.digestAuthEnabled());
        assertEquals(17, config.containerMaxNeverUsedIntervalMillis());
        assertFalse(config.dataDirAutocreate());
        assertEquals(20, config.maxUnsyncedMillis());
        assertEquals(8L << 20, config.maxUnsyncedBytes());
        assertEquals(50, config.checkpointMillis());
        assertEquals(1L << 30, config.checkpointBytes());
        assertEquals(2L << 30, config.logKeptBytes());
        assertEquals(512L << 10, config.cacheBytes());
        assertEquals(0, config.loneClientSpinMicros());
        assertEquals(300, config.handshakeTimeoutMillis());
        assertTrue(config.warnings().toString().contains("skipACL=yes"), config.warnings().toString());
    }

    @Test
    void commandLinePropertiesStandBehindTheFile() throws ConfigException {
        system.setProperty("zookeeper.maxCnxns", "11");
        system.setProperty("zookeeper.fsyncPolicy", "no-sync");
        system.setProperty("jute.maxbuffer", "4096");
        system.setProperty("znode.container.checkIntervalMs", "77");
        ServerConfig config = read("fsyncPolicy=write-barrier");
        assertEquals(11, config.maxCnxns());
        assertEquals(FsyncPolicy.WRITE_BARRIER, config.fsyncPolicy());
        assertEquals(4096, config.juteMaxBufferBytes());
        assertEquals(77, config.containerCheckIntervalMillis());
        assertEquals(8192, read("jute.maxbuffer=8192").juteMaxBufferBytes());
    }

    @ParameterizedTest
    @CsvSource({"forceSync=no,NO_SYNC", "forceSync=yes,DURABLE", "fsyncPolicy=durable,DURABLE", "fsyncPolicy=no-sync,NO_SYNC",
        "fsyncPolicy=write-barrier,WRITE_BARRIER"})
    void fsyncPolicyOfOneKey(String line, FsyncPolicy expected) throws ConfigException {
        assertEquals(expected, read(line).fsyncPolicy());
    }

    @Test
    void fsyncPolicyAndForceSyncMayAgreeButNotDiffer() throws ConfigException {
        assertEquals(FsyncPolicy.WRITE_BARRIER, read("forceSync=no", "fsyncPolicy=write-barrier").fsyncPolicy());
        assertEquals(FsyncPolicy.DURABLE, read("forceSync=yes", "fsyncPolicy=durable").fsyncPolicy());
        for (String[] lines : new String[][] {{"forceSync=no", "fsyncPolicy=durable"},
            {"forceSync=yes", "fsyncPolicy=no-sync"}}) {
            String message = error(lines);
            assertTrue(message.contains(lines[0]) && message.contains(lines[1]), message);
        }
        system.setProperty("zookeeper.forceSync", "no");
        assertTrue(error("fsyncPolicy=durable").contains("the command line (-D)"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"clientPort=70000", "clientPort=abc", "tickTime=0", "tickTime=2s", "maxClientCnxns=-1",
        "skipACL=true",
        "enforceQuota=yes", "fsyncPolicy=fast", "forceSync=false", "minSessionTimeout=99999", "jute.maxbuffer=1",
        "maxUnsyncedBytes=1t", "checkpointMillis=0", "cacheBytes=-1", "globalOutstandingLimit=0", "standaloneEnabled=false",
        "DigestAuthenticationProvider.digestAlg=ROT13", "server.1=host", "server.x=h:1:2", "server.1=h:1:2:observer",
        "server.300=h:1:2", "secureClientPort=2281", "client.portUnification=true", "authProvider.1=org.example.P",
        "sessionRequireClientSASLAuth=true", "enforce.auth.enabled=true", "audit.enable=true", "maxUnsyncedBytes=k",
        "loneClientSpinMicros=10001"})
    void namesFileKeyAndValueOfWhatIsWrong(String line) {
        String message = error(line);
        String key = line.substring(0, line.indexOf('='));
        assertTrue(message.startsWith("zoo.cfg: "), message);
        assertTrue(message.contains(key) && message.contains(line.substring(key.length() + 1)), message);
        assertTrue(message.contains("; "), "no remedy: " + message);
    }

    @Test
    void saysWhichFeatureIsMissing() {
        assertTrue(error("secureClientPort=2281").contains("TLS is not supported yet"));
        assertTrue(error("server.1=a:1:2;2181;2281").contains("TLS is not supported yet"));
    }

    @Test
    void whatIsRequiredIsAskedFor() {
        assertTrue(error("dataDir").contains("dataDir is not set"));
        assertTrue(error("dataDir=").contains("dataDir is not set"));
        assertTrue(error("clientPort").contains("clientPort is not set"));
    }

    @Test
    void valuesWithLineBreaksStillGiveOneLine() {
        assertTrue(error("fsyncPolicy=a\r\nb").contains("fsyncPolicy=a b"));
    }

    @Test
    void superDigestIsNeverPrinted() {
        assertFalse(error("DigestAuthenticationProvider.superDigest=secret").contains("secret"));
    }

    @Test
    void oneServerLineGivesIdAndPort() throws ConfigException {
        ServerConfig config = read("clientPort", "server.7=localhost:2888:3888;127.0.0.1:2199", "standaloneEnabled=false");
        assertEquals(7, config.serverId());
        assertEquals(2199, config.clientPort());
        assertEquals("127.0.0.1", config.bindAddress().getAddress().getHostAddress());
        assertFalse(config.standaloneEnabled());
        assertEquals(2181, read("clientPort", "server.1=[::1]:2888:3888:participant;2181").clientPort());
        assertEquals(2181, read("server.1=localhost:2888:3888").clientPort());
        assertTrue(error("server.1=localhost:2888:3888;2182").contains("contradicts"));
    }

    @Test
    void namesIgnoredAndUnknownKeysOnce() throws ConfigException {
        ServerConfig config = read("snapCount=5", "autopurge.purgeInterval=1", "initLimit=10", "admin.serverPort=8080",
            "admin.enableServer=false",            "metricsProvider.className=x", "DataDir=/y", "my.plugin=1", "ssl.keyStore.location=/k");
        assertEquals(1, config.notices().size());
        String notice = config.notices().get(0);
        assertTrue(notice.contains("autopurge.purgeInterval, initLimit, snapCount"), notice);
        String warnings = String.join("\n", config.warnings());
        assertTrue(warnings.contains("admin.serverPort, metricsProvider.className, ssl.keyStore.location"), warnings);
        assertTrue(warnings.contains("unknown key DataDir") && warnings.contains("did you mean dataDir?"), warnings);
        assertTrue(warnings.contains("unknown key my.plugin (kept as system property zookeeper.my.plugin)"), warnings);
    }

    @Test
    void onlySrvrIsAnsweredUnlessListed() throws ConfigException {
        assertTrue(read().fourLetterWordEnabled("srvr"));
        assertFalse(read().fourLetterWordEnabled("ruok"));
        ServerConfig some = read("4lw.commands.whitelist=stat, ruok");
        assertTrue(some.fourLetterWordEnabled("ruok") && some.fourLetterWordEnabled("stat"));
        assertTrue(some.fourLetterWordEnabled("srvr"));
        assertFalse(some.fourLetterWordEnabled("mntr"));
        assertTrue(read("4lw.commands.whitelist=*").fourLetterWordEnabled("wchc"));
    }

    @Test
    void relativeDirectoriesStartFromHome() throws ConfigException {
        system.setProperty(ConfigReader.HOME_PROPERTY, "/opt/lockstep");
        assertEquals(Path.of("/opt/lockstep/data"), read("dataDir=./data").dataDir());
        system.remove(ConfigReader.HOME_PROPERTY);
        assertEquals(Path.of("data").toAbsolutePath(), read("dataDir=data").dataDir());
    }

    @Test
    void loadsFilesAndExportsUnknownKeys(@TempDir Path dir) throws Exception {
        Path file = write(dir.resolve("zoo.cfg"), "# comment\ndataDir=" + dir + " \nclientPort = 0\nlockstep-test.key=v1\n");
        System.setProperty("zookeeper.lockstep-test.key", "v0");
        try {
            ServerConfig config = ServerConfig.load(file);
            assertEquals(dir.toAbsolutePath(), config.dataDir());
            assertEquals(0, config.clientPort());
            assertEquals("v1", System.getProperty("zookeeper.lockstep-test.key"));
        } finally {
            System.clearProperty("zookeeper.lockstep-test.key");
        }
    }

    @Test
    void serverLinesMayLiveInADynamicFile(@TempDir Path dir) throws Exception {
        Path dynamic = write(dir.resolve("zoo.cfg.dynamic"), "server.3=localhost:1:2;2199\nversion=1a\n");
        assertEquals(3, read("clientPort", "dynamicConfigFile=" + dynamic).serverId());
        assertTrue(error("dynamicConfigFile=" + dynamic, "server.1=h:1:2").contains("exclude each other"));
    }

    @Test
    void unreadableFilesAreNamed(@TempDir Path dir) throws IOException {
        Path missing = dir.resolve("none.cfg");
        assertEquals(missing + ": no such file; copy conf/zoo_sample.cfg there and edit it", loadError(missing));
        assertTrue(loadError(dir).startsWith(dir + ": cannot be read"), loadError(dir));
        Path escape = write(dir.resolve("escape.cfg"), "dataDir=\\uZZZZ\n");
        assertTrue(loadError(escape).startsWith(escape + ": not a properties file"), loadError(escape));
    }

    @Test
    void commentsMayBeInAnyEncoding(@TempDir Path dir) throws Exception {
        byte[] latin1 = ("# caf\u00e9\ndataDir=" + dir + "\nclientPort=1\n").getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(1, ServerConfig.load(Files.write(dir.resolve("zoo.cfg"), latin1)).clientPort());
    }

    @Test
    void zooKeepersShortCommandLine() throws ConfigException {
        ServerConfig config = ServerConfig.ofArguments("2185", "/d", "500", "9");
        assertEquals(2185, config.clientPort());
        assertEquals(Path.of("/d"), config.dataDir());
        assertEquals(500, config.tickTimeMillis());
        assertEquals(9, config.maxClientCnxns());
        assertEquals(3000, ServerConfig.ofArguments("0", "/d").tickTimeMillis());
        assertTrue(assertThrows(ConfigException.class, ServerConfig::ofArguments).getMessage().startsWith("usage: "));
        assertThrows(ConfigException.class, () -> ServerConfig.ofArguments("1", "2", "3", "4", "5"));
    }

    private static String loadError(Path file) {
        return assertThrows(ConfigException.class, () -> ServerConfig.load(file)).getMessage();
    }

    private static Path write(Path file, String text) throws IOException {
        return Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
