package org.lockstep.compat.crash;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** A file's bytes in memory. Pages of zeros that were never written take no room; {@link #fork} copies a page when it changes. */
final class SparseFile {
    private static final int PAGE = 4096;

    private final Map<Long, byte[]> pages;
    private final Map<Long, byte[]> own = new HashMap<>();
    private long size;

    SparseFile() {
        this(Map.of(), 0);
    }

    private SparseFile(Map<Long, byte[]> pages, long size) {
        this.pages = pages;
        this.size = size;
    }

    /** A file that starts as this one. This one must not change while the other is in use. */
    SparseFile fork() {
        if (pages.isEmpty()) {
            return new SparseFile(own, size);
        }
        Map<Long, byte[]> base = new HashMap<>(pages);
        base.putAll(own);
        return new SparseFile(base, size);
    }

    long size() {
        return size;
    }

    /** Writes {@code length} bytes of {@code data} from {@code from}, or zeros when {@code data} is null; grows the file. */
    void write(long offset, byte[] data, int from, int length) {
        long at = offset;
        int done = 0;
        while (done < length) {
            int inPage = (int) (at % PAGE);
            int count = Math.min(length - done, PAGE - inPage);
            if (data != null) {
                System.arraycopy(data, from + done, writable(at / PAGE), inPage, count);
            } else if (page(at / PAGE) != null) {
                Arrays.fill(writable(at / PAGE), inPage, inPage + count, (byte) 0);
            }
            at += count;
            done += count;
        }
        size = Math.max(size, offset + length);
    }

    /** Zeros from {@code offset} on, without growing the file. */
    void punch(long offset, long length) {
        long before = size;
        for (long at = offset; at < offset + length; at += PAGE) {
            write(at, null, 0, (int) Math.min(PAGE, offset + length - at));
        }
        size = before;
    }

    /** Sets the size; what is cut off comes back as zeros. */
    void resize(long newSize) {
        if (newSize < size) {
            long cut = newSize;
            size = newSize;
            punch(cut, PAGE - cut % PAGE);
            for (long page : new TreeMap<>(pages).keySet()) {
                if (page * PAGE >= newSize) {
                    own.put(page, new byte[PAGE]);
                }
            }
            own.keySet().removeIf(page -> page * PAGE >= newSize && !pages.containsKey(page));
            own.replaceAll((page, bytes) -> page * PAGE >= newSize ? new byte[PAGE] : bytes);
        }
        size = newSize;
    }

    /** Makes the file hold just these bytes; runs of zeros are left as holes. */
    void writeTo(Path path) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(size);
            Map<Long, byte[]> all = new TreeMap<>(pages);
            all.putAll(own);
            for (Map.Entry<Long, byte[]> page : all.entrySet()) {
                long at = page.getKey() * PAGE;
                if (at < size) {
                    file.seek(at);
                    file.write(page.getValue(), 0, (int) Math.min(PAGE, size - at));
                }
            }
        }
    }

    /** The place of the first byte in which {@code path} differs; -1 when it holds just these bytes. */
    long firstDifference(Path path) throws IOException {
        byte[] real = Files.readAllBytes(path);
        byte[] zeros = new byte[PAGE];
        for (long at = 0; at < Math.min(real.length, size); at += PAGE) {
            byte[] page = page(at / PAGE) == null ? zeros : page(at / PAGE);
            int count = (int) Math.min(PAGE, Math.min(real.length, size) - at);
            int differs = Arrays.mismatch(page, 0, count, real, (int) at, (int) at + count);
            if (differs >= 0) {
                return at + differs;
            }
        }
        return real.length == size ? -1 : Math.min(real.length, size);
    }

    private byte[] page(long number) {
        byte[] mine = own.get(number);
        return mine != null ? mine : pages.get(number);
    }

    private byte[] writable(long number) {
        return own.computeIfAbsent(number, n -> pages.containsKey(n) ? pages.get(n).clone() : new byte[PAGE]);
    }
}
