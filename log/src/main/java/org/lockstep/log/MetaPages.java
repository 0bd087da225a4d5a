package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.lockstep.log.DataDirectoryException.Kind;

/**
 * The two meta pages of an LMDB 0.9 file, read without LMDB.
 *
 * <p>LMDB maps a file as soon as its magic number fits, takes an empty one for a new environment, and dies with SIGBUS when it
 * reads past the end of one that was cut. So every existing file is looked at here before LMDB may open it.
 */
final class MetaPages {
    static final int MAGIC = 0xBEEFC0DE;
    static final int VERSION = 1;
    static final int PAGE_HEADER_BYTES = 16;
    /** A file begins with so many. */
    static final int COUNT = 2;
    static final int FLAG_META = 0x08;
    /** So many free pages at a file's end may never have been written. */
    private static final int UNWRITTEN_PAGES_MAX = 4096;
    private static final int META_BYTES = 152;
    private static final int PAGE_BYTES_MIN = 512;
    private static final int PAGE_BYTES_MAX = 0x8000;

    final int pageBytes;
    /** Descriptor of the tree of free pages, then of the main tree, as they stand in the newer meta page. */
    final Tree free;
    final Tree main;
    final long lastPage;
    final long txnId;
    private final long fileBytes;

    /** A tree's descriptor: 48 bytes in a meta page, or in the main tree under the name of a table. */
    record Tree(int flags, int depth, long branchPages, long leafPages, long overflowPages, long entries, long root) {
        static final int BYTES = 48;

        static Tree read(ByteBuffer in, int offset) {
            return new Tree(in.getShort(offset + 4) & 0xffff, in.getShort(offset + 6) & 0xffff, in.getLong(offset + 8),
                    in.getLong(offset + 16), in.getLong(offset + 24), in.getLong(offset + 32), in.getLong(offset + 40));
        }

        boolean isEmpty() {
            return root == -1;
        }
    }

    private MetaPages(int pageBytes, ByteBuffer newer, long fileBytes) {
        this.pageBytes = pageBytes;
        this.fileBytes = fileBytes;
        free = Tree.read(newer, 40);
        main = Tree.read(newer, 88);
        lastPage = newer.getLong(136);
        txnId = newer.getLong(144);
    }

    /** Bytes up to the end of the last page ever used. */
    long usedBytes() {
        return (lastPage + 1) * pageBytes;
    }

    /**
     * Whether the file ends before the last page ever used. LMDB does not write a page that was taken from the file's end and
     * given back in one commit, so a sound file may lack its last pages as long as they are free; {@link TreeCheck} tells.
     */
    boolean isShort() {
        return usedBytes() > fileBytes;
    }

    /** Reads and checks the meta pages of {@code file} against each other, and roughly against the file's size. */
    static MetaPages read(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            ByteBuffer first = page(channel, 0);
            if (size == 0) {
                throw damaged(file, "it is empty");
            }
            if (size < META_BYTES || first.getInt(16) != MAGIC) {
                throw foreign(file, "it is not a file of this server");
            }
            if (first.getInt(20) != VERSION) {
                throw foreign(file, "it has LMDB data format " + first.getInt(20) + ", this server knows " + VERSION);
            }
            int pageBytes = first.getInt(40);
            if (pageBytes < PAGE_BYTES_MIN || pageBytes > PAGE_BYTES_MAX || Integer.bitCount(pageBytes) != 1) {
                throw damaged(file, "its page size reads " + pageBytes);
            }
            ByteBuffer second = page(channel, pageBytes);
            check(file, first, 0, pageBytes);
            check(file, second, 1, pageBytes);
            return newer(file, first, second, pageBytes, size);
        } catch (IOException e) {
            throw new DataDirectoryException(Kind.UNUSABLE, "cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static MetaPages newer(Path file, ByteBuffer first, ByteBuffer second, int pageBytes, long size) {
        long even = first.getLong(144);
        long odd = second.getLong(144);
        // Commit n goes to page n & 1, so the two differ by exactly one; a fresh file has 0 in both.
        boolean fresh = even == 0 && odd == 0;
        if (!fresh && ((even & 1) != 0 || Math.abs(even - odd) != 1)) {
            throw damaged(file, "its two headers name commits " + even + " and " + odd);
        }
        MetaPages meta = new MetaPages(pageBytes, even > odd || fresh ? first : second, size);
        if (meta.lastPage < 1 || meta.lastPage >= size / pageBytes + UNWRITTEN_PAGES_MAX) {
            throw damaged(file, "it has " + size + " bytes, its header needs " + (meta.lastPage + 1) + " pages of " + pageBytes);
        }
        return meta;
    }

    private static void check(Path file, ByteBuffer page, int number, int pageBytes) {
        boolean sound = page.limit() == META_BYTES && page.getLong(0) == number && page.getShort(10) == FLAG_META
                && page.getInt(16) == MAGIC && page.getInt(20) == VERSION && page.getInt(40) == pageBytes;
        if (!sound) {
            throw damaged(file, "header page " + number + " is not one");
        }
    }

    private static ByteBuffer page(FileChannel channel, long offset) throws IOException {
        ByteBuffer page = ByteBuffer.allocate(META_BYTES).order(ByteOrder.nativeOrder());
        int read;
        do {
            read = channel.read(page, offset + page.position());
        } while (read > 0);
        page.flip();
        return page.limit() < META_BYTES ? ByteBuffer.allocate(META_BYTES).order(ByteOrder.nativeOrder()) : page;
    }

    static DataDirectoryException damaged(Path file, String what) {
        return new DataDirectoryException(Kind.DAMAGED, Damage.text(file, what));
    }

    private static DataDirectoryException foreign(Path file, String what) {
        return new DataDirectoryException(Kind.FOREIGN_FORMAT, "cannot use " + file + ": " + what
                + "; nothing was changed: move it away, or set dataDir to another directory");
    }

    /** Refuses a {@code file} that is missing or no regular file. */
    static void requirePresent(Path file) {
        if (!Files.isRegularFile(file)) {
            throw damaged(file, "it is missing");
        }
    }
}
