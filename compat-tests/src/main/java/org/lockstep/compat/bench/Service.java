package org.lockstep.compat.bench;

import java.net.InetSocketAddress;
import java.util.List;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.ServerProcess;

/**
 * What one side of a comparison runs, as its clients see it.
 *
 * @param name for progress lines
 * @param addresses of its servers
 * @param processes to be ended with it
 */
record Service(String name, List<InetSocketAddress> addresses, Runnable processes) implements AutoCloseable {
    static Service of(ServerProcess server) {
        return new Service(server.name(), List.of(new InetSocketAddress(server.host(), server.port())), server::close);
    }

    static Service of(Side side, EnsembleProcesses ensemble) {
        return new Service(ensemble.size() + " x " + side.title(), ensemble.addresses(), ensemble::close);
    }

    @Override
    public void close() {
        processes.run();
    }
}
