package org.lockstep.compat.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.servers.ApacheProcess;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;
import org.lockstep.wire.Acl;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** Shows each of {@link KnownDifferences} on both servers, so that the list stays true on either side. */
class KnownDifferencesTest {
    private static final byte[] NODE = Requests.bytes("/p/a");
    private static final byte[] CHILD = Requests.bytes("/p/a/b");
    private static final Acl OPEN = Requests.OPEN_ACL.get(0);
    private static final Step CONNECT =
            new Step.Connect(0, 0, false, 30_000, Step.Password.RIGHT, true, false, 0, List.of());

    @TempDir
    static Path directory;
    private static ServerPair pair;
    private final Requests requests = new Requests();

    @BeforeAll
    static void start() throws IOException {
        pair = new ServerPair(Profile.STOCK, ServerPair.Candidate.LOCKSTEP, directory);
    }

    @AfterAll
    static void stop() {
        pair.close();
    }

    @Test
    void deleteContainerNeedsDeleteOnTheParent() throws IOException {
        List<Acl> noDelete = List.of(new Acl(Perms.ALL & ~Perms.DELETE, new Id("world", "anyone")));
        assertLastAnswers("err=0", "err=-102",
                Requests.create(NODE, null, noDelete, 0),
                Requests.create(CHILD, null, Requests.OPEN_ACL, 0),
                Requests.path(OpCode.DELETE_CONTAINER, CHILD));
    }

    @Test
    void aWrongPasswordLeavesTheLiveConnectionAlone() throws IOException {
        Step intruder = new Step.Connect(1, 0, true, 30_000, Step.Password.WRONG, true, false, 0, List.of());
        Comparison comparison = run(List.of(CONNECT, intruder));
        assertTrue(comparison.expected().get(1).contains("slot 0 was closed by the server"), comparison::trace);
        assertTrue(comparison.actual().get(1).contains("slot 0: xid=-2 zxid=+1 err=0"), comparison::trace);
        String refusal = "slot 1: connected protocol=0 timeout=0 session=0 password=16 bytes of 0 readOnly=0";
        assertTrue(comparison.expected().get(1).contains(refusal), comparison::trace);
        assertTrue(comparison.actual().get(1).contains(refusal), comparison::trace);
    }

    @Test
    void createSessionIsNoRequestForClients() {
        byte[] timeout = new JuteWriter().writeInt(30_000).toByteArray();
        Side side = pair.candidate().side();
        side.run(CONNECT);
        assertEquals(List.of("slot 0: xid=1 zxid=-1 err=-6", "slot 0 was closed by the server"),
                side.run(burst(new Requests.Op(OpCode.CREATE_SESSION, timeout, "createSession"))));
    }

    @Test
    void aCreateTtlWithoutTtlIsRefusedWhereItStopsZooKeeper() throws IOException {
        Step poison = burst(Requests.create(OpCode.CREATE_TTL, NODE, null, Requests.OPEN_ACL, 0, -1));
        Side side = pair.candidate().side();
        assertEquals(1, side.run(CONNECT).stream().filter(line -> line.contains("connected")).count());
        assertTrue(side.run(poison).get(0).endsWith("err=-8"));
        side.close();

        ServerOptions options = new ServerOptions(java.nio.file.Files.createTempDirectory(directory, "poisoned"));
        Profile.STOCK.configure(options);
        try (ServerProcess apache = new ApacheProcess(options).start(); Side victim = new Side(apache.host(), apache.port())) {
            victim.run(CONNECT);
            victim.run(burst(Requests.create(Requests.bytes("/a"), null, Requests.OPEN_ACL, 0)));
            victim.run(burst(Requests.create(OpCode.CREATE_TTL, Requests.bytes("/b"), null, Requests.OPEN_ACL, 0, -1)));
            apache.awaitExit(Duration.ofSeconds(30));
            assertThrows(IOException.class, () -> apache.start(Duration.ofSeconds(30)));
        }
    }

    @Test
    void anAclWithANullNameIsInvalid() throws IOException {
        for (Id broken : List.of(new Id("ip", null), new Id("digest", null), new Id("world", null), new Id(null, "x"))) {
            assertLastAnswers("err=-5", "err=-114",
                    Requests.create(NODE, null, List.of(OPEN, new Acl(Perms.ALL, broken)), 0));
        }
    }

    @Test
    void requestsBehindASetAclObeyIt() throws IOException {
        List<Acl> nobody = List.of(new Acl(Perms.ALL, new Id("ip", "10.9.8.7")));
        Comparison comparison = run(List.of(CONNECT, burst(Requests.create(NODE, null, Requests.OPEN_ACL, 0)),
                burst(Requests.setAcl(NODE, nobody, -1), Requests.setData(NODE, null, -1))));
        assertTrue(comparison.actual().get(2).get(0).contains("err=0"), comparison::trace);
        assertTrue(comparison.actual().get(2).get(1).contains("err=-102"), comparison::trace);
    }

    @Test
    void aNullPathCannotBeWatched() throws IOException {
        assertLastAnswers("err=0 0", "err=-5", Requests.pathType(OpCode.ADD_WATCH, null, 0));
    }

    @Test
    void surrogatesComeBackAsUtf8() throws IOException {
        assertLastAnswers("'/p/\\ed\\a0\\bd\\ed\\b8\\80'", "'/p/\\f0\\9f\\98\\80'",
                Requests.path(OpCode.SYNC, Requests.bytes("/p/\ud83d\ude00")));
    }

    @Test
    void aMultiReadThatFailsAsAWholeHasNoBody() throws IOException {
        int[] longest = new int[2];
        pair.reference().side().doctorAnswers(frame -> noteLength(frame, longest, 0));
        pair.candidate().side().doctorAnswers(frame -> noteLength(frame, longest, 1));
        try {
            run(List.of(CONNECT, burst(Requests.multi(OpCode.MULTI_READ, List.of(Requests.setData(NODE, null, -1))))));
        } finally {
            pair.reference().side().doctorAnswers(UnaryOperator.identity());
            pair.candidate().side().doctorAnswers(UnaryOperator.identity());
        }
        assertEquals(16 + 9, longest[0]);
        assertEquals(16, longest[1]);
    }

    private static byte[] noteLength(byte[] frame, int[] longest, int side) {
        if (AnswerText.errOf(frame) == -5) {
            longest[side] = Math.max(longest[side], frame.length);
        }
        return frame;
    }

    @Test
    void theDataSizeIsExactAlsoWithQuotas() throws IOException {
        List<Requests.Op> ops = new ArrayList<>();
        ops.add(Requests.create(Requests.bytes("/zookeeper/quota/p"), null, Requests.OPEN_ACL, 0));
        ops.add(Requests.create(Requests.bytes("/zookeeper/quota/p/zookeeper_limits"), Requests.bytes("count=100,bytes=100000"),
                Requests.OPEN_ACL, 0));
        ops.add(Requests.create(Requests.bytes("/zookeeper/quota/p/zookeeper_stats"), Requests.bytes("count=0,bytes=0"),
                Requests.OPEN_ACL, 0));
        ops.add(Requests.create(NODE, new byte[5000], Requests.OPEN_ACL, 0));
        long referenceBefore = dataSize(pair.reference());
        long candidateBefore = dataSize(pair.candidate());
        run(List.of(CONNECT, burst(ops.toArray(Requests.Op[]::new))));
        assertNotEquals(referenceBefore, dataSize(pair.reference()));
        assertEquals(candidateBefore, dataSize(pair.candidate()));
    }

    private static long dataSize(Endpoint endpoint) throws IOException {
        Side side = endpoint.side();
        return Long.parseLong(FourLetterWord.monitor(side.host(), side.port(), 5000).get("zk_approximate_data_size"));
    }

    @Test
    void hardQuotasCountWhatAMultiHasDoneSoFar() throws IOException {
        Requests.Op[] quota = {
            Requests.create(Requests.bytes("/zookeeper/quota/p"), null, Requests.OPEN_ACL, 0),
            Requests.create(Requests.bytes("/zookeeper/quota/p/zookeeper_limits"),
                    Requests.bytes("count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2"), Requests.OPEN_ACL, 0),
            Requests.create(Requests.bytes("/zookeeper/quota/p/zookeeper_stats"), Requests.bytes("count=0,bytes=0"),
                    Requests.OPEN_ACL, 0),
        };
        Requests.Op two = Requests.multi(OpCode.MULTI, List.of(
                Requests.create(NODE, null, Requests.OPEN_ACL, 0),
                Requests.create(CHILD, null, Requests.OPEN_ACL, 0)));
        try (ServerPair strict = new ServerPair(Profile.EXTENDED, ServerPair.Candidate.LOCKSTEP, directory)) {
            Comparison comparison = strict.run(new Program(0, Profile.EXTENDED, List.of(CONNECT, burst(quota), burst(two))));
            assertTrue(comparison.expected().get(2).get(0).contains("'/p/a/b'"), comparison::trace);
            assertTrue(comparison.actual().get(2).get(0).contains("(-1 0 code 0)(-1 -125 code -125)"), comparison::trace);
        }
    }

    private Step burst(Requests.Op... ops) {
        return new Step.Burst(0, Arrays.stream(ops).map(requests::request).toList());
    }

    private static Comparison run(List<Step> steps) throws IOException {
        return pair.run(new Program(0, Profile.STOCK, steps));
    }

    /** Sends {@code ops} one by one; up to the last they succeed, the last is answered differently. */
    private void assertLastAnswers(String apache, String lockstep, Requests.Op... ops) throws IOException {
        List<Step> steps = new ArrayList<>();
        steps.add(CONNECT);
        for (Requests.Op op : ops) {
            steps.add(burst(op));
        }
        Comparison comparison = run(steps);
        assertEquals(ops.length, comparison.firstDifference(), comparison::trace);
        assertTrue(comparison.expected().get(ops.length).get(0).contains(apache), comparison::trace);
        assertTrue(comparison.actual().get(ops.length).get(0).contains(lockstep), comparison::trace);
    }
}
