package org.lockstep.compat.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.ZooKeeper;

/** Looks into a server's process from outside. */
final class ServerHealth {
    private ServerHealth() {}

    /** Memory of the process that is in RAM, in bytes. */
    static long residentBytes(ServerExtension server) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(server.server().pid()), "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IOException("no VmRSS for process " + server.server().pid());
    }

    /** Stops the server's process with SIGSTOP for that long. */
    static void standStill(ServerExtension server, Duration pause) throws Exception {
        signal(server, "STOP");
        try {
            TimeUnit.MILLISECONDS.sleep(pause.toMillis());
        } finally {
            signal(server, "CONT");
        }
    }

    private static void signal(ServerExtension server, String signal) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(server.server().pid())).inheritIO().start();
        assertEquals(0, kill.waitFor(), "kill -" + signal);
    }

    /**
     * Makes leaks show: Netty reports a buffer that was never released once the collector has found it and another buffer is
     * made. The report goes to the server's log, where {@link ServerExtension} looks after the last test.
     */
    static void collectGarbage(ServerExtension server) throws Exception {
        Process jcmd = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(server.server().pid()), "GC.run").redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertTrue(jcmd.waitFor(Await.LIMIT.toMillis(), TimeUnit.MILLISECONDS), "the collector does not end");
        assertEquals(0, jcmd.exitValue());
        ZooKeeper zk = server.client();
        for (int i = 0; i < 20; i++) {
            zk.exists("/", false);
        }
    }
}
