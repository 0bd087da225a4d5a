package org.lockstep.compat.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.ErrorCode;

/** A server that answers wrongly is told apart from one that answers well. */
class WrongAnswersTest {
    private static final long COUNT = 300;

    @Test
    void errorsAreCountedByCode() throws IOException {
        try (FakeServer server = new FakeServer((xid, opcode, out) ->
                FakeServer.reply(out, xid, xid % 3 == 0 ? ErrorCode.NO_NODE : xid % 3 == 1 ? ErrorCode.BAD_VERSION : 0))) {
            BenchResult result = run(server, Op.SET, COUNT);
            assertEquals(COUNT, result.requests());
            assertEquals(Map.of(ErrorCode.NO_NODE, COUNT / 3, ErrorCode.BAD_VERSION, COUNT / 3), result.errorsByCode());
            assertEquals(2 * COUNT / 3, result.errors());
            assertTrue(result.table().contains("errors by code: {-103=100, -101=100}"), result.table());
            assertTrue(result.json().contains("\"errors_by_code\":{\"-103\":100,\"-101\":100}"), result.json());
        }
    }

    @Test
    void errorsFailTheCommand() throws IOException {
        try (FakeServer server = new FakeServer((xid, opcode, out) -> FakeServer.reply(out, xid, ErrorCode.NO_AUTH))) {
            PrintStream nowhere = new PrintStream(new ByteArrayOutputStream());
            assertEquals(ZkBench.EXIT_FAILED, ZkBench.run(List.of("--servers",
                    "127.0.0.1:" + server.address().getPort(), "--count", "10", "--warmup", "0"), nowhere, nowhere));
        }
    }

    @Test
    void failedMultiIsAnErrorThoughItsHeaderSaysNone() throws IOException {
        byte[] body = ByteBuffer.allocate(3 * 13 + 9)
                .putInt(-1).put((byte) 0).putInt(0).putInt(0)
                .putInt(-1).put((byte) 0).putInt(-101).putInt(ErrorCode.NO_NODE)
                .putInt(-1).put((byte) 0).putInt(-2).putInt(ErrorCode.RUNTIME_INCONSISTENCY)
                .putInt(-1).put((byte) 1).putInt(-1).array();
        try (FakeServer server = new FakeServer((xid, opcode, out) -> FakeServer.reply(out, xid, 0, body))) {
            assertEquals(Map.of(ErrorCode.NO_NODE, 20L), run(server, Op.MULTI, 20).errorsByCode());
        }
    }

    @Test
    void answerOutOfOrderEndsTheRun() throws IOException {
        try (FakeServer server = new FakeServer((xid, opcode, out) -> FakeServer.reply(out, xid == 50 ? 51 : xid, 0))) {
            IOException failure = assertThrows(IOException.class, () -> run(server, Op.GET, COUNT));
            assertTrue(failure.getMessage().contains("answer 51 is out of order"), failure.getMessage());
        }
    }

    @Test
    void answerNobodyAskedForEndsTheRun() throws IOException {
        try (FakeServer server = new FakeServer((xid, opcode, out) -> {
            FakeServer.reply(out, xid, 0);
            FakeServer.reply(out, xid, 0);
        })) {
            IOException failure = assertThrows(IOException.class, () -> run(server, Op.GET, COUNT));
            assertTrue(failure.getMessage().contains("out of order"), failure.getMessage());
        }
    }

    @Test
    void frameTooShortForAHeaderEndsTheRun() throws IOException {
        try (FakeServer server = new FakeServer((xid, opcode, out) -> out.write(new byte[] {0, 0, 0, 4, 0, 0, 0, 1}))) {
            IOException failure = assertThrows(IOException.class, () -> run(server, Op.GET, COUNT));
            assertTrue(failure.getMessage().contains("frame of 4 bytes"), failure.getMessage());
        }
    }

    @Test
    void lostConnectionEndsTheRun() throws IOException {
        try (FakeServer server = new FakeServer((xid, opcode, out) -> {
            if (xid == 40) {
                throw new IOException("enough");
            }
            FakeServer.reply(out, xid, 0);
        })) {
            IOException failure = assertThrows(IOException.class, () -> run(server, Op.GET, COUNT));
            assertTrue(failure.getMessage().startsWith("connection "), failure.getMessage());
        }
    }

    @Test
    void answersLargerThanAnyBufferArriveWhole() throws IOException {
        byte[] large = "x".repeat(300_000).getBytes(StandardCharsets.US_ASCII);
        try (FakeServer server = new FakeServer((xid, opcode, out) -> FakeServer.reply(out, xid, 0, large))) {
            BenchResult result = run(server, Op.LS, 60);
            assertEquals(60, result.requests());
            assertEquals(0, result.errors());
        }
    }

    @Test
    void notificationsBetweenAnswersAreCountedApart() throws IOException {
        try (FakeServer server = new FakeServer((xid, opcode, out) -> {
            FakeServer.reply(out, -1, 0, new byte[20]);
            FakeServer.reply(out, xid, 0);
        })) {
            BenchResult result = run(server, Op.GET, COUNT);
            assertEquals(COUNT, result.requests());
            assertEquals(COUNT, result.notifications());
        }
    }

    private static BenchResult run(FakeServer server, Op op, long count) throws IOException {
        return Bench.run(BenchOptions.of(List.of(server.address()), op).withShape(1, 8).withKeys(10, 100).withTimes(20, 0)
                .withCount(count).withQuiet(true), System.err);
    }
}
