/**
 * Servers in processes of their own: Apache ZooKeeper and Lockstep behind one small interface, for tests and benchmarks.
 */
package org.lockstep.compat.servers;
