package org.lockstep.compat.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.fsync.FsyncPolicy;

/**
 * The power goes, or the operating system crashes: what reached the medium is chosen anew for each of hundreds of moments, among
 * all that a disk may do with writes that no completed flush covers. A server is started on each such image with another boot id.
 *
 * <p>{@code -Dlockstep.crash.images=N} and {@code -Dlockstep.crash.seed=N} make it longer and different.
 */
class PowerLossTest {
    private static final int IMAGES = Integer.getInteger("lockstep.crash.images", 640);
    private static final long SEED = Long.getLong("lockstep.crash.seed", 1);
    private static final int REQUESTS = 400;
    private static final int LYING_IMAGES = 60;

    @TempDir Path scratch;

    @Test
    void durableLosesNothingAcknowledged() throws Exception {
        allImagesKeepThePromise(FsyncPolicy.DURABLE, 0);
    }

    @Test
    void noSyncLosesAtMostASuffix() throws Exception {
        allImagesKeepThePromise(FsyncPolicy.NO_SYNC, 0);
    }

    @Test
    void writeBarrierKeepsEverythingBeforeTheLastSync() throws Exception {
        allImagesKeepThePromise(FsyncPolicy.WRITE_BARRIER, 1000);
    }

    /** What a server trusted after kill -9, as the machine had not rebooted, was still only in memory when the power went. */
    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void aPowerCutAfterAKillKeepsThePromise(FsyncPolicy policy) throws Exception {
        Recording recording = CrashedRecording.overKill(scratch, policy, SEED, 60, 1500, false);
        assertEquals(List.of(), recording.missed(), "the trace rebuilds the real files byte for byte");
        checkAllKept(recording, IMAGES / 5);
    }

    /** The same with a commit whose pages were written and its meta page was not: the next server takes its slots back. */
    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void aPowerCutAfterAKillAtAFlushKeepsThePromise(FsyncPolicy policy) throws Exception {
        Recording recording = CrashedRecording.overKill(scratch, policy, SEED, 60, 1200, true);
        checkAllKept(recording, IMAGES / 5);
    }

    private void allImagesKeepThePromise(FsyncPolicy policy, int delayFlushMicros) throws Exception {
        Recording recording = Recording.make(scratch, policy, SEED, REQUESTS, shim -> shim.delayFlush(delayFlushMicros));
        assertEquals(List.of(), recording.missed(), "the trace rebuilds the real files byte for byte");
        ImageCheckers.Outcome outcome = checkAllKept(recording, IMAGES);
        assertEquals(policy.isLazy(), outcome.lossy() > 0, "the images lose what the policy does not promise, and only that");
    }

    /** The power goes again while a server recovers from its last loss, or soon after. */
    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void aPowerCutAfterAPowerCutKeepsThePromise(FsyncPolicy policy) throws Exception {
        Recording recording = CrashedRecording.overPowerLoss(scratch, policy, SEED, 60, 1500, Loss.Kind.RANDOM_TORN);
        assertEquals(List.of(), recording.missed(), "the trace rebuilds the real files byte for byte");
        checkAllKept(recording, IMAGES / 5);
    }

    /** A flush fails, the server stops, then the power goes: what the failed flush should have put on the medium is not there. */
    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void aPowerCutAfterAFailedFlushKeepsThePromise(FsyncPolicy policy) throws Exception {
        Recording recording = CrashedRecording.overFailure(scratch, policy, SEED, "flush:5:60");
        checkAllKept(recording, IMAGES / 5);
    }

    /** The check can fail: a disk that lies about every third flush is found out, under the policy that promises most. */
    @Test
    void aSkippedFlushIsFoundOut() throws Exception {
        Recording recording = Recording.make(scratch, FsyncPolicy.DURABLE, SEED, REQUESTS, shim -> shim.skipFlush(3));
        ImageCheckers.Outcome outcome = check(recording, LYING_IMAGES);
        assertFalse(outcome.broken().isEmpty(), "no broken promise in " + outcome.images() + " images");
    }

    /** The check can fail: a server that answers before it flushes, as no-sync may, is found out by what durable promises. */
    @Test
    void anAnswerBeforeItsFlushIsFoundOut() throws Exception {
        brokenBy(FsyncPolicy.NO_SYNC, FsyncPolicy.DURABLE);
    }

    /** The check can fail: a server that answers {@code sync} without a flush, as no-sync may, is found out. */
    @Test
    void aSyncWithoutAFlushIsFoundOut() throws Exception {
        brokenBy(FsyncPolicy.NO_SYNC, FsyncPolicy.WRITE_BARRIER);
    }

    private void brokenBy(FsyncPolicy recorded, FsyncPolicy promised) throws Exception {
        Recording recording = Recording.make(scratch, recorded, SEED, REQUESTS, shim -> shim);
        ImageCheckers.Outcome outcome = check(recording.promising(promised), LYING_IMAGES);
        assertTrue(outcome.broken().stream().anyMatch(line -> line.contains("promised")), outcome::toString);
    }

    private ImageCheckers.Outcome checkAllKept(Recording recording, int count) throws Exception {
        ImageCheckers.Outcome outcome = check(recording, count);
        if (!outcome.broken().isEmpty()) {
            Path kept = recording.keep(Path.of("target", "crash-failures"));
            String arguments = String.join(" ", recording.policy().key(), kept.resolve("trace").toString(),
                    kept.resolve("history").toString(), "DIRECTORY", String.valueOf(SEED), String.valueOf(count), "0 1 power");
            fail(String.join("\n", outcome.broken()) + "\nThe same images are checked again by ImageChecker " + arguments);
        }
        assertEquals(count, outcome.images());
        return outcome;
    }

    private ImageCheckers.Outcome check(Recording recording, int count) throws Exception {
        long begin = System.nanoTime();
        ImageCheckers.Outcome outcome = ImageCheckers.run(recording, scratch, SEED, count, "power");
        DiskImages images = recording.images();
        System.out.printf("%s: %d calls recorded, %d of them flushes; %d images, %d of them empty, %d lost something "
                + "acknowledged; %d promises broken; %d ms%n", recording.policy().key(), images.events().size(),
                images.events().stream().filter(event -> event.type() == IoEvent.Type.FLUSH).count(), outcome.images(),
                outcome.empty(), outcome.lossy(), outcome.broken().size(), (System.nanoTime() - begin) / 1_000_000);
        outcome.broken().stream().limit(5).forEach(System.out::println);
        return outcome;
    }
}
