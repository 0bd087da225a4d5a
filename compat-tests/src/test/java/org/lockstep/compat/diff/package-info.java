/**
 * Seeded random programs of requests, run against Apache ZooKeeper and Lockstep, whose answers must be equal.
 *
 * <p>{@link org.lockstep.compat.diff.ProgramGenerator} makes a program from a seed, {@link org.lockstep.compat.diff.Side} runs
 * it against one server and writes down all that a client can see, with what must differ (zxid base, session ids, times)
 * replaced by names, and {@link org.lockstep.compat.diff.Comparison} finds the first step at which two such records differ.
 */
package org.lockstep.compat.diff;
