package org.lockstep.server.config;

import java.net.InetAddress;
import java.util.Locale;
import org.lockstep.rdma.transport.Polling;

/**
 * How the servers talk to each other. What concerns RDMA is read, and without effect, when {@code kind} is TCP.
 *
 * @param kind {@code transport}
 * @param device {@code rdma.device}: the name of an RDMA device of this machine, or null for any
 * @param gidIndex {@code rdma.gidIndex}: which entry of the device's table of addresses to use, or -1 for the first that fits
 * @param address {@code rdma.address}: an IPv4 address of the device, or null for that of the entry
 * @param port {@code rdma.port}: where the others dial over RDMA; 0 for any, as they are told
 * @param polling {@code rdma.polling}: how to find out what the others have written
 * @param spinMicros {@code rdma.spinMicros}: how long to look before the thread sleeps, under {@code adaptive}
 * @param ringBytes {@code rdma.ringBytes}: what may be under way to one server; a power of two
 */
public record TransportConfig(Kind kind, String device, int gidIndex, InetAddress address, int port, Polling polling,
        int spinMicros, int ringBytes) {
    /** What carries the order between servers. */
    public enum Kind {
        /** TCP only. */
        TCP,
        /** RDMA; a server without it does not start, and takes no other without it. */
        RDMA,
        /** RDMA between the servers that have it, else TCP. */
        AUTO;

        /** As it is written in the configuration. */
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
