package org.lockstep.server.desk;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many connections there may be, from one address and in all. On the main event loop. */
final class ConnectionLimits {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimits.class);

    private final Map<InetAddress, Integer> byAddress = new HashMap<>();
    private final DeskOptions options;
    private long rejectedCount;

    ConnectionLimits(DeskOptions options) {
        this.options = options;
    }

    /** Counts a connection that comes while {@code open} are there; false: it is one too many, and is not counted. */
    boolean admit(InetSocketAddress remote, int open) {
        int ofAddress = byAddress.getOrDefault(remote.getAddress(), 0);
        if (options.maxClientCnxns() > 0 && ofAddress >= options.maxClientCnxns()) {
            return reject(remote, "maxClientCnxns=" + options.maxClientCnxns() + " connections from that address are open");
        }
        if (options.maxCnxns() > 0 && open >= options.maxCnxns()) {
            return reject(remote, "maxCnxns=" + options.maxCnxns() + " connections are open");
        }
        byAddress.put(remote.getAddress(), ofAddress + 1);
        return true;
    }

    private boolean reject(InetSocketAddress remote, String why) {
        rejectedCount++;
        LOG.warn("Refusing {}: {}", remote, why);
        return false;
    }

    /** A connection that was admitted has ended. */
    void closed(InetAddress address) {
        byAddress.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Connections that were too many. */
    long rejectedCount() {
        return rejectedCount;
    }
}
