/**
 * The simulator: one process, one thread, virtual time, one seed. Members run the real core; network, disks, machines, clocks and
 * clients are simulated, break as a seed says, and every step is checked against the promises of the protocol.
 */
package org.lockstep.ensemble.sim;
