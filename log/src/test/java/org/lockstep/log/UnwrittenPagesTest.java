package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.log.DataDirectoryException.Kind;

/** LMDB may leave the last pages of a file unwritten: such a file is sound, and one that was cut is not. */
class UnwrittenPagesTest {
    private static final int SEEDS = 150;
    private static final int COMMITS = 25;
    private static final long MAP_BYTES = 16 << 20;

    @TempDir
    Path directory;

    @Test
    void aFileThatEndsBeforeItsLastFreePageIsSound() throws IOException {
        int shortFiles = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            Path file = directory.resolve("slots-" + seed);
            try (LmdbEnv env = LmdbEnv.create(file, MAP_BYTES, SlotTable.NAME)) {
                shortFiles += changeAndCheck(env, new Random(seed));
            }
        }
        assertTrue(shortFiles > 0, "none of the files was short: the test shows nothing");
    }

    private int changeAndCheck(LmdbEnv env, Random random) throws IOException {
        SlotTable table = new SlotTable(env, SlotTable.NAME);
        int shortFiles = 0;
        int index = 0;
        int gone = -1;
        int bytesMax = 50 + random.nextInt(900);
        int lagMax = 1 + random.nextInt(60);
        Position last = Position.START;
        for (int i = 0; i < COMMITS; i++) {
            List<Slot> slots = new ArrayList<>();
            for (int count = 1 + random.nextInt(20); count > 0; count--) {
                slots.add(Fixtures.slot(Fixtures.at(1, index++), random.nextInt(bytesMax)));
            }
            gone = Math.max(gone, index - 1 - random.nextInt(lagMax));
            Position before = last;
            Position limit = Fixtures.at(1, gone);
            env.commit(txn -> {
                table.put(txn, slots, SlotKind.SECURED, new long[slots.size()], before);
                table.deleteFirst(txn, limit, Long.MAX_VALUE, new Floor.Rising(Floor.START));
            }, env::grow);
            last = slots.get(slots.size() - 1).position();
            TreeCheck.check(env.file());
            if (MetaPages.read(env.file()).isShort()) {
                shortFiles++;
                reopen(env.file(), index - 1 - gone);
            }
        }
        return shortFiles;
    }

    /** What is left is found whole, and a page less is noticed. */
    private void reopen(Path file, int slotsLeft) throws IOException {
        Path copy = directory.resolve("copy");
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        try (LmdbEnv env = LmdbEnv.open(copy, MAP_BYTES)) {
            SlotTable table = new SlotTable(env, SlotTable.NAME);
            int found = 0;
            try (Txn<ByteBuffer> txn = env.read(); SlotTable.Scan scan = table.scan(txn)) {
                while (scan.next()) {
                    found++;
                }
            }
            assertEquals(slotsLeft, found);
        }
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        MetaPages meta = MetaPages.read(copy);
        try (RandomAccessFile bytes = new RandomAccessFile(copy.toFile(), "rw")) {
            bytes.setLength(meta.main.root() * meta.pageBytes);
        }
        assertEquals(Kind.DAMAGED, assertThrows(DataDirectoryException.class, () -> TreeCheck.check(copy)).kind());
    }
}
