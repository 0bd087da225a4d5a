/**
 * A load generator for any server that speaks ZooKeeper's protocol, and the side-by-side comparison built on it.
 *
 * <p>The generator is one thread on non-blocking sockets with requests patched into prebuilt frames, because it runs on the
 * machine of the server it measures: what it burns, the server lacks. It knows nothing of either server but the protocol.
 */
package org.lockstep.compat.bench;
