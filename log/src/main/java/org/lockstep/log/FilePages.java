package org.lockstep.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The pages of an LMDB file, read without LMDB. One buffer per level of a walk, so a page stays readable while those below it are
 * visited. Reads rather than maps: a mapping would last until the next garbage collection and keep the file system busy.
 */
final class FilePages implements AutoCloseable {
    private static final int LIST_BYTES = 1 << 16;

    private final FileChannel channel;
    private final int pageBytes;
    private final long wholePages;
    private final List<ByteBuffer> levels = new ArrayList<>();
    private final ByteBuffer list = newBuffer(LIST_BYTES);
    private long listFrom;

    FilePages(Path file, int pageBytes) throws IOException {
        this.channel = FileChannel.open(file, StandardOpenOption.READ);
        this.pageBytes = pageBytes;
        this.wholePages = channel.size() / pageBytes;
        list.limit(0);
    }

    private static ByteBuffer newBuffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    /** Whether the file holds the page {@code number}, all of it. */
    boolean has(long number) {
        return number < wholePages;
    }

    /** The page {@code number}, until the next call for the same {@code level}. */
    ByteBuffer page(int level, long number) {
        while (levels.size() <= level) {
            levels.add(newBuffer(pageBytes));
        }
        ByteBuffer in = levels.get(level).clear();
        fill(in, number * pageBytes);
        return in;
    }

    /** Eight bytes at {@code offset} of the file; cheap when the offsets ascend. */
    long longAt(long offset) {
        if (offset < listFrom || offset + Long.BYTES > listFrom + list.limit()) {
            listFrom = offset;
            fill(list.clear(), offset);
        }
        return list.getLong((int) (offset - listFrom));
    }

    private void fill(ByteBuffer in, long offset) {
        try {
            int read = 0;
            while (in.hasRemaining() && read >= 0) {
                read = channel.read(in, offset + in.position());
            }
            in.flip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
