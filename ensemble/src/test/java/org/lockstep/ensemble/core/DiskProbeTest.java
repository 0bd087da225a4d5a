package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.lockstep.fsync.FsyncPolicy;

/** The failure timeout is 1000 ms here. */
class DiskProbeTest {
    private final Context context = new Context(new MemberId(1, new UUID(1, 0), 1),
            EnsembleOptions.of(List.of(1, 2, 3), FsyncPolicy.DURABLE, new UUID(9, 9)), new Rules());
    private final DiskProbe probe = new DiskProbe(context);

    private void at(long millis) {
        context.now = millis * Bench.MILLI;
        probe.tick();
    }

    private long flushes() {
        return context.out.list().stream().filter(effect -> effect instanceof Effect.FlushAll).count();
    }

    @Test
    void aDiskThatAnswersIsAskedNowAndThen() {
        at(0);
        assertEquals(1, flushes());
        assertFalse(probe.answers(), "it was asked, and has not answered");
        at(400);
        probe.flushedAll(1);
        assertTrue(probe.answers());
        at(499);
        assertEquals(1, flushes());
        at(500);
        assertEquals(2, flushes());
        at(1399);
        assertTrue(probe.answers());
    }

    @Test
    void aDiskThatIsStuckIsAskedOnceAndSoonCountsForNothing() {
        at(0);
        probe.flushedAll(1);
        at(500);
        at(999);
        assertTrue(probe.answers());
        at(1000);
        assertFalse(probe.answers());
        at(60_000);
        assertFalse(probe.answers());
        assertEquals(2, flushes());
    }

    @Test
    void anAnswerThatIsTooLateIsNone() {
        at(0);
        at(1000);
        probe.flushedAll(1);
        assertFalse(probe.answers());
        at(1000);
        assertEquals(2, flushes());
        probe.flushedAll(1);
        assertFalse(probe.answers(), "that was said before");
        at(1900);
        probe.flushedAll(2);
        assertTrue(probe.answers());
    }

    @Test
    void aLaterFlushAnswersToo() {
        at(0);
        context.out.flushAll();
        probe.flushedAll(2);
        assertTrue(probe.answers());
    }

    @Test
    void whoSleptWasNotLeftAloneByItsDisk() {
        at(0);
        context.now += 5000 * Bench.MILLI;
        probe.forgive(4900 * Bench.MILLI);
        probe.flushedAll(1);
        assertTrue(probe.answers());
    }
}
