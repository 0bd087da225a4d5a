package org.lockstep.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import org.lockstep.server.config.EnsembleConfig;

/** Why the port for the other servers cannot be opened: the usual reason is a list, or a myid, that is another machine's. */
final class PeerPortError {
    private PeerPortError() {}

    /** @param cause what listening on {@link EnsembleConfig#peerBindAddress()} ended in */
    static StartException of(EnsembleConfig ensemble, IOException cause) {
        InetSocketAddress address = ensemble.peerBindAddress();
        String line = ensemble.self().line() + ": ";
        String other = address.isUnresolved() ? notLocal(address.getHostString()) : null;
        String message = other != null
                ? line + other + "; correct the line, or myid if this is not server " + ensemble.myId()
                        + ", or set quorumListenOnAllIPs=true"
                : line + "cannot listen on port " + address.getPort() + " for the other servers (" + cause.getMessage()
                        + "); stop what listens there, or give this server another port, on every server";
        return new StartException(ExitCode.UNABLE_TO_BIND_QUORUM_PORT, message, cause);
    }

    /** What is wrong with {@code host} as an address of this machine; null when nothing is. */
    private static String notLocal(String host) {
        try {
            InetAddress resolved = InetAddress.getByName(host);
            boolean local = resolved.isAnyLocalAddress() || resolved.isLoopbackAddress()
                    || NetworkInterface.getByInetAddress(resolved) != null;
            return local ? null : host + " (" + resolved.getHostAddress() + ") is not an address of this machine";
        } catch (UnknownHostException e) {
            return host + " does not resolve";
        } catch (SocketException e) {
            return null;
        }
    }
}
