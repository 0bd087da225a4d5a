/**
 * The replicated state machine: znodes, sessions, watches, ACLs, quotas.
 *
 * <p>Deterministic: the same base and the same commands give the same state and the same replies on every member. Nothing in
 * here reads a clock, a random source, a file or a socket; time is a field of the batch, durable data comes through
 * {@link org.lockstep.state.StateBase} and leaves through {@link org.lockstep.state.Checkpoint}.
 *
 * <p>Who does what: {@link org.lockstep.state.StateMachine} takes commands and reads apart and sends them to {@code Writes},
 * {@code MultiWrites}, {@code SessionWrites}, {@code Reads} or {@code LocalRequests}, which make the checks. {@code Tree} makes a
 * change complete (parent, quota statistics, events). {@code NodeStore} keeps what follows from the nodes (counts, ephemerals,
 * reapables, quota paths, digest) and can take changes back. {@code Overlay} holds the nodes in the heap, in generations.
 * {@code Events} collects what happened until the command has succeeded, then {@code Watches} fires.
 */
package org.lockstep.state;
