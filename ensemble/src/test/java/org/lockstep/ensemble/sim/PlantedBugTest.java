package org.lockstep.ensemble.sim;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.ensemble.core.PlantedBug;

/** The simulator bites: it finds each planted bug within its normal number of seeds, in runs that are sound without the bug. */
class PlantedBugTest {
    private static final long SEEDS = 2000;
    private static final long RUN_NANOS = 15 * SimConfig.SECOND;

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void theSimulatorFinds(PlantedBug bug) {
        long seed = 1;
        while (seed <= SEEDS && !fails(SimConfig.of(seed, bug, RUN_NANOS).focused())) {
            seed++;
        }
        assertTrue(seed <= SEEDS, bug + " was not found");
        SimConfig found = SimConfig.of(seed, bug, RUN_NANOS).focused();
        assertDoesNotThrow(() -> new Simulation(found.without(), null).run(), "seed " + found.seed() + " fails without the bug");
    }

    private static boolean fails(SimConfig config) {
        try {
            new Simulation(config, null).run();
            return false;
        } catch (SimulationFailure e) {
            return true;
        }
    }
}
