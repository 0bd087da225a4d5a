/**
 * ZooKeeper's records on the wire: jute encoding, opcodes, error codes, and the small values every room shares.
 *
 * <p>Pure: bytes in, values out. No socket, no thread, no clock. The Netty front end lives in {@code org.lockstep.wire.door}.
 */
package org.lockstep.wire;
