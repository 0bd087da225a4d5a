package org.lockstep.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MetersTest {
    private final MetricRegistry registry = new MetricRegistry();

    @Test
    void percentilesAreOfTheRecentPastAndTotalsOfAll() {
        Summary summary = new Summary();
        summary.update(1_000_000);
        for (int i = 0; i < 1024; i++) {
            summary.update(i % 2 == 0 ? 10 : 20);
        }
        SummarySnapshot snapshot = summary.snapshot();
        assertEquals(1025, snapshot.count());
        assertEquals(1_000_000 + 512 * 30, snapshot.sum());
        assertEquals(10, snapshot.lowest());
        assertEquals(1_000_000, snapshot.highest());
        assertEquals((1_000_000 + 512 * 30) / 1025.0, snapshot.average());
        assertEquals(1024, snapshot.size());
        assertEquals(20, snapshot.getMax());
        assertEquals(15.0, snapshot.getMean());
    }

    @Test
    void anEmptySummaryShowsZeros() {
        SummarySnapshot snapshot = new Summary().snapshot();
        assertEquals(0, snapshot.count());
        assertEquals(0, snapshot.sum());
        assertEquals(0, snapshot.lowest());
        assertEquals(0, snapshot.highest());
        assertEquals(0.0, snapshot.average());
    }

    @Test
    void aSnapshotDoesNotChange() {
        Summary summary = new Summary();
        summary.update(5);
        SummarySnapshot before = summary.snapshot();
        summary.update(7);
        assertEquals(5, before.sum());
        assertEquals(5, before.getMax());
    }

    @Test
    void timersAndHistogramsOfOneNameAreOne() {
        Timer timer = Meters.timer(registry, "a");
        assertSame(timer, Meters.timer(registry, "a"));
        timer.update(3, TimeUnit.MICROSECONDS);
        Meters.histogram(registry, "b").update(4);
        assertEquals(3_000, ((SummarySnapshot) registry.timer("a").getSnapshot()).sum());
        assertEquals(4, ((SummarySnapshot) registry.histogram("b").getSnapshot()).sum());
        assertEquals(1, timer.getCount());
    }
}
