package org.lockstep.compat.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.wire.OpCode;

/** The comparison itself: two equal servers are found equal, and one that errs in a single byte is found out. */
class DifferentialCheckTest {
    private static final byte[] NODE = Requests.bytes("/p/a");
    @TempDir
    static Path directory;
    private static ServerPair pair;

    @BeforeAll
    static void startTwoEqualServers() throws IOException {
        pair = new ServerPair(Profile.STOCK, ServerPair.Candidate.APACHE, directory);
    }

    @AfterAll
    static void stop() {
        pair.close();
    }

    @Test
    void equalServersShowTheSame() throws IOException {
        for (long seed : List.of(1L, 2L, 4L, 5L, 7L)) {
            Comparison comparison = pair.run(ProgramGenerator.generate(seed));
            assertTrue(comparison.isEqual(), comparison::report);
        }
    }

    @Test
    void aSeedGivesTheSameProgramEachTime() {
        List<String> texts = ProgramGenerator.generate(42).steps().stream().map(Step::text).toList();
        assertEquals(texts, ProgramGenerator.generate(42).steps().stream().map(Step::text).toList());
        assertNotEquals(texts, ProgramGenerator.generate(43).steps().stream().map(Step::text).toList());
    }

    @Test
    void aWrongErrorCodeIsFound() throws IOException {
        assertFoundAt(5, frame -> change(frame, 12, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0x99, when(frame, 6)));
    }

    @Test
    void aWrongZxidIsFound() throws IOException {
        assertFoundAt(3, frame -> change(frame, 11, (byte) (frame[11] + 1), when(frame, 4)));
    }

    @Test
    void aWrongVersionInAStatIsFound() throws IOException {
        assertFoundAt(3, frame -> change(frame, 16 + 35, (byte) 7, when(frame, 4)));
    }

    @Test
    void aWrongDataByteIsFound() throws IOException {
        assertFoundAt(4, frame -> change(frame, 20, (byte) 'X', when(frame, 5)));
    }

    @Test
    void aByteTooManyIsFound() throws IOException {
        assertFoundAt(4, frame -> when(frame, 5) ? java.util.Arrays.copyOf(frame, frame.length + 1) : frame);
    }

    @Test
    void aWrongEventIsFoundAndTheProgramShrinksToWhatCausesIt() throws IOException {
        Program program = program();
        Shrinker.Runner runner = each -> {
            pair.candidate().side().doctorAnswers(
                    frame -> change(frame, 19, (byte) 4, AnswerText.xidOf(frame) == AnswerText.EVENT_XID));
            try {
                return pair.run(each);
            } finally {
                pair.candidate().side().doctorAnswers(UnaryOperator.identity());
            }
        };
        Comparison comparison = runner.run(program);
        assertEquals(3, comparison.firstDifference(), comparison::trace);
        assertTrue(comparison.differenceText().contains("event type=3"), comparison::differenceText);
        assertTrue(comparison.differenceText().contains("event type=4"), comparison::differenceText);
        Comparison smallest = new Shrinker(runner).shrink(comparison);
        assertEquals(List.of(program.steps().get(0), program.steps().get(1), program.steps().get(2), program.steps().get(3)),
                smallest.program().steps());
        assertTrue(comparison.report().contains("-Ddiff.seed=0 -Ddiff.programs=1"), comparison::report);
    }

    @Test
    void anAnswerThatComesBeforeItsEventIsFound() throws IOException {
        byte[][] held = new byte[1][];
        assertFoundAt(3, frame -> {
            boolean event = AnswerText.xidOf(frame) == AnswerText.EVENT_XID;
            if (event) {
                held[0] = frame;
                return reply(4);
            }
            return when(frame, 4) && held[0] != null ? held[0] : frame;
        });
    }

    /**
     * A connection, a node, a watch on it, a setData that fires it, a getData, a delete of something that is not there, a
     * ping.
     */
    private static Program program() {
        Requests requests = new Requests();
        return new Program(0, Profile.STOCK, List.of(
                new Step.Connect(0, 0, false, 30_000, Step.Password.RIGHT, true, false, 0, List.of()),
                new Step.Burst(0, List.of(
                        requests.request(Requests.create(NODE, Requests.bytes("one"), Requests.OPEN_ACL, 0)),
                        requests.request(Requests.bare(OpCode.WHO_AM_I)))),
                new Step.Burst(0, List.of(requests.request(Requests.read(OpCode.EXISTS, NODE, true)))),
                new Step.Burst(0, List.of(requests.request(Requests.setData(NODE, Requests.bytes("two"), -1)))),
                new Step.Burst(0, List.of(requests.request(Requests.read(OpCode.GET_DATA, NODE, false)))),
                new Step.Burst(0, List.of(requests.request(
                        Requests.pathVersion(OpCode.DELETE, Requests.bytes("/p/b"), -1))))));
    }

    private static void assertFoundAt(int step, UnaryOperator<byte[]> doctor) throws IOException {
        pair.candidate().side().doctorAnswers(doctor);
        try {
            Comparison comparison = pair.run(program());
            assertFalse(comparison.isEqual());
            assertEquals(step, comparison.firstDifference(), comparison::trace);
        } finally {
            pair.candidate().side().doctorAnswers(UnaryOperator.identity());
        }
        assertTrue(pair.run(program()).isEqual(), "the doctored run must leave no trace");
    }

    /**
     * True for the reply to the request with this xid; the connections that close sessions number theirs from 1, hence the
     * length.
     */
    private static boolean when(byte[] frame, int xid) {
        return AnswerText.xidOf(frame) == xid && (frame.length > 16 || AnswerText.errOf(frame) != 0);
    }

    private static byte[] reply(int xid) {
        byte[] frame = new byte[16];
        frame[3] = (byte) xid;
        return frame;
    }

    private static byte[] change(byte[] frame, int offset, byte value, boolean now) {
        return now ? change(frame, offset, new byte[] {value}) : frame;
    }

    private static byte[] change(byte[] frame, int offset, byte a, byte b, byte c, byte d, boolean now) {
        return now ? change(frame, offset, new byte[] {a, b, c, d}) : frame;
    }

    private static byte[] change(byte[] frame, int offset, byte[] bytes) {
        byte[] changed = frame.clone();
        System.arraycopy(bytes, 0, changed, offset, bytes.length);
        return changed;
    }
}
