package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.servers.ApacheProcess;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.FreePorts;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;

/** The configuration files of an Apache ZooKeeper ensemble, as it leaves them behind, are those of a Lockstep ensemble. */
class EnsembleConfigFilesTest {
    private static final int SERVERS = 3;
    private static final Duration SERVING_MAX = Duration.ofSeconds(60);
    private static final int TIMEOUT_MILLIS = 10_000;

    @TempDir
    Path directory;
    private final List<Integer> clientPorts = new ArrayList<>();

    @Test
    void aDynamicConfigurationRunsUnchanged() throws Exception {
        writeFiles("dynamic");
        assertRunsUnchanged();
    }

    @Test
    void serverLinesInTheMainFileRunUnchanged() throws Exception {
        writeFiles("static");
        assertRunsUnchanged();
    }

    private void assertRunsUnchanged() throws Exception {
        String apaches = configOf(ApacheProcess::new, "apache");
        for (int id = 1; id <= SERVERS; id++) {
            // What it cannot import it refuses: that must have been moved away, and nothing else.
            Files.move(home(id).resolve("data/version-2"), home(id).resolve("version-2"));
        }
        assertEquals(apaches, configOf(LockstepProcess::new, "lockstep"));
    }

    /** Of each server zoo.cfg, myid, and the list of servers, within zoo.cfg or in a file of its own. */
    private void writeFiles(String kind) throws Exception {
        List<String> list = new ArrayList<>();
        for (int id = 1; id <= SERVERS; id++) {
            clientPorts.add(FreePorts.next());
            list.add("server." + id + "=127.0.0.1:" + FreePorts.next() + ":" + FreePorts.next() + ":participant;127.0.0.1:"
                    + clientPorts.get(id - 1));
        }
        for (int id = 1; id <= SERVERS; id++) {
            Path home = Files.createDirectories(home(id).resolve("data")).getParent();
            Files.writeString(home.resolve("data/myid"), id + "\n");
            List<String> lines = new ArrayList<>(List.of("tickTime=500", "initLimit=20", "syncLimit=6",
                    "dataDir=" + home.resolve("data"), "maxClientCnxns=60", "autopurge.snapRetainCount=3",
                    "autopurge.purgeInterval=1", "preAllocSize=1024", "admin.enableServer=false", "4lw.commands.whitelist=*"));
            if (kind.equals("dynamic")) {
                Path file = Files.write(home.resolve("zoo.cfg.dynamic"), list);
                lines.addAll(List.of("standaloneEnabled=false", "reconfigEnabled=true", "dynamicConfigFile=" + file));
            } else {
                lines.addAll(list);
            }
            Files.write(home.resolve("zoo.cfg"), lines);
        }
    }

    private Path home(int id) {
        return directory.resolve("server-" + id);
    }

    /** Runs an ensemble with these files for a moment; returns what {@code /zookeeper/config} shows. */
    private String configOf(Function<ServerOptions, ServerProcess> program, String node) throws Exception {
        List<ServerProcess> servers = new ArrayList<>();
        try {
            for (int id = 1; id <= SERVERS; id++) {
                ServerOptions options = new ServerOptions(home(id)).zooCfg(home(id).resolve("zoo.cfg"))
                        .port(clientPorts.get(id - 1)).heapMegabytes(128).jvmFlag("-XX:+UseSerialGC")
                        .jvmFlag("-XX:TieredStopAtLevel=1");
                servers.add(program.apply(options));
                servers.get(id - 1).launch();
            }
            int leaders = 0;
            for (ServerProcess server : servers) {
                server.awaitServing(SERVING_MAX);
                String mode = FourLetterWord.monitor(server.host(), server.port(), TIMEOUT_MILLIS).get("zk_server_state");
                assertTrue(List.of("leader", "follower").contains(mode), mode);
                leaders += mode.equals("leader") ? 1 : 0;
            }
            assertEquals(1, leaders);
            return askAll(servers, "/" + node);
        } finally {
            for (ServerProcess server : servers) {
                server.close();
            }
        }
    }

    private static String askAll(List<ServerProcess> servers, String node) throws Exception {
        String config = null;
        for (ServerProcess server : servers) {
            String seen = ask(server, node);
            assertTrue(config == null || config.equals(seen), config + " and " + seen);
            config = seen;
        }
        return config;
    }

    private static String ask(ServerProcess server, String node) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper zk = new ZooKeeper(server.connectString(), TIMEOUT_MILLIS, event -> {
            if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
            }
        });
        try {
            Await.open("connection to " + server.connectString(), connected);
            zk.create(node + "-", null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL);
            return new String(zk.getConfig(false, null), UTF_8);
        } finally {
            zk.close();
        }
    }
}
