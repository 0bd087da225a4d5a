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
 * <p>A commit of the log flushes its pages and only then writes LMDB's meta page, whose own flush rides on the next commit; so
 * one commit costs one flush of the device instead of two. A power cut may take that last meta page back, and LMDB then opens at
 * the commit before, which it keeps whole. The slots of the last commit still lie in its leaf pages, flushed before they were
 * acknowledged and not written over, since LMDB reuses only pages that neither of its last two commits needs.
 *
 * <p>So every leaf page of the file is read, reachable or not, and what continues the chains of the tree, whole and with a right
 * checksum, is taken:
 *
 * <ul>
 *   <li>only slots of the <i>installed view</i>. What an install cut away is of the view before, and what lies there of views
 *       before is old: an install is flushed, meta page and all, before it returns, so no image of it is missing the new view.
 *   <li>of each sender only what follows its last slot in the tree, deleted ones included ({@link Floor}). A place in a view is
 *       written once, so nothing else can pass for such a slot.
 *   <li>of STABLE slots only those that follow in the total order too. The commit that was under way when the power went may
 *       have written some of its pages, and a stable part with a hole would be worse than a shorter one.
 *   <li>never a COPIED slot: this disk has not secured it.
 * </ul>
 */
final class Salvage {
    private static final int FLAG_LEAF = 2;
    private static final int NODE_HEADER_BYTES = 8;
    private static final int PAGES_PER_READ = 256;
    /** No slot has more chunks: 128 MiB. */
    private static final int CHUNKS_MAX = 1 << 16;

    private final int pageBytes;
    private final SlotArea area;
    private final long viewId;
    private final TreeMap<Position, FoundChunks> chunks = new TreeMap<>();
    private final SlotCodec codec = new SlotCodec();

    /** A slot, and how it had come into the log. */
    record Found(Slot slot, SlotKind kind) {}

    private Salvage(int pageBytes, SlotArea area, long viewId) {
        this.pageBytes = pageBytes;
        this.area = area;
        this.viewId = viewId;
    }

    /**
     * The slots in {@code file} that continue {@code area}, in order; the area stays as it is.
     *
     * @param viewId the installed view; 0 for a log without: then any view not older than the area's newest will do
     */
    static List<Found> find(Path file, int pageBytes, SlotArea area, long viewId) throws IOException {
        Salvage salvage = new Salvage(pageBytes, area, viewId);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            salvage.scan(channel);
        }
        return salvage.continuing();
    }

    /** Whether a slot at {@code position} could belong to what {@code area} has lost. */
    static boolean mayContinue(SlotArea area, long viewId, Position position) {
        return (viewId == 0 || position.viewId() == viewId) && area.chain().isNew(position);
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
        if (in.getLong(0) != number || in.getShort(10) != FLAG_LEAF || lower <= MetaPages.PAGE_HEADER_BYTES
                || lower > pageBytes) {
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
        if (mayContinue(area, viewId, position)) {
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

    private List<Found> continuing() {
        List<Found> found = new ArrayList<>();
        SlotChain chain = new SlotChain();
        chain.continueFrom(area.chain());
        StableMark mark = new StableMark();
        mark.continueFrom(area.mark());
        for (var candidate : chunks.entrySet()) {
            Position position = candidate.getKey();
            Found slot = chain.isNew(position)
                    ? candidate.getValue().join(codec, position, header -> follows(header, position, chain, mark)) : null;
            if (slot != null) {
                found.add(slot);
                chain.extend(position);
                if (slot.kind() == SlotKind.STABLE) {
                    mark.raise(position);
                }
            }
        }
        return found;
    }

    private static boolean follows(SlotCodec.Header header, Position position, SlotChain chain, StableMark mark) {
        return header.kind() != SlotKind.COPIED && header.prevIndex() == chain.last(position.viewId(), position.rank())
                && (header.kind() != SlotKind.STABLE || header.before() == mark.in(position.viewId()));
    }
}
