package org.lockstep.wire.door;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.JuteWriter;

/** The door over real sockets: framing, handshakes, four-letter words, pauses, held output, and bytes that make no sense. */
class ClientDoorTest {
    private static final int FRAME_MAX = 1000;

    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private volatile ClientConnection last;
    private volatile boolean accepting = true;
    private EventLoopGroup group;
    private EventLoop loop;
    private ClientDoor door;

    /** Echoes every request's body; opcode 99 throws, opcode 98 pauses reading. */
    private final class Echo implements Reception {
        private final JuteWriter out = new JuteWriter();

        @Override
        public boolean onAccept(ClientConnection connection) {
            last = connection;
            return accepting;
        }

        @Override
        public void onConnect(ClientConnection connection, ConnectRequest request) {
            seen.add("connect " + request.timeoutMillis() + " " + request.knowsReadOnly());
            connection.acceptSession(request.timeoutMillis(), 7, new byte[16], false);
        }

        @Override
        public void onRequest(ClientConnection connection, int xid, int opcode, byte[] frame, int offset, int length) {
            if (opcode == 99) {
                throw new IllegalStateException("asked to fail");
            }
            if (opcode == 98) {
                connection.pauseReading(ClientConnection.Pause.OUTSTANDING_LIMIT);
                seen.add("paused");
            }
            out.reset().writeRaw(frame, offset, length);
            connection.reply(xid, 5, 0, out);
        }

        @Override
        public void onReadComplete(ClientConnection connection) {
            connection.flush();
        }

        @Override
        public String onFourLetterWord(ClientConnection connection, String word) {
            return word.equals("ruok") ? "imok" : null;
        }

        @Override
        public void onWritabilityChanged(ClientConnection connection) {}

        @Override
        public void onClosed(ClientConnection connection) {
            seen.add("closed");
        }
    }

    @BeforeEach
    void open() throws IOException {
        group = ClientDoor.newEventLoop("door-test", new SpinBeforeSleep(0));
        loop = group.next();
        door = ClientDoor.open(loop, options(0), new Echo());
    }

    private static DoorOptions options(int port) {
        return new DoorOptions(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), -1, FRAME_MAX, false);
    }

    @AfterEach
    void close() {
        door.close();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** A client's end. */
    private final class Client implements AutoCloseable {
        final Socket socket = new Socket(door.address().getAddress(), door.address().getPort());
        final DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        final DataInputStream in = new DataInputStream(socket.getInputStream());

        Client() throws IOException {
            socket.setSoTimeout(10_000);
            socket.setTcpNoDelay(true);
        }

        Client shakeHands() throws IOException {
            out.write(handshake(true));
            assertEquals(37, in.readInt());
            in.skipNBytes(37);
            return this;
        }

        byte[] readReply(int xid) throws IOException {
            int length = in.readInt();
            assertEquals(xid, in.readInt());
            assertEquals(5, in.readLong());
            assertEquals(0, in.readInt());
            return in.readNBytes(length - 16);
        }

        void assertClosed() {
            assertThrows(IOException.class, () -> {
                while (in.read() >= 0) {
                    // whatever still comes
                }
                throw new EOFException();
            });
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static byte[] handshake(boolean withReadOnly) {
        JuteWriter w = new JuteWriter();
        w.writeInt(withReadOnly ? 45 : 44).writeInt(0).writeLong(0).writeInt(4000).writeLong(0).writeBuffer(new byte[16]);
        if (withReadOnly) {
            w.writeBoolean(false);
        }
        return w.toByteArray();
    }

    private static byte[] request(int xid, int opcode, byte[] body) {
        JuteWriter w = new JuteWriter();
        w.writeInt(8 + body.length).writeInt(xid).writeInt(opcode).writeRaw(body, 0, body.length);
        return w.toByteArray();
    }

    @Test
    void framesArriveWholeHoweverTheBytesAreCut() throws Exception {
        try (Client client = new Client()) {
            JuteWriter all = new JuteWriter();
            byte[] shake = handshake(true);
            all.writeRaw(shake, 0, shake.length);
            Random random = new Random(7);
            byte[][] bodies = new byte[200][];
            for (int i = 0; i < bodies.length; i++) {
                bodies[i] = new byte[random.nextInt(FRAME_MAX - 8)];
                random.nextBytes(bodies[i]);
                byte[] frame = request(i, 1, bodies[i]);
                all.writeRaw(frame, 0, frame.length);
            }
            int sent = 0;
            while (sent < all.length()) {
                int piece = Math.min(1 + random.nextInt(random.nextBoolean() ? 7 : 5000), all.length() - sent);
                client.out.write(all.array(), sent, piece);
                sent += piece;
            }
            assertEquals(37, client.in.readInt());
            client.in.skipNBytes(37);
            for (int i = 0; i < bodies.length; i++) {
                assertArrayEquals(bodies[i], client.readReply(i), "request " + i);
            }
        }
    }

    @Test
    void aClientThatSendsNoReadOnlyByteGetsNone() throws Exception {
        try (Client client = new Client()) {
            client.out.write(handshake(false));
            assertEquals(36, client.in.readInt());
            assertEquals("connect 4000 false", seen.poll(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void aFourLetterWordIsAnsweredAndTheConnectionClosed() throws Exception {
        try (Client client = new Client()) {
            client.out.write("ruok\n".getBytes(StandardCharsets.US_ASCII));
            assertEquals("imok", new String(client.in.readAllBytes(), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void anUnknownWordIsAnOversizedFrame() throws Exception {
        try (Client client = new Client()) {
            client.out.write("nope".getBytes(StandardCharsets.US_ASCII));
            client.assertClosed();
        }
    }

    @Test
    void framesThatAreTooLongNegativeOrHeaderlessCloseOnlyTheirConnection() throws Exception {
        try (Client other = new Client().shakeHands()) {
            for (byte[] bad : new byte[][] {
                new JuteWriter().writeInt(FRAME_MAX + 1).toByteArray(),
                new JuteWriter().writeInt(-1).toByteArray(),
                new JuteWriter().writeInt(Integer.MIN_VALUE).toByteArray(),
                new JuteWriter().writeInt(3).writeInt(0).toByteArray()
            }) {
                try (Client client = new Client().shakeHands()) {
                    client.out.write(bad);
                    client.assertClosed();
                }
            }
            other.out.write(request(3, 1, new byte[] {9}));
            assertArrayEquals(new byte[] {9}, other.readReply(3));
        }
    }

    @Test
    void aBrokenHandshakeClosesTheConnection() throws Exception {
        try (Client client = new Client()) {
            client.out.write(new JuteWriter().writeInt(5).writeInt(0).writeByte(1).toByteArray());
            client.assertClosed();
            assertEquals("closed", seen.poll(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void anErrorInTheReceptionClosesOnlyThatConnection() throws Exception {
        try (Client client = new Client().shakeHands(); Client other = new Client().shakeHands()) {
            client.out.write(request(1, 99, new byte[0]));
            client.assertClosed();
            other.out.write(request(3, 1, new byte[] {9}));
            assertArrayEquals(new byte[] {9}, other.readReply(3));
        }
    }

    @Test
    void aPausedConnectionIsReadOnWhereItStopped() throws Exception {
        try (Client client = new Client().shakeHands()) {
            client.out.write(request(1, 98, new byte[] {1}));
            client.out.write(request(2, 1, new byte[] {2}));
            assertArrayEquals(new byte[] {1}, client.readReply(1));
            client.socket.setSoTimeout(200);
            assertThrows(java.net.SocketTimeoutException.class, () -> client.in.readInt());
            client.socket.setSoTimeout(10_000);
            loop.submit(() -> {
                last.resumeReading(ClientConnection.Pause.OUTSTANDING_LIMIT);
                last.flush();
            }).sync();
            assertArrayEquals(new byte[] {2}, client.readReply(2));
        }
    }

    @Test
    void heldOutputLeavesInOrderWhenReleased() throws Exception {
        try (Client client = new Client().shakeHands()) {
            loop.submit(() -> last.holdOutput()).sync();
            client.out.write(request(1, 1, new byte[] {1}));
            client.out.write(request(2, 1, new byte[] {2}));
            client.socket.setSoTimeout(200);
            assertThrows(java.net.SocketTimeoutException.class, () -> client.in.readInt());
            client.socket.setSoTimeout(10_000);
            loop.submit(() -> last.releaseOutput()).sync();
            assertArrayEquals(new byte[] {1}, client.readReply(1));
            assertArrayEquals(new byte[] {2}, client.readReply(2));
        }
    }

    @Test
    void aRefusedConnectionIsClosedWithoutAByte() throws Exception {
        accepting = false;
        try (Client client = new Client()) {
            client.assertClosed();
        }
        assertTrue(seen.isEmpty(), "a connection that was not accepted is not reported closed");
    }

    @Test
    void anEventCarriesItsPathAndZxid() throws Exception {
        try (Client client = new Client().shakeHands()) {
            loop.submit(() -> {
                last.event(3, "/ä", 77);
                last.flush();
            }).sync();
            byte[] path = "/ä".getBytes(StandardCharsets.UTF_8);
            assertEquals(16 + 12 + path.length, client.in.readInt());
            assertEquals(-1, client.in.readInt());
            assertEquals(77, client.in.readLong());
            assertEquals(0, client.in.readInt());
            assertEquals(3, client.in.readInt());
            assertEquals(3, client.in.readInt());
            assertArrayEquals(path, client.in.readNBytes(client.in.readInt()));
        }
    }

    @Test
    void aPortInUseIsNamed() {
        IOException e = assertThrows(IOException.class, () -> ClientDoor.open(loop, options(door.address().getPort()), new Echo()));
        assertTrue(e.getMessage().contains(String.valueOf(door.address().getPort())), e.getMessage());
    }
}
