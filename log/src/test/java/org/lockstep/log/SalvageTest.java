package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;

/** The last commit's meta page is lost, as a power cut may leave it; its slots must be found all the same, and only whole ones. */
class SalvageTest {
    private static final int PAGE_BYTES = 4096;

    @TempDir
    Path dir;

    private Path file() {
        return dir.resolve("lockstep-2").resolve("log.mdb");
    }

    private byte[] metaPages() throws IOException {
        ByteBuffer pages = ByteBuffer.allocate(2 * PAGE_BYTES);
        try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.READ)) {
            channel.read(pages, 0);
        }
        return pages.array();
    }

    private void restore(byte[] metaPages) throws IOException {
        try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(metaPages), 0);
        }
    }

    /** Commits {@code before} one by one, then {@code lastCommit} at once; then takes the last commit's meta page back. */
    private void writeAndLoseMeta(List<Slot> before, List<Slot> lastCommit) throws IOException {
        byte[] metas;
        try (DataDirectory directory = Fixtures.openDirectory(dir); LmdbLog log = Fixtures.openLog(directory, FsyncPolicy.DURABLE)) {
            for (Slot slot : before) {
                log.secure(List.of(slot));
            }
            metas = metaPages();
            log.secure(lastCommit);
        }
        restore(metas);
    }

    private List<Slot> reopened() {
        return reopened(Position.START);
    }

    private List<Slot> reopened(Position after) {
        List<Slot> slots = new ArrayList<>();
        try (DataDirectory directory = Fixtures.openDirectory(dir); LmdbLog log = Fixtures.openLog(directory, FsyncPolicy.DURABLE)) {
            log.replay(after, slots::add);
            assertEquals(slots.isEmpty() ? Position.START : slots.get(slots.size() - 1).position(), log.last());
        }
        return slots;
    }

    private static void assertSlots(List<Slot> expected, List<Slot> found) {
        assertEquals(expected.stream().map(Slot::position).toList(), found.stream().map(Slot::position).toList());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i).payload(), found.get(i).payload());
        }
    }

    private static List<Slot> join(List<Slot> first, List<Slot> second) {
        List<Slot> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    @Test
    void slotsOfTheLastCommitAreFoundWhateverTheirSize() throws IOException {
        for (int bytes : new int[] {0, 1, 300, 1994, 1995, 5000, 300_000}) {
            Path saved = dir;
            dir = saved.resolve("size" + bytes);
            List<Slot> before = Fixtures.slots(1, 0, 20, 700);
            List<Slot> lastCommit = Fixtures.slots(1, 20, 23, bytes);
            writeAndLoseMeta(before, lastCommit);
            assertSlots(join(before, lastCommit), reopened());
            assertSlots(join(before, lastCommit), reopened());
            dir = saved;
        }
    }

    /** The last commit is one that puts small slots where they cost least, or one that moves those before it into their table. */
    @Test
    void aSlotIsFoundWhereverTheLastCommitPutsItAndWhateverItMoves() throws IOException {
        for (int count = 1; count < 40; count++) {
            Path saved = dir;
            dir = saved.resolve("count" + count);
            List<Slot> before = Fixtures.slots(1, 0, count, 200);
            List<Slot> lastCommit = Fixtures.slots(1, count, count + 1, 200);
            writeAndLoseMeta(before, lastCommit);
            assertSlots(join(before, lastCommit), reopened());
            dir = saved;
        }
    }

    @Test
    void theVeryFirstSlotOfAViewIsFound() throws IOException {
        writeAndLoseMeta(List.of(), Fixtures.slots(1, 0, 1, 100));
        assertSlots(Fixtures.slots(1, 0, 1, 100), reopened());
    }

    @Test
    void aLogThatWasDeletedFromAsItGrewIsFoundToItsEnd() throws IOException {
        byte[] metas;
        try (DataDirectory directory = Fixtures.openDirectory(dir); LmdbLog log = Fixtures.openLog(directory, FsyncPolicy.DURABLE)) {
            for (int i = 0; i < 3000; i += 10) {
                log.secure(Fixtures.slots(1, i, i + 10, 500));
                log.deleteBelow(Fixtures.at(1, i));
            }
            metas = metaPages();
            log.secure(Fixtures.slots(1, 3000, 3010, 500));
        }
        restore(metas);
        assertSlots(Fixtures.slots(1, 2991, 3010, 500), reopened(Fixtures.at(1, 2990)));
    }

    @Test
    void aSlotThatIsNotWholeIsNotTakenNorWhatFollowsIt() throws IOException {
        List<Slot> before = Fixtures.slots(1, 0, 5, 700);
        List<Slot> lastCommit = Fixtures.slots(1, 5, 9, 3000);
        writeAndLoseMeta(before, lastCommit);
        damage(lastCommit.get(1).payload());
        assertSlots(join(before, lastCommit.subList(0, 1)), reopened());
    }

    @Test
    void aSalvageThatWasCutOffIsBroughtToItsEnd() throws IOException {
        List<Slot> before = Fixtures.slots(1, 0, 5, 700);
        List<Slot> lastCommit = Fixtures.slots(1, 5, 9, 3000);
        writeAndLoseMeta(before, lastCommit);
        new SalvageFile(file()).write(lastCommit.stream().map(slot -> new Salvage.Found(slot, SlotKind.SECURED)).toList());
        for (Slot slot : lastCommit) {
            damage(slot.payload()); // the pages have been written over meanwhile
        }
        assertSlots(join(before, lastCommit), reopened());
        assertEquals(List.of(), new SalvageFile(file()).read());
        assertSlots(join(before, lastCommit), reopened());
    }

    /**
     * The commit after the last was writing when the power went: its pages, which begin with copies of the same slots, are in the
     * file, torn.
     */
    @Test
    void aSlotIsFoundThoughThePowerTearsTheNextCommit() throws IOException {
        List<Slot> before = Fixtures.slots(1, 0, 20, 700);
        List<Slot> lastCommit = Fixtures.slots(1, 20, 23, 600);
        for (int seed = 0; seed < 40; seed++) {
            Path saved = dir;
            dir = saved.resolve("seed" + seed);
            byte[] metas;
            byte[] untorn;
            try (DataDirectory directory = Fixtures.openDirectory(dir);
                    LmdbLog log = Fixtures.openLog(directory, FsyncPolicy.DURABLE)) {
                log.secure(before);
                metas = metaPages();
                log.secure(lastCommit);
                untorn = Files.readAllBytes(file());
                log.secure(Fixtures.slots(1, 23, 24, 300));
            }
            tear(untorn, new Random(seed));
            restore(metas);
            List<Slot> found = reopened();
            assertSlots(join(before, lastCommit), found.subList(0, Math.min(found.size(), 23)));
            dir = saved;
        }
    }

    /** Takes a random half of the sectors that differ from {@code untorn} back. */
    private void tear(byte[] untorn, Random random) throws IOException {
        byte[] torn = Files.readAllBytes(file());
        for (int sector = 0; sector < untorn.length; sector += 512) {
            if (random.nextBoolean()) {
                System.arraycopy(untorn, sector, torn, sector, 512);
            }
        }
        Files.write(file(), torn);
    }

    /** Flips a bit in every place of the file where the middle of {@code payload} lies. */
    private void damage(byte[] payload) throws IOException {
        byte[] needle = java.util.Arrays.copyOfRange(payload, 100, 132);
        try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            byte[] all = new byte[(int) channel.size()];
            channel.read(ByteBuffer.wrap(all), 0);
            int hits = 0;
            for (int i = 0; i + needle.length <= all.length; i++) {
                if (all[i] == needle[0] && java.util.Arrays.equals(all, i, i + needle.length, needle, 0, needle.length)) {
                    channel.write(ByteBuffer.wrap(new byte[] {(byte) (all[i] ^ 1)}), i);
                    hits++;
                }
            }
            assertEquals(true, hits > 0, "the payload was not in the file");
        }
    }
}
