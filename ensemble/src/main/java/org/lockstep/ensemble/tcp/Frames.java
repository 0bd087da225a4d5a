package org.lockstep.ensemble.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.zip.CRC32C;
import org.lockstep.ensemble.codec.MessageCodec;
import org.lockstep.ensemble.codec.WireWriter;
import org.lockstep.ensemble.core.Message;

/**
 * Builds frames: length (4), CRC32C of the rest (4), type (1), fields. TCP's own checksum lets one broken segment in 65 536 pass,
 * and what one member's log alone has wrong, no log checksum shows.
 *
 * <p>A message that goes to several peers is encoded once, and its payload moved out of the heap once: sockets can write only
 * what lies outside. One event loop.
 */
final class Frames {
    static final int HEADER_BYTES = 8;
    /** The first frame of whoever dialed: it takes the connection. */
    static final int START = MessageCodec.TRANSPORT_TYPES;
    static final int PING = START + 1;
    static final int PONG = START + 2;
    static final int ENSEMBLE = START + 3;
    /** What is said by whoever extends the transport ({@link SideListener}). */
    static final int SIDE = START + 4;
    static final int BULK_HEAD = START + 8;
    static final int BULK_CHUNK = START + 9;
    static final int BULK_ACK = START + 10;
    static final int BULK_END = START + 11;
    static final int BULK_DONE = START + 12;
    static final int BULK_ABORT = START + 13;

    private static final byte[] NOTHING = new byte[0];

    private final ByteBufAllocator allocator;
    private final int frameBytesMax;
    private final WireWriter writer = new WireWriter();
    private final CRC32C crc = new CRC32C();
    private Message last;
    private ByteBuf lastFrame;

    Frames(ByteBufAllocator allocator, int frameBytesMax) {
        this.allocator = allocator;
        this.frameBytesMax = frameBytesMax;
    }

    /** The frame of a message; the caller owns a reference of its own. */
    ByteBuf of(Message message) {
        if (message != last) {
            forget();
            lastFrame = encode(message);
            last = message;
        }
        return lastFrame.retainedDuplicate();
    }

    /** Lets go of the last message's frame. */
    void forget() {
        if (lastFrame != null) {
            lastFrame.release();
            lastFrame = null;
            last = null;
        }
    }

    private ByteBuf encode(Message message) {
        writer.clear();
        MessageCodec.encode(message, writer);
        byte[] payload = MessageCodec.payload(message);
        return frame(payload == null ? NOTHING : payload);
    }

    /** A frame of nothing but its type. */
    ByteBuf of(int type) {
        begin(type);
        return frame(NOTHING);
    }

    /** For the fields of a frame of that type; {@link #frame} ends it. */
    WireWriter begin(int type) {
        writer.clear();
        writer.putByte(type);
        return writer;
    }

    /** The frame of what was written since {@link #begin}, and {@code payload} behind it. */
    ByteBuf frame(byte[] payload) {
        int length = writer.length() + payload.length;
        if (length > frameBytesMax) {
            throw new IllegalArgumentException("a frame of " + length + " bytes, at most " + frameBytesMax + " may be");
        }
        crc.reset();
        crc.update(writer.array(), 0, writer.length());
        crc.update(payload, 0, payload.length);
        return allocator.directBuffer(HEADER_BYTES + length).writeInt(length).writeInt((int) crc.getValue())
                .writeBytes(writer.array(), 0, writer.length()).writeBytes(payload);
    }

    ByteBuf frame() {
        return frame(NOTHING);
    }
}
