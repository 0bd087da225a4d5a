package org.lockstep.server.config;

import java.util.List;

/**
 * One {@code server.N} line: a server of the ensemble and where it is found. Host names are as written, without the brackets of
 * an IPv6 address; they are resolved by whoever connects, at each connect.
 *
 * @param id N, from 0 to 254
 * @param addresses in the order of the line; empty only for a single server without a line. The first is the one in use
 * @param observer false for a voter ({@code participant})
 * @param clientHost host part of the line's client address; null when the line gives none
 * @param clientPort port part of the line's client address; -1 when the line gives none
 */
public record EnsembleServer(int id, List<Address> addresses, boolean observer, String clientHost, int clientPort) {
    public EnsembleServer {
        addresses = List.copyOf(addresses);
    }

    /**
     * Where other servers reach this one.
     *
     * @param quorumPort the port that the servers talk on
     * @param electionPort kept for ZooKeeper's sake: nobody listens on it
     */
    public record Address(String host, int quorumPort, int electionPort) {
        @Override
        public String toString() {
            return bracketed(host) + ':' + quorumPort + ':' + electionPort;
        }
    }

    /** The address in use. Only to be asked of a server that has a line. */
    public Address address() {
        return addresses.get(0);
    }

    /** The line as {@code /zookeeper/config} and the four-letter word {@code conf} show it, which is as ZooKeeper's. */
    public String line() {
        StringBuilder text = new StringBuilder("server.").append(id).append('=');
        for (int i = 0; i < addresses.size(); i++) {
            text.append(i == 0 ? "" : "|").append(addresses.get(i));
        }
        text.append(observer ? ":observer" : ":participant");
        if (clientPort >= 0) {
            text.append(';').append(clientHost == null ? "0.0.0.0" : bracketed(clientHost)).append(':').append(clientPort);
        }
        return text.toString();
    }

    private static String bracketed(String host) {
        return host.indexOf(':') < 0 ? host : '[' + host + ']';
    }
}
