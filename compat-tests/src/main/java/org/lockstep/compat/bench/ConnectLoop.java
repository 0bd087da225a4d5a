package org.lockstep.compat.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * Opens sessions one after the other in a fixed number of places: connect, handshake, closeSession, disconnect, again.
 *
 * <p>The latency is from the start of the connect to the answer to the handshake. The session is closed by request, so none is
 * left to expire; the socket is then reset rather than closed, because thousands of closes a second would use up the ports.
 */
final class ConnectLoop {
    private static final int SELECT_MILLIS = 100;
    private static final long STALL_NANOS = 20_000_000_000L;
    private static final byte[] HANDSHAKE = Handshake.request();
    private static final Template CLOSE = Template.closeSession();
    /** Code counted for a place whose server refused or dropped the connection before the handshake was answered. */
    private static final int CONNECTION_LOSS = -4;

    private final BenchOptions options;
    private final Meter meter;
    private long lastProgressNanos;
    private long sessionsLeft;
    private int placesInUse;

    ConnectLoop(BenchOptions options, Meter meter) {
        this.options = options;
        this.meter = meter;
        sessionsLeft = options.count() == 0 ? Long.MAX_VALUE : options.count();
    }

    /** Runs warm-up and measurement. */
    BenchResult run() throws IOException {
        try (Selector selector = Selector.open()) {
            lastProgressNanos = System.nanoTime();
            meter.start(lastProgressNanos);
            for (int i = 0; i < options.connections(); i++) {
                open(selector, new Place(options.servers().get(i % options.servers().size())));
            }
            long now = System.nanoTime();
            while (meter.tick(now) && placesInUse > 0) {
                selector.select(key -> onReady(selector, key), SELECT_MILLIS);
                now = System.nanoTime();
                if (now - lastProgressNanos > STALL_NANOS) {
                    throw new IOException("no answer for " + STALL_NANOS / 1_000_000_000L + " s");
                }
            }
            BenchResult result = meter.result(now, 1);
            sessionsLeft = 0;
            long deadline = System.nanoTime() + STALL_NANOS;
            while (placesInUse > 0 && System.nanoTime() < deadline) {
                selector.select(key -> onReady(selector, key), SELECT_MILLIS);
            }
            return result;
        }
    }

    private void open(Selector selector, Place place) {
        if (sessionsLeft == 0) {
            return;
        }
        sessionsLeft--;
        placesInUse++;
        place.restart();
        try {
            place.channel = SocketChannel.open();
            place.channel.configureBlocking(false);
            place.channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            place.channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            boolean connected = place.channel.connect(place.server);
            SelectionKey key = place.channel.register(selector, SelectionKey.OP_CONNECT, place);
            if (connected) {
                greet(key, place);
            }
        } catch (IOException e) {
            finish(place, CONNECTION_LOSS);
        }
    }

    private void onReady(Selector selector, SelectionKey key) {
        Place place = (Place) key.attachment();
        try {
            if (key.isConnectable()) {
                place.channel.finishConnect();
                greet(key, place);
            } else if (place.channel.read(place.in) < 0) {
                throw new IOException("closed by the server");
            } else if (!place.isFrameComplete()) {
                return;
            } else if (place.isOpen) {
                finish(place, 0);
            } else {
                granted(place);
            }
        } catch (IOException e) {
            // A server that closes after closeSession was sent, before its answer arrives, has done what was asked.
            finish(place, place.isOpen ? 0 : CONNECTION_LOSS);
        }
        if (place.channel == null) {
            open(selector, place);
        }
    }

    private static void greet(SelectionKey key, Place place) throws IOException {
        // A new socket's send buffer is empty: these few bytes are always taken at once.
        place.channel.write(ByteBuffer.wrap(HANDSHAKE));
        key.interestOps(SelectionKey.OP_READ);
    }

    private void granted(Place place) throws IOException {
        if (!Handshake.granted(place.in, Integer.BYTES)) {
            throw new IOException("session refused");
        }
        long now = System.nanoTime();
        lastProgressNanos = now;
        meter.reply(now - place.startNanos, 0);
        place.isOpen = true;
        place.in.clear();
        ByteBuffer close = ByteBuffer.allocate(CLOSE.length());
        CLOSE.append(close, 1);
        place.channel.write(close.flip());
    }

    /** Gives the place's socket up; {@code error} is counted when the handshake was not answered. */
    private void finish(Place place, int error) {
        if (error != 0) {
            meter.reply(System.nanoTime() - place.startNanos, error);
        }
        try {
            if (place.channel != null) {
                place.channel.close();
            }
        } catch (IOException e) {
            // The socket is reset on purpose; nothing can be lost with it.
        }
        place.channel = null;
        placesInUse--;
    }

    /** One of the places in which sessions follow one another. */
    private static final class Place {
        final InetSocketAddress server;
        final ByteBuffer in = ByteBuffer.allocateDirect(256);
        SocketChannel channel;
        long startNanos;
        boolean isOpen;

        Place(InetSocketAddress server) {
            this.server = server;
        }

        void restart() {
            in.clear();
            isOpen = false;
            startNanos = System.nanoTime();
        }

        boolean isFrameComplete() {
            return in.position() >= Integer.BYTES && in.position() >= Integer.BYTES + in.getInt(0);
        }
    }
}
