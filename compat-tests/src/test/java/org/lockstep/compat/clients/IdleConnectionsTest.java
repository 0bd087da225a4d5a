package org.lockstep.compat.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.zookeeper.proto.ConnectRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.lockstep.compat.servers.FourLetterWord;

/** Ten thousand clients that are only there. */
class IdleConnectionsTest {
    private static final int CONNECTIONS = 10_000;
    private static final int UNDER_WAY_MAX = 200;
    private static final int RESPONSE_BYTES = 41;
    private static final long BYTES_PER_CONNECTION_MAX = 24 * 1024;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension(options -> options.set("maxSessionTimeout", "600000"));

    private final List<SocketChannel> channels = new ArrayList<>();

    @Test
    void tenThousandIdleSessionsCostLittleAndHinderNobody() throws Exception {
        try (Bystander bystander = new Bystander(SERVER); Selector selector = Selector.open()) {
            bystander.assertServed();
            long before = ServerHealth.residentBytes(SERVER);
            int welcomed = 0;
            while (welcomed < CONNECTIONS) {
                while (channels.size() < CONNECTIONS && channels.size() - welcomed < UNDER_WAY_MAX) {
                    open(selector);
                }
                assertTrue(selector.select(Await.LIMIT.toMillis()) > 0, "no answer; " + welcomed + " welcomed");
                for (SelectionKey key : selector.selectedKeys()) {
                    welcomed += step(key) ? 1 : 0;
                }
                selector.selectedKeys().clear();
            }
            bystander.assertServed();
            long bytesEach = (ServerHealth.residentBytes(SERVER) - before) / CONNECTIONS;
            assertTrue(bytesEach < BYTES_PER_CONNECTION_MAX, bytesEach + " bytes for each idle connection");
            Map<String, String> monitor = FourLetterWord.monitor(SERVER.server().host(), SERVER.server().port(), 20_000);
            assertTrue(Integer.parseInt(monitor.get("zk_num_alive_connections")) >= CONNECTIONS, monitor.toString());
            for (SocketChannel channel : channels) {
                channel.close();
            }
            bystander.assertServed();
        }
    }

    private void open(Selector selector) throws Exception {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        channels.add(channel);
        channel.connect(new InetSocketAddress(SERVER.server().host(), SERVER.server().port()));
        channel.register(selector, SelectionKey.OP_CONNECT, ByteBuffer.allocate(RESPONSE_BYTES));
    }

    /** True when the server's welcome is complete. */
    private static boolean step(SelectionKey key) throws Exception {
        SocketChannel channel = (SocketChannel) key.channel();
        if (key.isConnectable()) {
            channel.finishConnect();
            byte[] request = RawClient.frame(new ConnectRequest(0, 0, 600_000, 0, new byte[16], false));
            assertEquals(request.length, channel.write(ByteBuffer.wrap(request)));
            key.interestOps(SelectionKey.OP_READ);
            return false;
        }
        ByteBuffer response = (ByteBuffer) key.attachment();
        assertTrue(channel.read(response) >= 0, "the server closed an idle connection");
        if (response.hasRemaining()) {
            return false;
        }
        key.interestOps(0);
        assertEquals(600_000, response.getInt(8), "the timeout that was granted");
        return true;
    }
}
