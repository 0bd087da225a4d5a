package org.lockstep.rdma.ring;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Memory that a peer writes to and that shows what is written in pieces and in any order, as one-sided writes may. Two pieces for
 * the same place keep their order.
 */
final class TornMemory {
    private record Piece(ByteBuffer memory, int offset, byte[] bytes) {
        boolean overlaps(Piece other) {
            return memory == other.memory && offset < other.offset + other.bytes.length
                    && other.offset < offset + bytes.length;
        }
    }

    private final Random random;
    private final int pieceBytesMax;
    private final List<Piece> pending = new ArrayList<>();

    TornMemory(Random random, int pieceBytesMax) {
        this.random = random;
        this.pieceBytesMax = pieceBytesMax;
    }

    void write(ByteBuffer from, ByteBuffer to, int offset, int bytes) {
        int done = 0;
        while (done < bytes) {
            byte[] piece = new byte[Math.min(bytes - done, 1 + random.nextInt(pieceBytesMax))];
            from.get(offset + done, piece);
            pending.add(new Piece(to, offset + done, piece));
            done += piece.length;
        }
    }

    /** Writes what the sender has not posted yet. */
    void writeRanges(RingWriter writer, ByteBuffer from, ByteBuffer to) {
        while (writer.rangeBytes() > 0) {
            write(from, to, writer.rangeOffset(), writer.rangeBytes());
            writer.rangePosted();
        }
    }

    /** Shows up to so many pieces, any of them. */
    void show(int pieces) {
        for (int i = 0; i < pieces && !pending.isEmpty(); i++) {
            int chosen = random.nextInt(pending.size());
            Piece piece = pending.get(chosen);
            for (int k = 0; k < chosen; k++) {
                if (pending.get(k).overlaps(piece)) {
                    chosen = k;
                    break;
                }
            }
            piece = pending.remove(chosen);
            piece.memory.put(piece.offset, piece.bytes);
        }
    }

    int pending() {
        return pending.size();
    }
}
