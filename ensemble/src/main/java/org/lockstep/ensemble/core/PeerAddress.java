package org.lockstep.ensemble.core;

/**
 * Where a server listens for the others. An address is only a way to reach a server, and may change behind a name: who answers
 * there says who it is.
 *
 * @param serverId the server's number, {@code myid}
 * @param host a name, looked up anew at each connect, or an IP address, IPv6 without brackets
 * @param port the port for the other servers, 1 to 65535; 0 is legal for the own server in tests only
 */
public record PeerAddress(int serverId, String host, int port) {
    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
