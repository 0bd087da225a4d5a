package org.lockstep.rdma.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.lockstep.rdma.lane.LaneAddress;

/**
 * What two servers say to each other over the TCP connection to set up lanes. Encoded as kind (1 byte) and fields, big-endian;
 * an address as four bytes and a port.
 */
sealed interface LaneTalk {
    /** The largest encoded form. */
    int BYTES_MAX = 256;

    /**
     * The first word of both sides on a connection: this server has RDMA.
     *
     * @param port where it is dialed
     * @param ringBytes the largest ring it uses
     * @param wake wants to be woken by what is written to it
     */
    record Hello(InetSocketAddress port, int ringBytes, boolean wake) implements LaneTalk {}

    /**
     * Of the server with the lower id: a lane of this view is made, and dialed from {@code pair}. Of the other one, with the same
     * number: it is made here too, and may be used.
     *
     * @param number drawn by the lower id, higher each time on a connection
     * @param memory where the sender of this wants to be written to
     * @param pair null in the answer
     */
    record Offer(long number, long viewId, LaneAddress memory, InetSocketAddress pair) implements LaneTalk {}

    /** From here on the sender's slots and rows of the lane's view come through it; {@code previous} is the slot before. */
    record Begin(long number, long previous) implements LaneTalk {}

    /**
     * The sender has given the lane up.
     *
     * @param over it needs none any more in that view; else another may be made
     */
    record Retire(long number, boolean over, String why) implements LaneTalk {}

    /** The encoded form. */
    default byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(BYTES_MAX);
        if (this instanceof Hello hello) {
            put(out.put((byte) 1), hello.port);
            out.putInt(hello.ringBytes).put((byte) (hello.wake ? 1 : 0));
        } else if (this instanceof Offer offer) {
            offer.memory.encode(out.put((byte) (offer.pair == null ? 3 : 2)).putLong(offer.number).putLong(offer.viewId));
            if (offer.pair != null) {
                put(out, offer.pair);
            }
        } else if (this instanceof Begin begin) {
            out.put((byte) 4).putLong(begin.number).putLong(begin.previous);
        } else if (this instanceof Retire retire) {
            byte[] why = retire.why.getBytes(StandardCharsets.UTF_8);
            out.put((byte) 5).putLong(retire.number).put((byte) (retire.over ? 1 : 0));
            out.put(why, 0, Math.min(why.length, out.remaining()));
        }
        byte[] encoded = new byte[out.position()];
        out.get(0, encoded);
        return encoded;
    }

    private static void put(ByteBuffer out, InetSocketAddress address) {
        byte[] bytes = address.getAddress().getAddress();
        if (bytes.length != Integer.BYTES) {
            throw new IllegalArgumentException("not an IPv4 address: " + address);
        }
        out.put(bytes).putShort((short) address.getPort());
    }

    private static InetSocketAddress address(ByteBuffer in) throws UnknownHostException {
        byte[] bytes = new byte[Integer.BYTES];
        in.get(bytes);
        return new InetSocketAddress(InetAddress.getByAddress(bytes), in.getShort() & 0xffff);
    }

    /** Null for what is not in the encoded form, or of a later release: it is left aside. */
    static LaneTalk decode(byte[] encoded) {
        ByteBuffer in = ByteBuffer.wrap(encoded);
        try {
            return decode(in.get(), in);
        } catch (BufferUnderflowException | UnknownHostException e) {
            return null;
        }
    }

    private static LaneTalk decode(int kind, ByteBuffer in) throws UnknownHostException {
        return switch (kind) {
            case 1 -> new Hello(address(in), in.getInt(), in.get() != 0);
            case 2 -> new Offer(in.getLong(), in.getLong(), LaneAddress.decode(in), address(in));
            case 3 -> new Offer(in.getLong(), in.getLong(), LaneAddress.decode(in), null);
            case 4 -> new Begin(in.getLong(), in.getLong());
            case 5 -> {
                long number = in.getLong();
                boolean over = in.get() != 0;
                yield new Retire(number, over, StandardCharsets.UTF_8.decode(in).toString());
            }
            default -> null;
        };
    }
}
