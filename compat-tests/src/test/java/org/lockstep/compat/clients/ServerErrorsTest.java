package org.lockstep.compat.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.servers.FreePorts;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.ensemble.core.Voter;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.log.DataDirectory;
import org.lockstep.log.LmdbLog;
import org.lockstep.log.StorageOptions;

/**
 * What a Lockstep server says when it cannot start: one line on standard error that names the thing and the remedy, the exit code
 * that docs/operations.md gives, and nothing changed on the disk.
 */
class ServerErrorsTest {
    private static final int INVALID_INVOCATION = 2;
    private static final int UNABLE_TO_ACCESS_DATADIR = 3;
    private static final int UNABLE_TO_BIND_PORT = 15;
    private static final int DATA_DAMAGED = 17;
    private static final byte[] NEEDLE = "find-this-in-the-log".repeat(40).getBytes(UTF_8);

    @TempDir
    Path directory;

    /** How a server's process ended. */
    private record End(int exitCode, List<String> errorLines) {
        void assertRefused(int expectedCode, String... words) {
            assertEquals(1, errorLines.size(), errorLines.toString());
            String line = errorLines.get(0);
            assertTrue(line.startsWith("lockstep: "), line);
            for (String word : words) {
                assertTrue(line.contains(word), () -> "no <" + word + "> in: " + line);
            }
            assertEquals(expectedCode, exitCode, line);
        }
    }

    @Test
    void configurationsThatCannotBe() throws Exception {
        config("tickTime=soon").assertRefused(INVALID_INVOCATION, "zoo.cfg", "tickTime=soon", "is not a number");
        config("clientPort=70000").assertRefused(INVALID_INVOCATION, "zoo.cfg", "clientPort=70000", "out of range");
        config("fsyncPolicy=fast").assertRefused(INVALID_INVOCATION, "fsyncPolicy=fast",
                "choose durable, no-sync or write-barrier");
        config("fsyncPolicy=durable\nforceSync=no").assertRefused(INVALID_INVOCATION, "fsyncPolicy=durable", "forceSync=no");
        config("secureClientPort=2281").assertRefused(INVALID_INVOCATION, "secureClientPort=2281", "TLS is not supported yet");
        config("server.1=a:1:2\nserver.2=b:1:2").assertRefused(INVALID_INVOCATION, "data/myid: no such file",
                "write one of 1, 2 into it");
        assertFalse(Files.exists(directory.resolve("data")), "a wrong configuration makes no directory");
    }

    @Test
    void configurationsThatAreNotThere() throws Exception {
        Path missing = directory.resolve("none.cfg");
        run(missing.toString()).assertRefused(INVALID_INVOCATION, missing.toString(), "no such file");
        run().assertRefused(INVALID_INVOCATION, "zoo.cfg", "clientPort dataDir");
        Path empty = Files.createFile(directory.resolve("empty.cfg"));
        run(empty.toString()).assertRefused(INVALID_INVOCATION, "empty.cfg", "dataDir is not set; add dataDir=");
    }

    @Test
    void dataDirsThatCannotBeUsed() throws Exception {
        Path file = Files.writeString(directory.resolve("data"), "mine");
        config("").assertRefused(UNABLE_TO_ACCESS_DATADIR, file.toString(), "directory");
        assertEquals("mine", Files.readString(file));
        run(Integer.toString(FreePorts.next()), "/proc/lockstep-cannot-be-made")
                .assertRefused(UNABLE_TO_ACCESS_DATADIR, "/proc/lockstep-cannot-be-made", "dataDir");
    }

    @Test
    void dataOfAnotherServerIsLeftAlone() throws Exception {
        Path version2 = Files.createDirectories(directory.resolve("data/version-2"));
        Files.writeString(version2.resolve("snapshot.0"), "ZKSN and more");
        Map<String, Long> before = checksums();
        config("").assertRefused(UNABLE_TO_ACCESS_DATADIR, version2.toString(), "Apache ZooKeeper");
        assertEquals(before, checksums());
    }

    @Test
    void aSecondServerOnTheSameDataDirIsRefused() throws Exception {
        try (LockstepProcess first = server("")) {
            first.start();
            write(first, "/a", NEEDLE);
            config("").assertRefused(UNABLE_TO_ACCESS_DATADIR, first.dataDir().toString(), "in use",
                    "pid " + first.pid());
            assertArrayEquals(NEEDLE, read(first, "/a"));
            first.kill();
            first.start();
            assertArrayEquals(NEEDLE, read(first, "/a"));
        }
    }

    @Test
    void aTakenPortIsNamed() throws Exception {
        try (LockstepProcess server = server("")) {
            server.start();
            write(server, "/a", NEEDLE);
            server.stop();
            try (ServerSocket taken = new ServerSocket()) {
                taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                run(config(taken.getLocalPort(), ""))
                        .assertRefused(UNABLE_TO_BIND_PORT, "127.0.0.1", Integer.toString(taken.getLocalPort()), "clientPort");
            }
            server.start();
            assertArrayEquals(NEEDLE, read(server, "/a"));
        }
    }

    @Test
    void aFlippedBitInTheLogIsFoundAndNamed() throws Exception {
        Path tail = serverWithData().resolveSibling("tail.0");
        assertTrue(flipInside(tail, NEEDLE), "the data is in the log's tail");
        assertRefusedAndUntouched(DATA_DAMAGED, tail.toString(), "damaged");
    }

    @Test
    void aTruncatedLogIsFoundAndNamed() throws Exception {
        Path log = serverWithData();
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
            file.setLength(3 * 4096);
        }
        assertRefusedAndUntouched(DATA_DAMAGED, log.toString(), "damaged");
    }

    @Test
    void aForeignFileInPlaceOfTheStateIsNamed() throws Exception {
        Path state = serverWithData().resolveSibling("state.mdb");
        Files.writeString(state, "a shopping list ".repeat(10_000));
        assertRefusedAndUntouched(UNABLE_TO_ACCESS_DATADIR, state.toString(), "not a file of this server");
    }

    @Test
    void aMissingFileIsNamed() throws Exception {
        Path state = serverWithData().resolveSibling("state.mdb");
        Files.delete(state);
        assertRefusedAndUntouched(DATA_DAMAGED, state.toString(), "missing");
        assertFalse(Files.exists(state), "an empty one in its place would hide the loss");
    }

    /** As a disk leaves it that lost the log's flushes and kept those of the state. */
    @Test
    void aLogThatHasLostItsViewsIsNamed() throws Exception {
        Path data = directory.resolve("data");
        Path blank = directory.resolve("blank.mdb");
        try (DataDirectory made = DataDirectory.open(data, StorageOptions.DEFAULT)) {
            Files.copy(made.logFile(), blank);
        }
        Path log;
        try (LockstepProcess server = server("")) {
            server.start();
            write(server, "/a", NEEDLE);
            server.stop();
            log = server.dataDir().resolve("lockstep-3/log.mdb");
        }
        for (String tail : List.of("tail.0", "tail.1")) {
            Files.write(log.resolveSibling(tail), new byte[4096]);
        }
        Files.copy(blank, log, StandardCopyOption.REPLACE_EXISTING);
        config("").assertRefused(DATA_DAMAGED, log.toString(), "damaged", "the log knows of no view");
    }

    @Test
    void aServerAloneRefusesTheDataOfAnEnsemble() throws Exception {
        UUID disk = makeDataOfThree();
        assertRefusedAndUntouched(UNABLE_TO_ACCESS_DATADIR, directory.resolve("data").toString(), "alone", "servers [1, 2, 3]",
                "list the server.N lines");
        try (DataDirectory kept = DataDirectory.open(directory.resolve("data"), StorageOptions.DEFAULT)) {
            assertEquals(disk.toString(), kept.diskId());
        }
    }

    /** It starts: the data may be right and the list wrong, or the other way round, and the others may need this server. */
    @Test
    void aListOfOtherVotersThanTheEnsembleHasIsWarnedOf() throws Exception {
        makeDataOfThree();
        ServerOptions options = new ServerOptions(directory).heapMegabytes(128).serverId(1);
        for (int id : new int[] {1, 2, 3, 4, 5}) {
            options.set("server." + id, "127.0.0.1:" + FreePorts.next() + ":1");
        }
        try (LockstepProcess server = new LockstepProcess(options)) {
            server.launch();
            Await.until("a warning of the voters", () -> server.logTail().contains(
                    "lists the voters [1, 2, 3, 4, 5], but those of this ensemble are [1, 2, 3]"));
            assertTrue(server.isAlive());
        }
    }

    private UUID makeDataOfThree() throws Exception {
        try (DataDirectory made = DataDirectory.open(directory.resolve("data"), StorageOptions.DEFAULT);
                LmdbLog log = LmdbLog.openMember(made, FsyncPolicy.DURABLE, StorageOptions.DEFAULT, new MetricRegistry())) {
            UUID disk = UUID.fromString(made.diskId());
            List<MemberId> members = List.of(new MemberId(1, disk, 1), new MemberId(2, new UUID(0, 2), 1),
                    new MemberId(3, new UUID(0, 3), 1));
            List<Voter> voters = members.stream().map(member -> new Voter(member.serverId(), member.diskId())).toList();
            log.install(new ViewRecord(1, new UUID(0, 7), members, voters, ViewRecord.Origin.BOOTSTRAP, null, Trim.nothing(0)),
                    members.get(0), Effect.Base.EMPTY, Trim.nothing(0));
            return disk;
        }
    }

    private void assertRefusedAndUntouched(int code, String... words) throws Exception {
        Map<String, Long> before = checksums();
        config("").assertRefused(code, words);
        assertEquals(before, checksums());
    }

    /** A stopped server whose log holds {@link #NEEDLE}, not yet in the state; returns the path of the log. */
    private Path serverWithData() throws Exception {
        try (LockstepProcess server = server("checkpointMillis=600000")) {
            server.start();
            write(server, "/a", NEEDLE);
            write(server, "/b", new byte[1]);
            server.kill();
            return server.dataDir().resolve("lockstep-3/log.mdb");
        }
    }

    private LockstepProcess server(String line) {
        ServerOptions options = new ServerOptions(directory).heapMegabytes(128);
        if (!line.isEmpty()) {
            options.set(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
        }
        return new LockstepProcess(options);
    }

    /** Starts a server with this in its zoo.cfg besides dataDir and port, and waits for its end. */
    private End config(String lines) throws Exception {
        return run(config(FreePorts.next(), lines));
    }

    private String config(int port, String lines) throws IOException {
        String dataDir = directory.toAbsolutePath().resolve("data").toString();
        String head = lines.contains("clientPort=") ? "" : "clientPort=" + port + "\n";
        return Files.writeString(directory.resolve("bad-zoo.cfg"),
                head + "clientPortAddress=127.0.0.1\ndataDir=" + dataDir + "\n" + lines + "\n").toString();
    }

    private End run(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1", "-Xmx128m",
                "--add-opens", "java.base/java.nio=ALL-UNNAMED", "--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED",
                "-cp", System.getProperty("java.class.path"), "org.lockstep.server.Main"));
        command.addAll(Arrays.asList(arguments));
        Path errors = directory.resolve("stderr.txt");
        Process process = new ProcessBuilder(command)
                .redirectOutput(directory.resolve("stdout.txt").toFile()).redirectError(errors.toFile()).start();
        try {
            assertTrue(process.waitFor(Await.LIMIT.toMillis(), TimeUnit.MILLISECONDS),
                    () -> "a server that should not start runs: " + Arrays.toString(arguments));
        } finally {
            process.destroyForcibly();
        }
        // A JVM newer than 17 warns about libraries that the server uses.
        return new End(process.exitValue(),
                Files.readAllLines(errors).stream().filter(line -> !line.startsWith("WARNING:")).toList());
    }

    private Map<String, Long> checksums() throws IOException {
        Map<String, Long> sums = new TreeMap<>();
        Path data = directory.resolve("data");
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.filter(Files::isRegularFile).filter(file -> !file.toString().endsWith("lock")).toList()) {
                CRC32C crc = new CRC32C();
                crc.update(Files.readAllBytes(file));
                sums.put(data.relativize(file).toString(), crc.getValue());
            }
        }
        return sums;
    }

    /** Flips one bit in the middle of every copy of {@code needle}; false when there is none. */
    private static boolean flipInside(Path file, byte[] needle) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        boolean found = false;
        for (int at = 0; at + needle.length <= bytes.length; at++) {
            if (bytes[at] == needle[0] && Arrays.equals(bytes, at, at + needle.length, needle, 0, needle.length)) {
                bytes[at + needle.length / 2] ^= 0x10;
                found = true;
            }
        }
        Files.write(file, bytes);
        return found;
    }

    private static void write(LockstepProcess server, String path, byte[] data) throws Exception {
        ZooKeeper zk = new ZooKeeper(server.connectString(), 10_000, event -> {});
        try {
            zk.create(path, data, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        } finally {
            zk.close();
        }
    }

    private static byte[] read(LockstepProcess server, String path) throws Exception {
        ZooKeeper zk = new ZooKeeper(server.connectString(), 10_000, event -> {});
        try {
            return zk.getData(path, false, null);
        } finally {
            zk.close();
        }
    }
}
