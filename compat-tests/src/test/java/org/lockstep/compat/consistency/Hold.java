package org.lockstep.compat.consistency;

/**
 * One time that a client held a lock.
 *
 * @param lock the lock's path
 * @param client who held it
 * @param token the sequence number of its node: a later holder has a higher one
 * @param acquiredNanos when the client knew that no lower node was left
 * @param provenNanos the last moment at which it held the lock for certain: the beginning of its last request that succeeded with
 *     its lock node still there; before {@code acquiredNanos} when there was none
 */
record Hold(String lock, int client, long token, long acquiredNanos, long provenNanos) {}
