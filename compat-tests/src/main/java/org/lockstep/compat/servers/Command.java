package org.lockstep.compat.servers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Short commands of the operating system. */
final class Command {
    private static final int TIMEOUT_SECONDS = 20;

    private Command() {}

    /**
     * Runs a command to its end.
     *
     * @throws IOException when there is no such command, it fails, or does not end in time; with what it printed
     */
    static void run(String... words) throws IOException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(List.of(words) + " does not end");
            }
            if (process.exitValue() != 0) {
                throw new IOException(List.of(words) + " failed: " + printed);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in " + List.of(words), e);
        } finally {
            process.destroyForcibly();
        }
    }
}
