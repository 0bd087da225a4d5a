/**
 * The front end: accepts ZooKeeper clients over Netty, cuts their bytes into frames, and hands them to a {@link
 * org.lockstep.wire.door.Reception}. Knows frames, handshakes and four-letter words; knows nothing of znodes.
 */
package org.lockstep.wire.door;
