package org.lockstep.compat.clients;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import org.apache.jute.BinaryInputArchive;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.proto.ConnectRequest;
import org.apache.zookeeper.proto.ConnectResponse;
import org.apache.zookeeper.proto.ReplyHeader;
import org.apache.zookeeper.proto.RequestHeader;
import org.lockstep.compat.wire.FrameSocket;

/** A client of bare frames, for what no well-behaved library does. Not thread-safe. */
final class RawClient implements AutoCloseable {
    private static final int READ_TIMEOUT_MILLIS = 30_000;

    private final FrameSocket socket;

    /** Connects and sends nothing. */
    RawClient(String host, int port) throws IOException {
        socket = new FrameSocket(new InetSocketAddress(host, port), READ_TIMEOUT_MILLIS, READ_TIMEOUT_MILLIS);
    }

    /** A connection with a new session, or a resumed one. */
    ConnectResponse handshake(long lastZxidSeen, int timeoutMillis, long sessionId, byte[] password) throws IOException {
        write(frame(new ConnectRequest(0, lastZxidSeen, timeoutMillis, sessionId, password, false)));
        ConnectResponse response = new ConnectResponse();
        response.deserialize(readFrame(), "connect");
        return response;
    }

    /** A connection with a new session. */
    ConnectResponse handshake(int timeoutMillis) throws IOException {
        return handshake(0, timeoutMillis, 0, new byte[16]);
    }

    /** Sends bytes as they are. */
    void write(byte[] bytes) throws IOException {
        socket.write(bytes, 0, bytes.length);
    }

    /** Sends a request; {@code body} may be null for those without one. */
    void send(int xid, int opCode, Record body) throws IOException {
        write(request(xid, opCode, body));
    }

    /** Reads the header of the next reply; its body is left unread. */
    ReplyHeader readReply() throws IOException {
        ReplyHeader header = new ReplyHeader();
        header.deserialize(readFrame(), "reply");
        return header;
    }

    /** True when the server closes the connection, whatever it sends before. */
    boolean isClosedByServer() throws IOException {
        byte[] sink = new byte[8192];
        try {
            int read = socket.input().read(sink);
            while (read >= 0) {
                read = socket.input().read(sink);
            }
            return true;
        } catch (SocketTimeoutException stillOpen) {
            return false;
        } catch (SocketException reset) {
            return true;
        }
    }

    Socket socket() {
        return socket.socket();
    }

    /** Drops the connection without closing the session. */
    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** One frame: a length and the record. */
    static byte[] frame(Record record) {
        return framed(serialize(record));
    }

    /** One frame: a length, a request header and the record, if any. */
    static byte[] request(int xid, int opCode, Record body) {
        byte[] header = serialize(new RequestHeader(xid, opCode));
        byte[] rest = body == null ? new byte[0] : serialize(body);
        byte[] whole = new byte[header.length + rest.length];
        System.arraycopy(header, 0, whole, 0, header.length);
        System.arraycopy(rest, 0, whole, header.length, rest.length);
        return framed(whole);
    }

    /** A length and these bytes. */
    static byte[] framed(byte[] body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            DataOutputStream data = new DataOutputStream(bytes);
            data.writeInt(body.length);
            data.write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private BinaryInputArchive readFrame() throws IOException {
        return BinaryInputArchive.getArchive(new ByteArrayInputStream(socket.readFrame()));
    }

    private static byte[] serialize(Record record) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            record.serialize(BinaryOutputArchive.getArchive(bytes), "record");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
