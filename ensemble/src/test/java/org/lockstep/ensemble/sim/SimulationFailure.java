package org.lockstep.ensemble.sim;

/** A promise of the protocol was broken in a simulated run. */
final class SimulationFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    SimulationFailure(String message) {
        super(message);
    }
}
