package org.lockstep.compat.consistency;

/** A client of the test that does one small thing after another, on one thread. */
interface Worker extends AutoCloseable {
    /** Does one thing, however the servers fare; comes back only with an outcome, known or unknown. */
    void step() throws InterruptedException;

    /** Drops its connections. */
    @Override
    void close();
}
