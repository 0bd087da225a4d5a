package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class QuietThreadTest {
    private static final int NICE_MAX = 19;
    /** Of the fields behind the command's name in /proc/.../stat. */
    private static final int NICE_FIELD = 16;

    @Test
    void lowersTheCallingThreadAndNoOther() throws Exception {
        int before = nice();
        CompletableFuture<Integer> lowered = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            QuietThread.lowerCaller();
            lowered.complete(nice());
        });
        thread.start();
        assertEquals(Math.min(before + QuietThread.NICE, NICE_MAX), lowered.get());
        assertEquals(before, nice());
    }

    private static int nice() {
        try {
            String stat = Files.readString(Path.of("/proc/thread-self/stat"));
            return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[NICE_FIELD]);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
