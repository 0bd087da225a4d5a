/**
 * The way of an ordered request through one server: batch, slot, log, apply. {@link org.lockstep.server.replica.Replica} runs on
 * the main event loop; the log and the checkpoints have a thread each.
 */
package org.lockstep.server.replica;
