/**
 * The transport over RDMA: what {@code ensemble.tcp} carries, but that the slots and rows of a view take lanes as soon as these
 * are made. Lanes are set up over the TCP connection of their pair, end with it, and are never repaired.
 */
package org.lockstep.rdma.transport;
