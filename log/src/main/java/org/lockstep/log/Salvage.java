package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/**
 * Finds slots that are on the medium but not in the tree: those of the last commit before a power cut.
 *
 * <p>A commit of the log flushes its pages and only then writes LMDB's meta page, whose own flush rides on the next commit; so one
 * commit costs one flush of the device instead of two. A power cut may take that last meta page back, and LMDB then opens at
 * the commit before, which it keeps whole. The slots of the last commit still lie in its leaf pages, flushed before they were
 * acknowledged and not written over, since LMDB reuses only pages that neither of its last two commits needs.
 *
 * <p>So every leaf page of the file is read, reachable or not, and what continues the chain of the last slot in the tree, whole
 * and with a right checksum, is taken. Nothing else can pass for such a slot: a place in the order is written once, a new start
 * begins a new view, and the tree always keeps its last slot, so that the chain has an end to continue from.
 */
final class Salvage {
    private static final int FLAG_LEAF = 2;
    private static final int NODE_HEADER_BYTES = 8;
    private static final int PAGES_PER_READ = 256;
    /** No slot has more chunks: 128 MiB. */
    private static final int CHUNKS_MAX = 1 << 16;

    private final int pageBytes;
    private final Position last;
    private final TreeMap<Position, FoundChunks> chunks = new TreeMap<>();
    private final SlotCodec codec = new SlotCodec();

    private Salvage(int pageBytes, Position last) {
        this.pageBytes = pageBytes;
        this.last = last;
    }

    /** The slots behind {@code last} in {@code file} that continue {@code chain}, in order; the chain stays as it is. */
    static List<Slot> find(Path file, int pageBytes, Position last, SlotChain chain) throws IOException {
        Salvage salvage = new Salvage(pageBytes, last);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            salvage.scan(channel);
        }
        return salvage.continuing(chain);
    }

    private void scan(FileChannel channel) throws IOException {
        ByteBuffer pages = ByteBuffer.allocateDirect(PAGES_PER_READ * pageBytes).order(java.nio.ByteOrder.nativeOrder());
        long number = 0;
        while (channel.read(pages.clear(), number * pageBytes) > 0) {
            int whole = pages.position() / pageBytes;
            for (int i = 0; i < whole; i++) {
                page(pages.slice(i * pageBytes, pageBytes).order(pages.order()), number + i);
            }
            if (whole == 0) {
                return;
            }
            number += whole;
        }
    }

    private void page(ByteBuffer in, long number) {
        int lower = in.getShort(12) & 0xffff;
        if (in.getLong(0) != number || in.getShort(10) != FLAG_LEAF || lower <= MetaPages.PAGE_HEADER_BYTES || lower > pageBytes) {
            return;
        }
        for (int at = MetaPages.PAGE_HEADER_BYTES; at + Short.BYTES <= lower; at += Short.BYTES) {
            node(in, in.getShort(at) & 0xffff);
        }
    }

    private void node(ByteBuffer in, int node) {
        int data = node + NODE_HEADER_BYTES + SlotKey.BYTES;
        if (data > pageBytes || in.getShort(node + 4) != 0 || in.getShort(node + 6) != SlotKey.BYTES) {
            return;
        }
        int size = in.getInt(node);
        if (size < 0 || size > SlotCodec.VALUE_BYTES || data + size > pageBytes) {
            return;
        }
        ByteBuffer key = in.slice(node + NODE_HEADER_BYTES, SlotKey.BYTES); // big-endian, as a slice is
        long low = key.getLong(8);
        Position position = SlotKey.position(key.getLong(0), low);
        if (position.compareTo(last) > 0) {
            byte[] value = new byte[size];
            in.get(data, value);
            keep(position, SlotKey.chunk(low), value);
        }
    }

    private void keep(Position position, int chunk, byte[] value) {
        if (chunk <= CHUNKS_MAX) {
            chunks.computeIfAbsent(position, key -> new FoundChunks()).add(chunk, value);
        }
    }

    private List<Slot> continuing(SlotChain chain) {
        List<Slot> found = new ArrayList<>();
        TreeMap<Integer, Position> ends = new TreeMap<>();
        for (var candidate : chunks.entrySet()) {
            Position position = candidate.getKey();
            Position end = ends.get(position.rank());
            long before = end != null && end.viewId() == position.viewId() ? end.index()
                    : chain.last(position.viewId(), position.rank());
            byte[] payload = candidate.getValue().join(codec, position, before);
            if (payload != null) {
                found.add(new Slot(position, payload));
                ends.put(position.rank(), position);
            }
        }
        return found;
    }
}
