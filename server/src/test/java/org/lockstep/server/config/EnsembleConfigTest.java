package org.lockstep.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.PeerAddress;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.rdma.transport.Polling;

class EnsembleConfigTest {
    private static final String[] THREE = {"server.1=a:2888:3888", "server.2=b:2888:3888:participant",
        "server.3=[fe80::3]:2888:3888;2183"};

    @TempDir
    Path directory;
    private final Properties system = new Properties();

    @BeforeEach
    void myIdIsTwo() throws IOException {
        myId("2\n");
    }

    private void myId(String text) throws IOException {
        Files.write(directory.resolve("myid"), text.getBytes(StandardCharsets.UTF_8));
    }

    /** A zoo.cfg as ZooKeeper's administrator's guide has it, and what a test adds. */
    private Path file(String[] servers, String... lines) throws IOException {
        List<String> all = new ArrayList<>(List.of("tickTime=2000", "initLimit=7", "syncLimit=4", "clientPort=2181",
            "dataDir=" + directory));
        all.addAll(List.of(servers));
        all.addAll(List.of(lines));
        return Files.write(directory.resolve("zoo.cfg"), all);
    }

    private ServerConfig read(String[] servers, String... lines) throws Exception {
        return ConfigReader.readFile(file(servers, lines), system);
    }

    private String error(String[] servers, String... lines) {
        String message = assertThrows(ConfigException.class, () -> read(servers, lines)).getMessage();
        assertFalse(message.contains("\n"), message);
        assertTrue(message.contains("; ") || message.contains(": "), message);
        return message;
    }

    private static String[] servers(String... lines) {
        return lines;
    }

    @Test
    void aFileOfZooKeepersGuide() throws Exception {
        ServerConfig config = read(THREE);
        EnsembleConfig ensemble = config.ensemble();
        assertEquals(2, config.serverId());
        assertEquals(2, ensemble.self().id());
        assertEquals(3, ensemble.size());
        assertFalse(ensemble.standalone());
        assertFalse(ensemble.isObserver());
        assertEquals(List.of(1, 2, 3), ensemble.voterIds());
        assertEquals(List.of(), ensemble.observerIds());
        assertEquals(List.of(new PeerAddress(1, "a", 2888), new PeerAddress(3, "fe80::3", 2888)), ensemble.peers());
        assertEquals("b", ensemble.peerBindAddress().getHostString());
        assertEquals(2888, ensemble.peerBindAddress().getPort());
        assertTrue(ensemble.peerBindAddress().isUnresolved());
        assertEquals("fe80::3", ensemble.server(3).address().host());
        assertEquals(3888, ensemble.server(3).address().electionPort());
        assertEquals(7, ensemble.initLimitTicks());
        assertEquals(4, ensemble.syncLimitTicks());
        assertEquals(2, ensemble.minView());
        assertEquals(3, ensemble.bootstrapExpect());
        assertEquals(1000, ensemble.failureTimeoutMillis());
        assertEquals(50, ensemble.heartbeatMillis());
        assertEquals(List.of(), config.warnings());
        assertTrue(config.notices().toString().contains("initLimit, syncLimit"), config.notices().toString());
    }

    @Test
    void membershipIsShownAsZooKeeperShowsIt() throws Exception {
        assertEquals("""
            server.1=a:2888:3888:participant
            server.2=b:2888:3888:participant
            server.3=[fe80::3]:2888:3888:participant;0.0.0.0:2183
            version=0""", read(THREE).ensemble().membershipText());
        assertEquals("""
            server.2=h:1:2|[::1]:3:4:participant
            server.10=i:1:2:observer;[::]:5
            version=0""", read(servers("server.10=i:1:2:OBSERVER;[::]:5", "server.2=h:1:2|[::1]:3:4")).ensemble()
                .membershipText());
    }

    @Test
    void aSingleServerIsAnEnsembleOfOne() throws Exception {
        Files.delete(directory.resolve("myid"));
        EnsembleConfig none = read(servers()).ensemble();
        assertEquals(1, none.size());
        assertEquals(List.of(1), none.voterIds());
        assertTrue(none.standalone());
        assertEquals("", none.membershipText());
        assertEquals(List.of(), none.peers());
        EnsembleConfig one = read(servers("server.7=h:1:2")).ensemble();
        assertTrue(one.standalone());
        assertEquals(7, one.myId());
        EnsembleConfig quorum = read(servers("server.7=h:1:2"), "standaloneEnabled=false").ensemble();
        assertFalse(quorum.standalone());
        assertEquals("server.7=h:1:2:participant\nversion=0", quorum.membershipText());
        assertEquals(List.of(7), quorum.options(FsyncPolicy.DURABLE, 100, 1 << 20, UUID.randomUUID()).voterIds());
    }

    @Test
    void aMyIdThatContradictsTheOnlyServerIsNamed() throws Exception {
        ServerConfig config = read(servers("server.7=h:1:2"));
        assertEquals(7, config.serverId());
        assertEquals(1, config.warnings().size());
        assertTrue(config.warnings().get(0).contains("says 2, and the only server line is server.7"), config.warnings().get(0));
    }

    @Test
    void myIdIsRequiredAndChecked() throws Exception {
        String file = directory.resolve("myid").toString();
        myId("4\n");
        assertTrue(error(THREE).startsWith(file + ": server 4 is not among the servers of "), error(THREE));
        assertTrue(error(THREE).endsWith("(1, 2, 3); correct the file, or add a server.4 line on every server"), error(THREE));
        for (String garbled : List.of("", "two", "-2", "0x2", "2 3", "99999999999999999999")) {
            myId(garbled);
            assertEquals(file + ": \"" + garbled + "\" is not a server's number; write one of 1, 2, 3 into it, and nothing else",
                error(THREE));
        }
        myId(" 1 \r\nand more");
        assertEquals(1, read(THREE).serverId());
        Files.delete(directory.resolve("myid"));
        assertTrue(error(THREE).startsWith(file + ": no such file;"), error(THREE));
        assertTrue(error(THREE).endsWith("write one of 1, 2, 3 into it"), error(THREE));
        Files.createDirectory(directory.resolve("myid"));
        assertTrue(error(THREE).startsWith(file + ": cannot be read"), error(THREE));
    }

    @Test
    void observersFollowAndDoNotVote() throws Exception {
        myId("3");
        ServerConfig config = read(servers("server.1=a:1:2", "server.2=b:1:2", "server.3=c:1:2:observer", "server.4=d:1:2"),
            "peerType=observer");
        assertTrue(config.ensemble().isObserver());
        assertEquals(List.of(1, 2, 4), config.ensemble().voterIds());
        assertEquals(List.of(3), config.ensemble().observerIds());
        assertEquals(List.of(), config.warnings());
    }

    @Test
    void theServerListWinsOverPeerType() throws Exception {
        assertTrue(read(THREE, "peerType=observer").warnings().get(0)
            .endsWith("contradicts the server list, which wins: server.2 is a participant"));
        assertEquals(List.of(), read(THREE, "peerType=participant").warnings());
    }

    @ParameterizedTest
    @ValueSource(strings = {"peerType=boss", "electionAlg=0", "transport=udp", "rdma.polling=often", "rdma.gidIndex=x",
        "rdma.address=0.0.0.0", "rdma.address=::1", "rdma.ringBytes=3m", "rdma.ringBytes=32k", "rdma.port=70000",
        "rdma.spinMicros=-1", "minView=0", "minView=4",
        "bootstrap.expect=1", "bootstrap.expect=4", "failureTimeout=399", "heartbeatMillis=5", "heartbeatMillis=126",
        "slowTimeout=1", "restartGrace=-1", "initLimit=0", "syncLimit=x", "quorumListenOnAllIPs=yes", "sslQuorum=true",
        "quorum.auth.enableSasl=true", "readonlymode.enabled=1", "server.4=d:1:2:boss", "server.4=d:1:1", "server.4=d:0:1",
        "server.4=d:1", "server.4=d:1:70000", "server.4=d:1:2;x:y", "server.4=d:1:2|e:3:4|", "server.4=fe80::1:1:2",
        "server.4=d:1:2:observer|e:1:2:participant", "server.4=A:2888:9", "clientPortAddress=127.0.0.1,",
        "server.4=d:1:2;3;4"})
    void namesKeyAndValueOfWhatIsWrong(String line) {
        String message = error(THREE, line);
        String key = line.substring(0, line.indexOf('='));
        assertTrue(message.startsWith(directory.resolve("zoo.cfg") + ": "), message);
        assertTrue(message.contains(key), message);
        assertTrue(message.contains("; "), "no remedy: " + message);
    }

    @Test
    void saysWhatIsWrongWithServers() throws Exception {
        assertTrue(error(servers("server.1=a:1:2:observer", "server.2=b:1:2:observer"))
            .contains("all server.N lines are observers"));
        assertTrue(error(servers("server.2=b:1:2", "server.02=c:1:2")).contains("gives the id 2 a second time"));
        assertTrue(error(servers("server.2=b:1:2", "server.2=c:1:2")).contains("server.2 is there twice, with different values"));
        assertTrue(error(servers("server.1=h:1:2", "server.2=H:1:3")).contains("server.1 and server.2 have the same address"));
        assertEquals(2, read(servers("server.1=h:1:2", "server.2=h:2:3", "server.2=h:2:3")).ensemble().size());
    }

    @Test
    void readsHowTheServersTalk() throws Exception {
        TransportConfig absent = read(THREE).ensemble().transport();
        assertEquals(new TransportConfig(TransportConfig.Kind.TCP, null, -1, null, 0, Polling.ADAPTIVE, 100, 4 << 20), absent);
        TransportConfig given = read(THREE, "transport=rdma", "rdma.device=mlx5_1", "rdma.gidIndex=3", "rdma.address=192.0.2.7",
            "rdma.port=2889", "rdma.polling=busy", "rdma.spinMicros=50", "rdma.ringBytes=16m").ensemble().transport();
        assertEquals(new TransportConfig(TransportConfig.Kind.RDMA, "mlx5_1", 3, InetAddress.getByName("192.0.2.7"), 2889,
            Polling.BUSY, 50, 16 << 20), given);
    }

    @Test
    void readsItsOwnKeys() throws Exception {
        system.setProperty("zookeeper.slowTimeout", "900");
        ServerConfig config = read(THREE, "failureTimeout=400", "heartbeatMillis=30", "restartGrace=0", "minView=1",
            "bootstrap.expect=2", "transport=auto", "quorumListenOnAllIPs=true", "readonlymode.enabled=true", "electionAlg=3");
        EnsembleConfig ensemble = config.ensemble();
        assertEquals(1, ensemble.minView());
        assertEquals(2, ensemble.bootstrapExpect());
        assertTrue(ensemble.listenOnAllIps());
        assertTrue(ensemble.peerBindAddress().getAddress().isAnyLocalAddress());
        assertTrue(config.readOnlyModeEnabled());
        assertEquals(1, config.warnings().size(), config.warnings().toString());
        assertTrue(config.warnings().get(0).startsWith("minView=1 is below a majority (2 of 3 voters)"));
        assertEquals(TransportConfig.Kind.AUTO, ensemble.transport().kind());
        EnsembleOptions options = ensemble.options(FsyncPolicy.NO_SYNC, 70, 8 << 20, new UUID(1, 2));
        assertEquals(List.of(1, 2, 3), options.voterIds());
        assertEquals(TimeUnit.MILLISECONDS.toNanos(400), options.failureTimeoutNanos());
        assertEquals(TimeUnit.MILLISECONDS.toNanos(30), options.heartbeatNanos());
        assertEquals(TimeUnit.MILLISECONDS.toNanos(900), options.slowTimeoutNanos());
        assertEquals(0, options.restartGraceNanos());
        assertEquals(TimeUnit.MILLISECONDS.toNanos(70), options.flushIntervalNanos());
        assertEquals(TimeUnit.MILLISECONDS.toNanos(200), options.patienceNanos());
        assertEquals(1, options.minView());
        assertEquals(2, options.bootstrapExpect());
        assertTrue(options.slotBytesMax() > 8 << 20);
        assertEquals(new UUID(1, 2), options.ensembleId());
    }

    @Test
    void rivalsAreTwiceAsPatientAsACoordinatorIsSilent() throws Exception {
        String message = error(THREE, "failureTimeout=239", "heartbeatMillis=30");
        assertTrue(message.contains("failureTimeout=239 is less than 8 times heartbeatMillis=30"), message);
        EnsembleOptions options = read(THREE, "failureTimeout=240", "heartbeatMillis=30").ensemble()
            .options(FsyncPolicy.DURABLE, 70, 8 << 20, new UUID(1, 2));
        assertEquals(TimeUnit.MILLISECONDS.toNanos(120), options.patienceNanos());
        assertEquals(4 * options.heartbeatNanos(), options.patienceNanos());
    }

    @Test
    void defaultsAreTheCores() throws Exception {
        EnsembleOptions core = EnsembleOptions.of(List.of(1, 2, 3), FsyncPolicy.DURABLE, new UUID(1, 2));
        assertEquals(core, read(THREE).ensemble().options(FsyncPolicy.DURABLE, 100, 0xfffff, new UUID(1, 2)));
    }

    @Test
    void readOnlyModeMayComeFromTheCommandLine() throws Exception {
        system.setProperty("readonlymode.enabled", "true");
        assertTrue(read(THREE).readOnlyModeEnabled());
        assertFalse(read(servers()).readOnlyModeEnabled());
    }

    @Test
    void warnsOfWhatWorksOtherwiseThanExpected() throws Exception {
        assertTrue(warning("server.1=a:1:2", "server.2=b:1:2").startsWith("2 voters: the failure of either stops the ensemble"));
        assertTrue(warning("server.1=a:1:2:observer", "server.2=b:1:2").startsWith("1 voter: its failure stops the ensemble"));
        assertTrue(warning("server.1=a:1:2", "server.2=b:1:2", "server.3=c:1:2", "server.4=d:1:2")
            .startsWith("4 voters survive no more failures than 3 do"));
        assertEquals("server.3 has several addresses, and only the first is used: c:1:2",
            warning("server.1=a:1:2", "server.2=b:1:2", "server.3=c:1:2|d:3:4"));
        assertEquals("group.N and weight.N are ignored: a view needs a majority of all voters, and each counts one",
            warning("server.1=a:1:2", "server.2=b:1:2", "server.3=c:1:2", "group.1=1:2:3", "weight.2=5"));
    }

    private String warning(String... lines) throws Exception {
        List<String> warnings = read(lines).warnings();
        assertEquals(1, warnings.size(), warnings.toString());
        return warnings.get(0);
    }

    @Test
    void theOwnLineGivesTheClientAddress() throws Exception {
        String[] lines = {"server.1=a:1:2;2181", "server.2=b:1:2;127.0.0.1:2182", "server.3=c:1:2;2183"};
        assertTrue(error(lines).contains("clientPort=2181 contradicts the 2182 of the server line"), error(lines));
        ServerConfig config = read(lines, "clientPort=2182", "clientPortAddress=0.0.0.0");
        assertEquals(2182, config.clientPort());
        assertEquals("127.0.0.1", config.bindAddress().getAddress().getHostAddress());
        assertTrue(error(lines, "clientPort=2182", "clientPortAddress=127.0.0.2").contains("contradicts the 127.0.0.1"));
        assertEquals(2182, read(lines, "clientPort=2182", "clientPortAddress=127.0.0.1").clientPort());
    }

    @Test
    void membershipMayBeInADynamicFile() throws Exception {
        Path dynamic = Files.write(directory.resolve("zoo.cfg.dynamic.10000000a"), List.of(THREE));
        ServerConfig config = read(servers(), "dynamicConfigFile=" + dynamic, "reconfigEnabled=true");
        assertEquals(List.of(1, 2, 3), config.ensemble().voterIds());
        assertEquals(0x1_0000_000aL, config.ensemble().version());
        assertTrue(config.ensemble().membershipText().endsWith("\nversion=10000000a"), config.ensemble().membershipText());
        assertTrue(error(servers("group.1=1"), "dynamicConfigFile=" + dynamic).contains("exclude each other"));
        Path plain = Files.write(directory.resolve("members"), List.of("server.2=b:1:2;2181", "version=5"));
        assertEquals(0, read(servers(), "dynamicConfigFile=" + plain).ensemble().version());
        Files.write(plain, List.of("server.2=b:1:2;2181", "tickTime=1"));
        assertTrue(error(servers(), "dynamicConfigFile=" + plain)
            .startsWith(plain + ": tickTime has no place in a dynamic file"));
    }
}
