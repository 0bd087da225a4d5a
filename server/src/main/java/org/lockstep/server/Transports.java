package org.lockstep.server;

import com.codahale.metrics.MetricRegistry;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;
import org.lockstep.ensemble.tcp.TcpOptions;
import org.lockstep.ensemble.tcp.TcpTransport;
import org.lockstep.rdma.transport.LaneCounts;
import org.lockstep.rdma.transport.PollingSelect;
import org.lockstep.rdma.transport.RdmaOptions;
import org.lockstep.rdma.transport.RdmaTransport;
import org.lockstep.rdma.verbs.QueuePairOptions;
import org.lockstep.rdma.verbs.RdmaDevices;
import org.lockstep.rdma.verbs.RdmaUnavailableException;
import org.lockstep.server.config.TransportConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the transport that the configuration asks for, and says which one that is. */
final class Transports {
    private static final Logger LOG = LoggerFactory.getLogger(Transports.class);
    private static final int DIAL_MILLIS = 2000;

    private final TransportConfig config;
    private final EventLoop loop;
    private final PollingSelect select;
    private final MetricRegistry metrics;

    /** @param select what {@code loop} was made with */
    Transports(TransportConfig config, EventLoop loop, PollingSelect select, MetricRegistry metrics) {
        this.config = config;
        this.loop = loop;
        this.select = select;
        this.metrics = metrics;
    }

    /**
     * As {@link TcpTransport#open}, whatever carries it.
     *
     * @throws StartException when RDMA is demanded and cannot be had
     * @throws IOException when the port for the other servers cannot be opened
     */
    Transport open(MemberId self, UUID ensembleId, TcpOptions tcp, RandomGenerator random, TransportListener listener)
            throws IOException, StartException {
        if (config.kind() != TransportConfig.Kind.TCP) {
            try {
                RdmaTransport transport = RdmaTransport.open(loop, select, self, ensembleId, tcp, rdmaOptions(tcp), random,
                        listener);
                show(transport.counts());
                return transport;
            } catch (RdmaUnavailableException e) {
                if (config.kind() == TransportConfig.Kind.RDMA) {
                    throw new StartException(ExitCode.INVALID_INVOCATION, "transport=rdma cannot be had: " + e.getMessage()
                            + "; or choose transport=auto or tcp", e);
                }
                LOG.info("transport=auto: this server uses TCP, as {}", e.getMessage());
            }
        }
        metrics.gauge("lockstep.transport", () -> () -> "tcp");
        return TcpTransport.open(loop, self, ensembleId, tcp, random, listener);
    }

    /** The process goes on as another incarnation: see {@link TcpTransport#reincarnate}. */
    static Transport reincarnate(Transport before, MemberId self, UUID ensembleId, TransportListener listener) {
        return before instanceof RdmaTransport rdma ? rdma.reincarnate(self, ensembleId, listener)
                : ((TcpTransport) before).reincarnate(self, ensembleId, listener);
    }

    private RdmaOptions rdmaOptions(TcpOptions tcp) throws RdmaUnavailableException {
        if (!Epoll.isAvailable()) {
            throw new RdmaUnavailableException("Netty's epoll cannot be loaded (" + Epoll.unavailabilityCause()
                    + "): mount " + System.getProperty("java.io.tmpdir") + " without noexec", Epoll.unavailabilityCause());
        }
        RdmaDevices devices = RdmaDevices.ofThisMachine();
        InetAddress address = config.address();
        if (address == null) {
            address = devices.addressOf(config.device(), config.gidIndex());
        } else if (config.device() != null && !devices.isOf(config.device(), address)) {
            throw new RdmaUnavailableException("rdma.address " + address.getHostAddress() + " is not one of rdma.device "
                    + config.device() + ": remove one of the two", null);
        }
        return new RdmaOptions(new InetSocketAddress(address, config.port()), config.kind() == TransportConfig.Kind.RDMA,
                config.polling(), TimeUnit.MICROSECONDS.toNanos(config.spinMicros()), config.ringBytes(), tcp.queueBytesMax(),
                QueuePairOptions.DEFAULT, DIAL_MILLIS);
    }

    private void show(LaneCounts counts) {
        metrics.gauge("lockstep.transport", () -> () -> "rdma");
        metrics.gauge("lockstep.rdma.lanes", () -> counts::lanes);
        metrics.gauge("lockstep.rdma.bytes_sent", () -> counts::bytesSent);
        metrics.gauge("lockstep.rdma.slots_sent", () -> counts::slotsSent);
        metrics.gauge("lockstep.rdma.slots_received", () -> counts::slotsReceived);
    }
}
