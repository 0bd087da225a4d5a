package org.lockstep.compat.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.fsync.FsyncPolicy;

/**
 * A server opens its state where it stood: after kill -9 it applies again only what no checkpoint had, however many writes there
 * were before, and so a large tree is served as soon as a small one.
 */
class RestartTimeTest {
    private static final int FEW = 1_000;
    private static final int MANY = 30_000;
    private static final int CLIENTS = 4;
    private static final int CHECKPOINT_MILLIS = 200;
    private static final Duration SLACK = Duration.ofSeconds(1);
    private static final int SLOTS_AGAIN_MAX = 10;
    private static final Pattern RECOVERED = Pattern.compile("Recovered (\\d+) znodes; (\\d+) slots");

    @TempDir Path scratch;

    @Test
    void restartTimeDoesNotGrowWithTheTree() throws Exception {
        restartTime(FEW); // the first start loads classes
        Duration few = restartTime(FEW);
        Duration many = restartTime(MANY);
        System.out.printf("restart to serving: %d ms after %d writes, %d ms after %d%n", few.toMillis(), FEW, many.toMillis(),
                MANY);
        assertTrue(many.compareTo(few.plus(SLACK)) < 0, "restart took " + few + " after few writes, " + many + " after many");
    }

    private Duration restartTime(int requests) throws Exception {
        Path directory = Files.createTempDirectory(scratch, "server");
        ServerOptions options = new ServerOptions(directory).set("fsyncPolicy", FsyncPolicy.DURABLE.key())
                .set("checkpointMillis", String.valueOf(CHECKPOINT_MILLIS));
        Recording.shortLived(options);
        Workload workload = new Workload(CLIENTS, 1, new WorkloadClient.Options(64, 0, false));
        try (LockstepProcess server = new LockstepProcess(options)) {
            server.start();
            workload.start(server.port());
            assertEquals(0, workload.run(requests / CLIENTS));
            Thread.sleep(10 * CHECKPOINT_MILLIS);
            server.kill();
            server.start();
            Matcher recovered = lastRecovery(server);
            assertTrue(Integer.parseInt(recovered.group(2)) <= SLOTS_AGAIN_MAX, recovered.group());
            AckCheck.check(server.port(), workload, 0, 0);
            server.kill();
        }
        long begin = System.nanoTime();
        try (EmbeddedServer again = EmbeddedServer.start(directory.resolve("data"), FsyncPolicy.DURABLE, Recording.BOOT_ID);
                RawClient client = new RawClient(again.port(), 10_000)) {
            Duration time = Duration.ofNanos(System.nanoTime() - begin);
            assertTrue(client.sessionId() != 0);
            return time;
        }
    }

    /** The server's own word on its last start. */
    private static Matcher lastRecovery(LockstepProcess server) throws IOException {
        Matcher last = null;
        Matcher each = RECOVERED.matcher(Files.readString(server.logFile()));
        while (each.find()) {
            last = RECOVERED.matcher(each.group());
        }
        assertTrue(last != null && last.find(), "no word on recovery: " + server.logTail());
        return last;
    }
}
