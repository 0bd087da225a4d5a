package org.lockstep.server.desk;

import java.net.InetSocketAddress;
import org.lockstep.wire.door.ConnectionStats;

/**
 * A connection as the admin surface shows it.
 *
 * @param sessionId 0 before the handshake is done
 * @param timeoutMillis the session's timeout, 0 before the handshake is done
 * @param queuedCount requests received and not yet answered
 */
public record ConnectionInfo(
        InetSocketAddress remoteAddress, ConnectionStats stats, long sessionId, int timeoutMillis, int queuedCount) {}
