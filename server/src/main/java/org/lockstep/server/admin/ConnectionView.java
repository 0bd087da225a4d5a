package org.lockstep.server.admin;

import java.net.InetSocketAddress;
import org.lockstep.wire.door.ConnectionStats;

/**
 * One client connection as {@code stat}, {@code cons} and {@code dump} show it.
 *
 * @param remote the client's address
 * @param sessionId 0 before the handshake is done
 * @param timeoutMillis the negotiated session timeout; 0 before the handshake
 * @param expireAtMillis wall clock at which silence ends the connection
 * @param reading true while the server reads its socket
 * @param stats counters; read only during the call that hands them out
 */
public record ConnectionView(InetSocketAddress remote, long sessionId, int timeoutMillis, long expireAtMillis, boolean reading,
                             ConnectionStats stats) {}
