package org.lockstep.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codahale.metrics.MetricRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SelectStrategy;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.PeerAddress;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;
import org.lockstep.ensemble.tcp.TcpOptions;
import org.lockstep.ensemble.tcp.TcpTransport;
import org.lockstep.rdma.transport.Polling;
import org.lockstep.rdma.transport.PollingSelect;
import org.lockstep.server.config.TransportConfig;
import org.lockstep.wire.door.ClientDoor;

/** What is opened where there is no fitting RDMA device; docs/rdma.md says where it is tested with one. */
class TransportsTest {
    private final PollingSelect select = new PollingSelect((selectNow, hasTasks) -> hasTasks ? selectNow.get()
            : SelectStrategy.SELECT);
    private final EventLoopGroup group = ClientDoor.newEventLoop("test", select);
    private final MetricRegistry metrics = new MetricRegistry();

    @AfterEach
    void end() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private Transport open(TransportConfig.Kind kind) throws Exception {
        TransportConfig config = new TransportConfig(kind, "no_such_device", -1, null, 0, Polling.ADAPTIVE, 100, 1 << 20);
        return new Transports(config, group.next(), select, metrics).open(new MemberId(1, new UUID(1, 1), 1), null,
                TcpOptions.of(new PeerAddress(1, "127.0.0.1", 0), List.of()), new Random(1), new Deaf());
    }

    private static final class Deaf implements TransportListener {
        @Override
        public void onMessage(MemberId from, Message message) {}

        @Override
        public void onConnection(int serverId, boolean up) {}

        @Override
        public void onProcessGone(MemberId member) {}

        @Override
        public BulkReceiver onBulk(MemberId from, byte[] head, BulkReceiver.Stream stream) {
            return null;
        }
    }

    @Test
    void withoutADeviceAutoUsesTcp() throws Exception {
        for (TransportConfig.Kind kind : List.of(TransportConfig.Kind.AUTO, TransportConfig.Kind.TCP)) {
            metrics.remove("lockstep.transport");
            try (Transport transport = open(kind)) {
                assertInstanceOf(TcpTransport.class, transport);
                assertEquals("tcp", metrics.getGauges().get("lockstep.transport").getValue());
            }
        }
    }

    @Test
    void withoutADeviceRdmaDoesNotStartAndSaysWhatToDo() {
        StartException refused = assertThrows(StartException.class, () -> open(TransportConfig.Kind.RDMA));
        assertEquals(ExitCode.INVALID_INVOCATION, refused.exitCode());
        String message = refused.getMessage();
        assertTrue(message.startsWith("transport=rdma cannot be had: "), message);
        assertTrue(message.contains("device"), message);
        assertTrue(message.endsWith("; or choose transport=auto or tcp"), message);
        assertEquals(-1, message.indexOf('\n'));
    }
}
