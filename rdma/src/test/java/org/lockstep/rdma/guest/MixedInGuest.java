package org.lockstep.rdma.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.PeerAddress;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;
import org.lockstep.ensemble.tcp.TcpMember;
import org.lockstep.ensemble.tcp.TcpOptions;
import org.lockstep.ensemble.tcp.TcpTransport;
import org.lockstep.rdma.transport.PollingSelect;
import org.lockstep.rdma.transport.RdmaOptions;
import org.lockstep.rdma.transport.RdmaTransport;

/** Servers with RDMA among others without. */
class MixedInGuest {
    private static final Message GREETING = new Message.Status(0, 0, true, false);
    private final PollingSelect select = new PollingSelect((selectNow, hasTasks) -> hasTasks ? selectNow.get()
            : SelectStrategy.SELECT);
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory(0, () -> select));
    private final List<Transport> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(Transport::close);
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    /** What a core would hear. */
    private static final class Heard implements TransportListener {
        final List<String> events = new CopyOnWriteArrayList<>();

        @Override
        public void onMessage(MemberId from, Message message) {
            events.add("message of " + from.serverId());
        }

        @Override
        public void onConnection(int serverId, boolean up) {
            events.add((up ? "up " : "down ") + serverId);
        }

        @Override
        public void onProcessGone(MemberId member) {
            events.add("gone " + member.serverId());
        }

        @Override
        public BulkReceiver onBulk(MemberId from, byte[] head, BulkReceiver.Stream stream) {
            return null;
        }
    }

    @Test
    void twoWithRdmaUseItThoughTheThirdDoesNot() throws IOException {
        try (RdmaMembers ensemble = new RdmaMembers(options -> options, RdmaMembers.COUNT, 2)) {
            assertEquals(1, ensemble.transport(0).counts().lanes());
            assertEquals(1, ensemble.transport(1).counts().lanes());
            for (int index = 0; index < RdmaMembers.COUNT; index++) {
                int at = index;
                ensemble.on(index, () -> {
                    for (int i = 0; i < 100; i++) {
                        ensemble.members.get(at).submit(TcpMember.encode(at + 1, i));
                    }
                    return null;
                });
            }
            ensemble.awaitDelivered(300, 0, 1, 2);
            assertEquals(100, ensemble.transport(0).counts().slotsSent());
            assertEquals(100, ensemble.transport(0).counts().slotsReceived());
        }
    }

    private static List<PeerAddress> servers(int count) throws IOException {
        List<PeerAddress> all = new ArrayList<>();
        for (int id = 1; id <= count; id++) {
            try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                all.add(new PeerAddress(id, "127.0.0.1", socket.getLocalPort()));
            }
        }
        return all;
    }

    private Transport open(List<PeerAddress> all, int id, Heard heard, RdmaOptions options) throws IOException {
        PeerAddress self = all.get(id - 1);
        TcpOptions tcp = TcpOptions.of(self, all.stream().filter(peer -> peer != self).toList());
        MemberId process = new MemberId(id, new UUID(id, 1), 1);
        Transport transport = options == null ? TcpTransport.open(group.next(), process, null, tcp, new Random(id), heard)
                : RdmaTransport.open(group.next(), select, process, null, tcp, options, new Random(id), heard);
        opened.add(transport);
        return transport;
    }

    private void greet(Transport from, int to) {
        group.next().submit(() -> {
            from.send(to, GREETING);
            from.flush();
        }).syncUninterruptibly();
    }

    /** The core of a server that demands RDMA never hears of one without, and does of one with. */
    @Test
    void whoDemandsRdmaTakesNobodyWithout() throws IOException {
        RdmaOptions options = RdmaOptions.of(new InetSocketAddress("10.9.9.1", 0)).withPairs(Guest.OPTIONS);
        List<PeerAddress> all = servers(3);
        List<Heard> heard = List.of(new Heard(), new Heard(), new Heard());
        Transport demanding = open(all, 1, heard.get(0), options.withRequired(true));
        Transport with = open(all, 2, heard.get(1), options);
        Transport without = open(all, 3, heard.get(2), null);
        Guest.await("both connected", () -> heard.get(1).events.contains("up 1") && heard.get(2).events.contains("up 1"));
        Guest.await("it is connected with the second", () -> heard.get(0).events.contains("up 2"));
        greet(without, 1);
        greet(with, 1);
        greet(demanding, 3);
        greet(demanding, 2);
        Guest.await("the second is heard", () -> heard.get(0).events.contains("message of 2"));
        Guest.await("and hears", () -> heard.get(1).events.contains("message of 1"));
        RdmaMembers.sleep(500);
        assertEquals(List.of("up 1", "up 2"), heard.get(2).events.stream().sorted().toList());
        assertTrue(heard.get(0).events.stream().noneMatch(event -> event.endsWith("3")), heard.get(0).events.toString());
    }

    @Test
    void deviceThatIsNotThereIsNamedWithTheRemedy() {
        RdmaOptions options = RdmaOptions.of(new InetSocketAddress("10.9.9.77", 0));
        IOException refused = assertThrows(IOException.class,
                () -> open(servers(1), 1, new Heard(), options));
        assertTrue(refused.getMessage().startsWith("no RDMA device of this machine has the address 10.9.9.77"),
                refused.getMessage());
    }
}
