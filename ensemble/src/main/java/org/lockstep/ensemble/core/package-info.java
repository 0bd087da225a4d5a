/**
 * The view-synchronous Paxos core. Sans-I/O: inputs in, effects out as data; no thread, clock, socket, file or random source
 * that was not handed in.
 */
package org.lockstep.ensemble.core;
