/**
 * The replicated state machine: znodes, sessions, watches, ACLs, quotas.
 *
 * <p>Deterministic: the same base and the same commands give the same state and the same replies on every member. Nothing in
 * here reads a clock, a random source, a file or a socket; time is a field of the batch, durable data comes through
 * {@link org.lockstep.state.StateBase} and leaves through {@link org.lockstep.state.Checkpoint}.
 */
package org.lockstep.state;
