/**
 * LMDB behind the server: the data directory, the ordered log with its lazy tail, and the materialised state.
 *
 * <p>Native faults would kill the JVM, so each environment is reached through one owner class, opened once per process, and
 * closed by its owner after its threads have stopped.
 */
package org.lockstep.log;
