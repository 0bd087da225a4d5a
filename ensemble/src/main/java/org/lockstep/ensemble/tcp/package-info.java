/**
 * The transport over TCP: one connection for each pair of servers, on which everything is in order, and one more for each stream
 * of bulk data. Everything runs on the event loop that the transport was opened on.
 *
 * <p>Peers are known by server id and ensemble id, never by address. docs/ensemble.md describes the bytes and the refusals.
 */
package org.lockstep.ensemble.tcp;
