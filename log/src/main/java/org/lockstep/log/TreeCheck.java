package org.lockstep.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.BitSet;
import org.lockstep.log.DataDirectoryException.Kind;
import org.lockstep.log.MetaPages.Tree;

/**
 * Walks every page of an LMDB 0.9 file before LMDB may: LMDB believes what its pages say, and a flipped bit in one of them
 * can kill the process, lose a part of a tree, or have live pages written over.
 *
 * <p>Checked are each page's number, type and bounds, each node's bounds, that nodes fill their page exactly, that keys ascend
 * and keep between those of the branch above, that the trees have the pages, depth and entries their descriptors name, and that
 * every page of the file belongs to exactly one tree or to the list of free pages. What values hold is left to their own
 * checksums. The file must be closed, and smaller than 2^31 pages.
 */
final class TreeCheck {
    private static final int FLAG_BRANCH = 1;
    private static final int FLAG_LEAF = 2;
    private static final int FLAG_OVERFLOW = 4;
    private static final int NODE_BIG = 1;
    private static final int NODE_TABLE = 2;
    private static final int NODE_HEADER_BYTES = 8;
    private static final int FREE_FLAG_INTEGER_KEY = 8;
    private static final int DEPTH_MAX = 32;

    private final Path file;
    private final MetaPages meta;
    private final FilePages pages;
    private final BitSet seen;

    /** What a walk has counted of its tree so far, and how its keys compare. */
    private static final class Count {
        final boolean free;
        final boolean main;
        long branches;
        long leaves;
        long overflows;
        long entries;

        Count(boolean free, boolean main) {
            this.free = free;
            this.main = main;
        }
    }

    /** A key where it lies; null stands for no bound. */
    private record Key(ByteBuffer in, int offset, int length) {}

    private TreeCheck(Path file, MetaPages meta, FilePages pages) {
        this.file = file;
        this.meta = meta;
        this.pages = pages;
        this.seen = new BitSet((int) (meta.lastPage + 1));
    }

    /** Checks {@code file}; damage is a {@link DataDirectoryException} that names the file and the page. */
    static void check(Path file) {
        MetaPages meta = MetaPages.read(file);
        if (meta.lastPage >= Integer.MAX_VALUE) {
            return;
        }
        try (FilePages pages = new FilePages(file, meta.pageBytes)) {
            new TreeCheck(file, meta, pages).run();
        } catch (IOException | UncheckedIOException e) {
            throw new DataDirectoryException(Kind.UNUSABLE, "cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private void run() {
        seen.set(0, 2);
        if ((meta.free.flags() & FREE_FLAG_INTEGER_KEY) == 0 || meta.main.flags() != 0) {
            throw MetaPages.damaged(file, "its header's flags are wrong");
        }
        tree(meta.free, 0, new Count(true, false));
        tree(meta.main, 0, new Count(false, true));
        int missing = seen.nextClearBit(0);
        if (missing <= meta.lastPage) {
            throw damaged(missing, "belongs to nothing");
        }
    }

    private void tree(Tree tree, int level, Count count) {
        if (!tree.isEmpty()) {
            if (tree.depth() < 1 || tree.depth() > DEPTH_MAX) {
                throw MetaPages.damaged(file, "a tree has depth " + tree.depth());
            }
            walk(tree.root(), level, tree.depth(), null, null, count);
        } else if (tree.depth() != 0) {
            throw MetaPages.damaged(file, "a tree without root has depth " + tree.depth());
        }
        if (count.branches != tree.branchPages() || count.leaves != tree.leafPages() || count.overflows != tree.overflowPages()
                || count.entries != tree.entries()) {
            throw MetaPages.damaged(file, "a tree has " + count.entries + " entries on " + (count.branches + count.leaves)
                    + " pages, its descriptor names " + tree.entries() + " on " + (tree.branchPages() + tree.leafPages()));
        }
    }

    /** Checks the page {@code number} and all below; its keys lie in [low, high). */
    private void walk(long number, int level, int depth, Key low, Key high, Count count) {
        claim(number);
        requireWritten(number);
        ByteBuffer in = pages.page(level, number);
        int flags = in.getShort(10) & 0xffff;
        int lower = in.getShort(12) & 0xffff;
        int upper = in.getShort(14) & 0xffff;
        boolean leaf = depth == 1;
        if (in.getLong(0) != number || flags != (leaf ? FLAG_LEAF : FLAG_BRANCH) || lower <= MetaPages.PAGE_HEADER_BYTES
                || (lower & 1) != 0 || lower > upper || upper > meta.pageBytes) {
            throw damaged(number, "has a wrong header");
        }
        int nodes = (lower - MetaPages.PAGE_HEADER_BYTES) / 2;
        checkNodes(number, in, nodes, upper, leaf);
        checkKeys(number, in, nodes, leaf, low, high, count);
        if (leaf) {
            count.leaves++;
            count.entries += nodes;
            for (int i = 0; i < nodes; i++) {
                leafNode(number, level, in, node(in, i), count);
            }
        } else {
            count.branches++;
            for (int i = 0; i < nodes; i++) {
                Key from = i == 0 ? low : key(in, node(in, i));
                Key to = i + 1 == nodes ? high : key(in, node(in, i + 1));
                walk(childOf(in, node(in, i)), level + 1, depth - 1, from, to, count);
            }
        }
    }

    private static int node(ByteBuffer in, int i) {
        return in.getShort(MetaPages.PAGE_HEADER_BYTES + 2 * i) & 0xffff;
    }

    private static Key key(ByteBuffer in, int node) {
        return new Key(in, node + NODE_HEADER_BYTES, in.getShort(node + 6) & 0xffff);
    }

    private static long childOf(ByteBuffer in, int node) {
        return in.getInt(node) & 0xffffffffL | (in.getShort(node + 4) & 0xffffL) << 32;
    }

    /** Every node lies between {@code upper} and the page's end, and together they fill that exactly. */
    private void checkNodes(long number, ByteBuffer in, int nodes, int upper, boolean leaf) {
        long filled = 0;
        for (int i = 0; i < nodes; i++) {
            int node = node(in, i);
            if (node < upper || node + NODE_HEADER_BYTES > meta.pageBytes) {
                throw damaged(number, "has a node out of bounds");
            }
            long bytes = NODE_HEADER_BYTES + (in.getShort(node + 6) & 0xffff);
            if (leaf) {
                int nodeFlags = in.getShort(node + 4) & 0xffff;
                bytes += nodeFlags == NODE_BIG ? Long.BYTES : in.getInt(node) & 0xffffffffL;
            }
            if (node + bytes > meta.pageBytes) {
                throw damaged(number, "has a node out of bounds");
            }
            filled += bytes + (bytes & 1);
        }
        if (filled != meta.pageBytes - upper) {
            throw damaged(number, "has nodes that overlap or leave a gap");
        }
    }

    private void checkKeys(long number, ByteBuffer in, int nodes, boolean leaf, Key low, Key high, Count count) {
        Key before = null;
        // The first key of a branch is never looked at.
        for (int i = leaf ? 0 : 1; i < nodes; i++) {
            Key key = key(in, node(in, i));
            if (count.free && key.length != Long.BYTES) {
                throw damaged(number, "has a wrong key");
            }
            boolean ascends = before == null || compare(before, key, count) < 0;
            boolean within = low == null || compare(low, key, count) <= 0;
            if (!ascends || !within) {
                throw damaged(number, "has keys out of order");
            }
            before = key;
        }
        if (before != null && high != null && compare(before, high, count) >= 0) {
            throw damaged(number, "has keys out of order");
        }
    }

    private static int compare(Key a, Key b, Count count) {
        if (count.free) {
            return Long.compareUnsigned(a.in.getLong(a.offset), b.in.getLong(b.offset));
        }
        int shared = Math.min(a.length, b.length);
        for (int i = 0; i < shared; i++) {
            int difference = (a.in.get(a.offset + i) & 0xff) - (b.in.get(b.offset + i) & 0xff);
            if (difference != 0) {
                return difference;
            }
        }
        return a.length - b.length;
    }

    private void leafNode(long number, int level, ByteBuffer in, int node, Count count) {
        int nodeFlags = in.getShort(node + 4) & 0xffff;
        long size = in.getInt(node) & 0xffffffffL;
        int data = node + NODE_HEADER_BYTES + (in.getShort(node + 6) & 0xffff);
        if (nodeFlags == NODE_TABLE && count.main && size == Tree.BYTES) {
            Tree tree = Tree.read(in, data);
            if (tree.flags() != 0) {
                throw damaged(number, "has a table with wrong flags");
            }
            tree(tree, level + 1, new Count(false, false));
        } else if (nodeFlags == NODE_BIG) {
            long first = in.getLong(data);
            overflow(first, level + 1, size, count);
            if (count.free) {
                freePages(number, first * meta.pageBytes + MetaPages.PAGE_HEADER_BYTES, size);
            }
        } else if (nodeFlags != 0 || count.main) {
            throw damaged(number, "has a node of a wrong kind");
        } else if (count.free) {
            freePages(number, number * meta.pageBytes + data, size);
        }
        if (count.free && Long.compareUnsigned(in.getLong(node + NODE_HEADER_BYTES), meta.txnId) > 0) {
            throw damaged(number, "has free pages of a commit to come");
        }
    }

    private void overflow(long first, int level, long size, Count count) {
        claim(first);
        requireWritten(first);
        ByteBuffer in = pages.page(level, first);
        long span = in.getInt(12) & 0xffffffffL;
        boolean enough = span * meta.pageBytes >= MetaPages.PAGE_HEADER_BYTES + size;
        if (in.getLong(0) != first || (in.getShort(10) & 0xffff) != FLAG_OVERFLOW || !enough) {
            throw damaged(first, "has a wrong header");
        }
        for (long page = first + 1; page < first + span; page++) {
            claim(page);
            requireWritten(page);
        }
        count.overflows += span;
    }

    /** Claims the free pages listed in {@code size} bytes at {@code offset} of the file. */
    private void freePages(long number, long offset, long size) {
        long length = size < Long.BYTES ? -1 : pages.longAt(offset);
        if (length < 0 || length > size / Long.BYTES - 1) {
            throw damaged(number, "has a wrong list of free pages");
        }
        for (long i = 1; i <= length; i++) {
            claim(pages.longAt(offset + i * Long.BYTES));
        }
    }

    /** Each page has one owner. */
    private void claim(long number) {
        if (number < 2 || number > meta.lastPage) {
            throw damaged(number, "is named but does not exist");
        }
        if (seen.get((int) number)) {
            throw damaged(number, "is used twice");
        }
        seen.set((int) number);
    }

    /** A free page may lie beyond the file's end, for it may never have been written; any other may not. */
    private void requireWritten(long number) {
        if (!pages.has(number)) {
            throw damaged(number, "lies beyond the end of the file, which was cut");
        }
    }

    private DataDirectoryException damaged(long page, String what) {
        return MetaPages.damaged(file, "page " + page + " (at byte " + page * meta.pageBytes + ") " + what);
    }
}
