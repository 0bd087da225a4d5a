package org.lockstep.ensemble.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.PeerAddress;

/** Who is not let in, and what both sides log. */
@Timeout(60)
class RefusalTest {
    private static final UUID ENSEMBLE = new UUID(4, 2);

    private final List<TestNode> opened = new ArrayList<>();
    private LogLines log;
    private PeerAddress first;
    private PeerAddress second;
    private TestNode one;

    @BeforeEach
    void openServerOne() throws IOException {
        log = new LogLines();
        first = new PeerAddress(1, "127.0.0.1", Ports.free());
        second = new PeerAddress(2, "127.0.0.1", Ports.free());
        one = keep(new TestNode(1, TcpOptions.of(first, List.of(second))));
        one.ensembleId = ENSEMBLE;
        one.open();
    }

    @AfterEach
    void close() {
        opened.forEach(TestNode::close);
        log.close();
    }

    private TestNode keep(TestNode node) {
        opened.add(node);
        return node;
    }

    @Test
    void aServerOfAnotherEnsemble() throws IOException {
        TestNode two = keep(new TestNode(2, TcpOptions.of(second, List.of(first))));
        two.ensembleId = new UUID(6, 6);
        two.open();

        String text = "belongs to ensemble";
        log.await(text);
        TestNode.sleep(500);
        assertEquals(List.of(), one.events);
        assertEquals(List.of(), two.events);
        assertTrue(log.count(text) <= 6, "not one line for each attempt");
    }

    @Test
    void aServerThatLearnsLaterThatItIsOfAnotherEnsemble() throws IOException {
        TestNode two = keep(new TestNode(2, TcpOptions.of(second, List.of(first)))).open();
        TestNode.awaitConnected(one, two);
        two.run(() -> two.transport.setEnsembleId(new UUID(6, 6)));

        TestNode.await("both to let go", () -> one.events.contains("down 2") && two.events.contains("down 1"));
        log.await("it belongs to another ensemble");
        TestNode.sleep(300);
        assertFalse(one.isConnected(2));
    }

    @Test
    void aBlankServerIsWelcomeAndStaysWhenItLearnsTheSame() throws IOException {
        TestNode two = keep(new TestNode(2, TcpOptions.of(second, List.of(first)))).open();
        TestNode.awaitConnected(one, two);
        two.run(() -> two.transport.setEnsembleId(ENSEMBLE));
        TestNode.sleep(200);

        assertEquals(List.of("up 2"), one.events);
    }

    @Test
    void aServerThatIsNotConfigured() throws IOException {
        TestNode three = keep(new TestNode(3, TcpOptions.of(new PeerAddress(3, "127.0.0.1", Ports.free()), List.of(first))));
        three.open();

        log.await("Refused a connection from 127.0.0.1:");
        log.await("it says that it is server 3, of which the configuration of server 1 knows nothing");
        log.await("Server 1 at " + first + " refuses this server: it says that it is server 3");
        assertEquals(List.of(), three.events);
    }

    @Test
    void aSecondProcessWithTheSameIdAsAConnectedOne() throws IOException {
        TestNode two = keep(new TestNode(2, TcpOptions.of(second, List.of(first)))).open();
        TestNode.awaitConnected(one, two);
        TestNode other = keep(new TestNode(2, TcpOptions.of(new PeerAddress(2, "127.0.0.1", Ports.free()), List.of(first)),
                new UUID(8, 8))).open();

        log.await("it says that it is server 2, which is connected from 127.0.0.1:");
        log.await("Server 1 at " + first + " refuses this server: it says that it is server 2, which is connected");
        TestNode.sleep(1500);
        assertEquals(List.of("up 2"), one.events, "the connected one stays");
        assertEquals(List.of(), other.events);
    }

    @Test
    void aSecondProcessWithTheIdOfTheServerItself() throws IOException {
        keep(new TestNode(1, TcpOptions.of(new PeerAddress(1, "127.0.0.1", Ports.free()),
                List.of(new PeerAddress(2, "127.0.0.1", first.port()))), new UUID(8, 8))).open();

        log.await("it says that it is server 1, which is this one: myid must differ from server to server");
        assertEquals(List.of(), one.events);
    }

    @Test
    void anAddressThatLeadsToAnotherServer() throws IOException {
        PeerAddress wrong = new PeerAddress(3, "127.0.0.1", first.port());
        TestNode two = keep(new TestNode(2, TcpOptions.of(second, List.of(first, wrong)))).open();

        log.await("server 2 has dialed server 3 and reached server 1");
        TestNode.awaitConnected(one, two);
    }

    @Test
    void anAddressThatLeadsToTheServerItself() throws IOException {
        PeerAddress self = new PeerAddress(5, "127.0.0.1", Ports.free());
        TestNode five = keep(new TestNode(5, TcpOptions.of(self, List.of(new PeerAddress(6, "127.0.0.1", self.port())))));
        five.open();

        log.await("this server has dialed itself where it thought server 6 to be");
        assertEquals(List.of(), five.events);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            474554202f20485454502f312e310d0a0d0a | an HTTP client
            72756f6b | a client with the four-letter word "ruok"
            0000002c00000000000000000000000000007530 | a ZooKeeper client; clients have a port of their own
            0000000bffffffffffffffff | a server of Apache ZooKeeper that looks for its leader
            ffffffffffff0000000000000000000200000014 | a server of Apache ZooKeeper that elects a leader
            1603010200010001fc0303 | a TLS client
            0102030405060708090a | bytes of no protocol known here, 0102030405060708
            4c4f434b535445500001000400000000 | an empty hello
            4c4f434b5354455000010008000000000000000000 | the checksum of its hello is wrong
            """)
    void whoSpeaksAnotherProtocol(String hex, String what) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", first.port())) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write(java.util.HexFormat.of().parseHex(hex));

            int answer = socket.getInputStream().read();
            assertEquals(-1, answer, "a stranger is told nothing");
        }
        log.await("it is no server of an ensemble: " + what.substring(0, Math.min(what.length(), 60)));
        assertEquals(List.of(), one.events);
    }

    @Test
    void anotherVersionOfTheProtocolIsAnsweredInWordsItKnows() throws IOException, MalformedMessageException {
        byte[] future = new Hello(Hello.Kind.ORDER, new MemberId(2, new UUID(2, 2), 1), 1, null, null, null).encode();
        future[9] = 2;
        ByteBuffer.wrap(future).putInt(future.length - 4, crc(future));
        Hello answer = exchange(future);

        assertEquals(Hello.Kind.REFUSED, answer.kind());
        assertEquals(Refusal.OTHER_VERSION, answer.refusal());
        assertEquals("it speaks version 2 of the protocol, this server version 1", answer.text());
        log.await("it speaks version 2 of the protocol, this server version 1");
    }

    private static int crc(byte[] hello) {
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(hello, 0, hello.length - 4);
        return (int) crc.getValue();
    }

    private Hello exchange(byte[] hello) throws IOException, MalformedMessageException {
        try (Socket socket = new Socket("127.0.0.1", first.port())) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write(hello);
            return read(new DataInputStream(socket.getInputStream()));
        }
    }

    private static Hello read(DataInputStream in) throws IOException, MalformedMessageException {
        byte[] prefix = in.readNBytes(Hello.PREFIX_BYTES);
        assertEquals("LOCKSTEP", new String(prefix, 0, 8, StandardCharsets.US_ASCII));
        byte[] rest = in.readNBytes(ByteBuffer.wrap(prefix).getShort(10));
        return Hello.decode(ByteBuffer.allocate(prefix.length + rest.length).put(prefix).put(rest).array());
    }

    /** Dials as server 2 would, as far as the welcome. */
    private static void dialAsTwo(Socket socket) throws IOException, MalformedMessageException {
        socket.setSoTimeout(5000);
        socket.getOutputStream().write(new Hello(Hello.Kind.ORDER, new MemberId(2, new UUID(2, 2), 1), 1, null, null, null)
                .encode());
        assertEquals(Hello.Kind.WELCOME, read(new DataInputStream(socket.getInputStream())).kind());
    }

    @Test
    void damageInTheMiddleOfAConnectionEndsIt() throws IOException, MalformedMessageException {
        try (Socket socket = new Socket("127.0.0.1", first.port())) {
            dialAsTwo(socket);
            assertEquals(List.of(), one.events, "nobody hears of it before the dialer has taken it");
            socket.getOutputStream().write(frame(new byte[] {Frames.START}));
            TestNode.await("the connection", () -> one.events.contains("up 2"));
            byte[] damaged = frame(new byte[] {11, 3});
            damaged[9] = 5;
            socket.getOutputStream().write(damaged);

            TestNode.await("its end", () -> one.events.contains("down 2"));
            log.await("it sent what is no message: the checksum of a frame of 2 bytes is wrong");
            assertEquals(List.of(), one.arrived);
        }
    }

    private static byte[] frame(byte[] body) {
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(body);
        return ByteBuffer.allocate(8 + body.length).putInt(body.length).putInt((int) crc.getValue()).put(body).array();
    }

    @Test
    void anAnnouncedLengthIsCheckedBeforeItIsWaitedFor() throws IOException, MalformedMessageException {
        try (Socket socket = new Socket("127.0.0.1", first.port())) {
            dialAsTwo(socket);
            socket.getOutputStream().write(frame(new byte[] {Frames.START}));
            socket.getOutputStream().write(ByteBuffer.allocate(8).putInt(Integer.MAX_VALUE).putInt(0).array());

            log.await("a frame of 2147483647 bytes, from 1 to 16777216 may be");
        }
    }

    @Test
    void aHelloIsDecodedOrRefusedWhateverItsBytes() {
        java.util.Random random = new java.util.Random(5);
        byte[] whole = new Hello(Hello.Kind.BULK, new MemberId(200, new UUID(2, 2), 1), 1, ENSEMBLE, null, null).encode();
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = java.util.Arrays.copyOf(whole, i % 3 == 0 ? random.nextInt(whole.length) : whole.length);
            for (int flips = random.nextInt(4); flips > 0 && bytes.length > 0; flips--) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            if (bytes.length > 16 && i % 2 == 0) {
                ByteBuffer.wrap(bytes).putInt(bytes.length - 4, crc(bytes));
            }
            try {
                assertNotEquals(null, Hello.decode(bytes).kind());
            } catch (MalformedMessageException e) {
                assertFalse(e.getMessage().isEmpty());
            }
        }
    }
}
