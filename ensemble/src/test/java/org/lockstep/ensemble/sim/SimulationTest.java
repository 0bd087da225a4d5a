package org.lockstep.ensemble.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.PlantedBug;

class SimulationTest {
    @Test
    void everySeedKeepsThePromisesAndRunsTheSameTwice() {
        int count = Integer.getInteger("sim.seeds", 100);
        for (long seed = 1; seed <= count; seed++) {
            SimConfig config = SimConfig.of(seed, PlantedBug.NONE, 30 * SimConfig.SECOND);
            Simulation.Result first = new Simulation(config, null).run();
            assertEquals(first, new Simulation(config, null).run(), "seed " + seed + " does not run the same twice");
        }
    }
}
