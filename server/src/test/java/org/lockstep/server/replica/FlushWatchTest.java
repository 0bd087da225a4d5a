package org.lockstep.server.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.codahale.metrics.MetricRegistry;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FlushWatchTest {
    @Test
    void countsOnlyWhatTakesLongerThanTheThreshold() {
        MetricRegistry registry = new MetricRegistry();
        FlushWatch watch = new FlushWatch(20, registry);
        watch.took(TimeUnit.MILLISECONDS.toNanos(20));
        assertEquals(0, registry.counter(FlushWatch.EXCEEDED).getCount());
        watch.took(TimeUnit.MILLISECONDS.toNanos(20) + 1);
        watch.took(TimeUnit.SECONDS.toNanos(3));
        assertEquals(2, registry.counter(FlushWatch.EXCEEDED).getCount());
    }
}
