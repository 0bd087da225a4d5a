package org.lockstep.compat.bench;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import org.lockstep.wire.OpCode;

/** A server that grants every session, takes every create, and answers the rest as a test tells it: also wrongly. */
final class FakeServer implements AutoCloseable {
    /** Writes the answer to one request, or throws to drop the connection. */
    interface Answer {
        void write(int xid, int opcode, DataOutputStream out) throws IOException;
    }

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Answer answer;

    FakeServer(Answer answer) throws IOException {
        this.answer = answer;
        start("fake-accept", () -> {
            while (true) {
                Socket socket = listener.accept();
                start("fake-connection", () -> serve(socket));
            }
        });
    }

    InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    static void reply(DataOutputStream out, int xid, int error, byte... body) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(20 + body.length);
        out.write(frame.putInt(16 + body.length).putInt(xid).putLong(1).putInt(error).put(body).array());
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    private void serve(Socket socket) throws IOException {
        try (socket) {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            in.readNBytes(in.readInt());
            out.write(ByteBuffer.allocate(41).putInt(37).putInt(0).putInt(30_000).putLong(7).putInt(16).array());
            while (true) {
                ByteBuffer request = ByteBuffer.wrap(in.readNBytes(in.readInt()));
                int xid = request.getInt();
                int opcode = request.getInt();
                if (opcode == OpCode.CREATE || opcode == OpCode.CLOSE_SESSION) {
                    reply(out, xid, 0);
                } else {
                    answer.write(xid, opcode, out);
                }
            }
        }
    }

    private interface Body {
        void run() throws IOException;
    }

    private static void start(String name, Body body) {
        Thread thread = new Thread(() -> {
            try {
                body.run();
            } catch (IOException e) {
                // The other side, or the test, has closed.
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
    }
}
