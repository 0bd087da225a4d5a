package org.lockstep.server.desk;

/**
 * Limits and rules for clients; names as in zoo.cfg.
 *
 * @param serverId this server's number, the high byte of the session ids it draws
 * @param maxClientCnxns connections per source address; 0 for no limit
 * @param maxCnxns connections in all; 0 for no limit
 * @param handshakeTimeoutMillis how long a connection may take for its handshake
 * @param digestEnabled whether the digest scheme may authenticate
 * @param digestAlgorithm its hash
 * @param superDigest {@code super:<hash>}, or null
 * @param readOnlyMode {@code readonlymode.enabled}: clients that ask for no more may read while this server is cut off
 */
public record DeskOptions(int serverId, int tickTimeMillis, int minSessionTimeoutMillis, int maxSessionTimeoutMillis,
        int maxClientCnxns, int maxCnxns, int handshakeTimeoutMillis, boolean digestEnabled,
        String digestAlgorithm, String superDigest, boolean readOnlyMode) {
    /** The session timeout that a client gets which asks for {@code timeoutMillis}. */
    int negotiate(int timeoutMillis) {
        return Math.min(Math.max(timeoutMillis, minSessionTimeoutMillis), maxSessionTimeoutMillis);
    }
}
