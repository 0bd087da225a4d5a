package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.log.DataDirectoryException.Kind;

/** LMDB may leave the last pages of a file unwritten: such a file is sound, and one that was cut is not. */
class UnwrittenPagesTest {
    private static final int SEEDS = 150;
    private static final int COMMITS = 25;

    @TempDir
    Path directory;

    @Test
    void aTailThatEndsBeforeItsLastFreePageIsSound() throws IOException {
        int shortFiles = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            Path file = directory.resolve("tail-" + seed);
            try (LazyTail tail = LazyTail.create(file, directory.resolve("boot"), "boot", Fixtures.SMALL)) {
                shortFiles += appendAndCheck(tail, file, new Random(seed));
            }
        }
        assertTrue(shortFiles > 0, "none of the files was short: the test shows nothing");
    }

    private int appendAndCheck(LazyTail tail, Path file, Random random) throws IOException {
        int shortFiles = 0;
        int index = 0;
        int gone = 0;
        int bytesMax = 50 + random.nextInt(900);
        int lagMax = 1 + random.nextInt(60);
        for (int i = 0; i < COMMITS; i++) {
            List<Slot> slots = new ArrayList<>();
            for (int count = 1 + random.nextInt(20); count > 0; count--) {
                slots.add(Fixtures.slot(Fixtures.at(1, index++), random.nextInt(bytesMax)));
            }
            tail.append(slots, null);
            gone = Math.max(gone, index - 1 - random.nextInt(lagMax));
            Position letGo = Fixtures.at(1, gone);
            tail.letGo(letGo);
            TreeCheck.check(file);
            if (MetaPages.read(file).isShort()) {
                shortFiles++;
                reopen(file, letGo, index);
            }
        }
        return shortFiles;
    }

    /** What a killed server left is taken over whole, and a page less is noticed. */
    private void reopen(Path file, Position letGo, int count) throws IOException {
        Path copy = directory.resolve("copy");
        Files.deleteIfExists(copy);
        Files.copy(file, copy);
        try (LazyTail tail = LazyTail.open(copy, Fixtures.SMALL)) {
            Position[] last = {letGo};
            SlotChain main = new SlotChain();
            main.begin(new Floor(letGo, new long[] {letGo.index()}));
            tail.begin(main, 0, slot -> last[0] = slot.position());
            assertEquals(Fixtures.at(1, count - 1), last[0]);
            assertDoesNotThrow(() -> tail.append(List.of(Fixtures.slot(Fixtures.at(1, count), 9000)), null));
        }
        Files.copy(file, copy, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        cutUsedPage(copy);
        assertEquals(Kind.DAMAGED, assertThrows(DataDirectoryException.class, () -> TreeCheck.check(copy)).kind());
    }

    private static void cutUsedPage(Path file) throws IOException {
        MetaPages meta = MetaPages.read(file);
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.setLength(meta.main.root() * meta.pageBytes);
        }
    }
}
