package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreallocationTest {
    @TempDir
    Path temp;

    @Test
    void keepsAStepAheadAndNeverTouchesWhatIsThere() throws Exception {
        byte[] data = new byte[1000];
        Arrays.fill(data, (byte) 7);
        Path file = Files.write(temp.resolve("file"), data);
        try (Preallocation ahead = new Preallocation(file, 4096)) {
            ahead.ensure(1000);
            assertEquals(8 * 4096, Files.size(file));
            ahead.ensure(7 * 4096);
            assertEquals(8 * 4096, Files.size(file));
            ahead.ensure(7 * 4096 + 1);
            assertEquals(9 * 4096, Files.size(file));
            ahead.ensure(20 * 4096);
            assertEquals(21 * 4096, Files.size(file));
        }
        byte[] found = Files.readAllBytes(file);
        for (int i = 0; i < found.length; i++) {
            assertEquals(i < 1000 ? 7 : 0, found[i]);
        }
    }

    @Test
    void isOffWithoutAStep() throws Exception {
        Path file = Files.write(temp.resolve("file"), new byte[10]);
        try (Preallocation ahead = new Preallocation(file, 0)) {
            ahead.ensure(1 << 20);
        }
        assertEquals(10, Files.size(file));
    }
}
