package org.lockstep.wire.door;

import java.net.InetSocketAddress;

/**
 * How the door is set up.
 *
 * @param bindAddress where clients connect; port 0 takes a free one
 * @param backlog accept backlog; -1 for the system's
 * @param frameBytesMax {@code jute.maxbuffer}: a longer frame closes the connection
 * @param tcpKeepAlive {@code clientTcpKeepAlive}
 */
public record DoorOptions(InetSocketAddress bindAddress, int backlog, int frameBytesMax, boolean tcpKeepAlive) {}
