package org.lockstep.server.config;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import org.lockstep.rdma.transport.Polling;
import org.lockstep.rdma.transport.RdmaOptions;

/** Reads {@code transport} and the {@code rdma.} keys. */
final class TransportReader {
    private static final int PORT_MAX = 65_535;
    private static final int GID_INDEX_MAX = 65_535;
    private static final int SPIN_MICROS_MAX = 1_000_000;

    private final ConfigSource source;

    TransportReader(ConfigSource source) {
        this.source = source;
    }

    TransportConfig read() throws ConfigException {
        String device = source.text("rdma.device");
        return new TransportConfig(kind(), device == null || device.isEmpty() ? null : device,
            source.integer("rdma.gidIndex", -1, 0, GID_INDEX_MAX), address(), source.integer("rdma.port", 0, 0, PORT_MAX),
            polling(), source.integer("rdma.spinMicros", (int) TimeUnit.NANOSECONDS.toMicros(RdmaOptions.SPIN_NANOS), 0, SPIN_MICROS_MAX),
            ringBytes());
    }

    private TransportConfig.Kind kind() throws ConfigException {
        String name = source.text("transport");
        for (TransportConfig.Kind kind : TransportConfig.Kind.values()) {
            if (kind.key().equals(name == null ? "tcp" : name)) {
                return kind;
            }
        }
        throw source.bad("transport", name, "is not a transport", "choose tcp, rdma or auto");
    }

    private InetAddress address() throws ConfigException {
        String host = source.text("rdma.address");
        if (host == null || host.isEmpty()) {
            return null;
        }
        try {
            InetAddress address = InetAddress.getByName(host);
            if (address instanceof Inet4Address && !address.isAnyLocalAddress()) {
                return address;
            }
        } catch (UnknownHostException e) {
            throw source.bad("rdma.address", host, "does not resolve", "give the IPv4 address of the RDMA device's interface");
        }
        throw source.bad("rdma.address", host, "is not the IPv4 address of one interface",
            "give that of the RDMA device's; 'rdma link' and 'ip address' show it");
    }

    private Polling polling() throws ConfigException {
        String name = source.text("rdma.polling");
        try {
            return name == null ? Polling.ADAPTIVE : Polling.parse(name);
        } catch (IllegalArgumentException e) {
            throw source.bad("rdma.polling", name, "is not a way to poll", "choose busy, adaptive or event");
        }
    }

    private int ringBytes() throws ConfigException {
        long bytes = source.bytes("rdma.ringBytes", RdmaOptions.RING_BYTES, RdmaOptions.RING_BYTES_MIN,
            RdmaOptions.RING_BYTES_MAX);
        if (Long.bitCount(bytes) != 1) {
            throw source.bad("rdma.ringBytes", source.text("rdma.ringBytes"), "is not a power of two",
                "give 1m, 2m, 4m or the like");
        }
        return (int) bytes;
    }
}
