package org.lockstep.ensemble.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lockstep.ensemble.core.PlantedBug;

/** The normal budget: {@code -Dsim.seeds=N} seeds of 30 simulated seconds, each run twice. */
class SimulationTest {
    private static final long SEEDS = Long.getLong("sim.seeds", 2000);
    private static final long RUN_NANOS = 30 * SimConfig.SECOND;

    @Test
    void everySeedKeepsThePromisesAndRunsTheSameTwice() {
        Total total = LongStream.rangeClosed(1, SEEDS).parallel().mapToObj(SimulationTest::runTwice)
                .reduce(Total.NONE, Total::plus);
        // A simulator in which nothing happens finds nothing.
        assertTrue(total.acknowledged() > 200 * SEEDS, "acknowledged " + total.acknowledged());
        assertTrue(total.views() > 3 * SEEDS, "views " + total.views());
        assertTrue(total.restarts() > SEEDS / 3, "restarts " + total.restarts());
        assertTrue(total.cuts() > SEEDS / 10, "restarts that forget a tail " + total.cuts());
    }

    /**
     * Each failed once: a learner with a stuck disk; queues that were only long; a log that was not kept for who copies a state;
     * impatient rivals in a restart of all; a joiner that took long to begin its view.
     */
    @ParameterizedTest
    @ValueSource(longs = {307_113, 311_987, 329_145, 312_073, 329_898, 344_152, 1_021_391, 1_067_456, 1_089_357})
    void seedsThatFailedOnce(long seed) {
        assertTrue(new Simulation(SimConfig.of(seed, PlantedBug.NONE, RUN_NANOS), null).run().acknowledged() > 0);
    }

    private record Total(long acknowledged, long views, long restarts, long cuts) {
        static final Total NONE = new Total(0, 0, 0, 0);

        Total plus(Total other) {
            return new Total(acknowledged + other.acknowledged, views + other.views, restarts + other.restarts,
                    cuts + other.cuts);
        }
    }

    private static Total runTwice(long seed) {
        SimConfig config = SimConfig.of(seed, PlantedBug.NONE, RUN_NANOS);
        Simulation.Result result;
        try {
            result = new Simulation(config, null).run();
        } catch (RuntimeException e) {
            throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
        }
        assertEquals(result, new Simulation(config, null).run(), "seed " + seed + " does not run the same twice");
        return new Total(result.acknowledged(), result.views(), result.restarts(), result.cuts());
    }
}
