package org.lockstep.compat.servers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApacheProcessTest {
    @TempDir
    Path directory;

    @Test
    void startsServesIsKilledAndStartsAgain() throws IOException {
        try (ServerProcess server = new ApacheProcess(new ServerOptions(directory).heapMegabytes(128)).start()) {
            assertEquals("imok", FourLetterWord.ask(server.host(), server.port(), "ruok", 5000));
            assertEquals("standalone", FourLetterWord.monitor(server.host(), server.port(), 5000).get("zk_server_state"));
            long firstPid = server.pid();
            server.kill();
            assertFalse(server.isAlive());
            assertFalse(server.isServing());
            server.start();
            assertTrue(server.pid() != firstPid);
            server.stop();
            assertFalse(server.isAlive());
        }
    }

    @Test
    void aServerThatCannotStartIsReportedWithItsLog() {
        ServerOptions options = new ServerOptions(directory).heapMegabytes(64).set("tickTime", "soon");
        try (ServerProcess server = new ApacheProcess(options)) {
            IOException e = assertThrows(IOException.class, () -> server.start(Duration.ofSeconds(30)));
            assertTrue(e.getMessage().contains("ended before it served"), e.getMessage());
            assertTrue(e.getMessage().contains("soon"), e.getMessage());
        }
    }
}
