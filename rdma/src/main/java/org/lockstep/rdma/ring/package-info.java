/**
 * What lies in the memory that a peer writes to: a ring of records for its slots, and its row of the shared state table. No I/O
 * and no device: bytes in, slots and rows out.
 *
 * <p>A one-sided write becomes visible in no promised order, neither within it nor against the next one. So nothing here trusts
 * that order. A record counts when its checksum holds and it continues the chain (view, previous index) of those before it; a row
 * counts when its checksum holds; and a row's claim counts when the chain has reached the last data index that the claim was made
 * with. What is seen too early waits. What is read is copied out first and checked then: the writer may write at any time, even
 * one that was excluded long ago.
 */
package org.lockstep.rdma.ring;
