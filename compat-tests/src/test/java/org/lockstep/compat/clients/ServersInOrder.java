package org.lockstep.compat.clients;

import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import org.apache.zookeeper.client.HostProvider;

/** Has a client try servers in this order, round and round, where the library's own list is shuffled. */
final class ServersInOrder implements HostProvider {
    private final List<InetSocketAddress> servers;
    private int next;

    ServersInOrder(List<InetSocketAddress> servers) {
        this.servers = List.copyOf(servers);
    }

    @Override
    public synchronized int size() {
        return servers.size();
    }

    @Override
    public synchronized InetSocketAddress next(long spinDelay) {
        return servers.get(next++ % servers.size());
    }

    @Override
    public void onConnected() {}

    @Override
    public boolean updateServerList(Collection<InetSocketAddress> serverAddresses, InetSocketAddress currentHost) {
        throw new UnsupportedOperationException("the list stays as it is");
    }
}
