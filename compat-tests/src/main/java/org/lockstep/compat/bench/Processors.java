package org.lockstep.compat.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How busy this machine's processors are (Linux), so that a comparison on a machine with other work says so. */
final class Processors {
    private static final int IDLE_FIELD = 4;
    private static final int IO_WAIT_FIELD = 5;

    private Processors() {}

    /** The share of processor time, 0 to 1, that is not idle during the next {@code millis} milliseconds. */
    static double busyShare(int millis) throws IOException {
        long[] before = read();
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        long[] after = read();
        return 1 - (after[1] - before[1]) / (double) Math.max(1, after[0] - before[0]);
    }

    /** All and idle time of all processors since boot, in ticks. */
    private static long[] read() throws IOException {
        String[] fields = Files.readAllLines(Path.of("/proc/stat")).get(0).split("\\s+");
        long all = 0;
        for (int i = 1; i < fields.length; i++) {
            all += Long.parseLong(fields[i]);
        }
        return new long[] {all, Long.parseLong(fields[IDLE_FIELD]) + Long.parseLong(fields[IO_WAIT_FIELD])};
    }
}
