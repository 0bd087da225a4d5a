package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Extends the log's file with zeros ahead of use. A flush of a file that grows has to write its metadata as well, which more
 * than doubles its cost on ext4; unwritten extents, as fallocate makes them, would cost the same at their first use.
 *
 * <p>LMDB does not mind a file longer than its last page. Called by the thread that writes the log, between its transactions:
 * so nothing can be written behind the end of the file meanwhile.
 */
final class Preallocation implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Preallocation.class);
    private static final int WRITE_BYTES = 1 << 20;
    /** The file begins with this many steps; later ones come singly, so that no flush has much more to write than others. */
    private static final int FIRST_STEPS = 8;
    private static final int SPARE_FACTOR = 4;

    private final Path file;
    private final FileChannel channel;
    private final int stepBytes;
    private final ByteBuffer zeros;
    private long endBytes;
    private boolean givenUp;

    Preallocation(Path file, int stepBytes) throws IOException {
        this.file = file;
        this.stepBytes = stepBytes;
        this.channel = FileChannel.open(file, StandardOpenOption.WRITE);
        this.zeros = ByteBuffer.allocateDirect(Math.min(WRITE_BYTES, Math.max(stepBytes, 1)));
        this.endBytes = channel.size();
    }

    /** Adds a step when less than one is left behind {@code usedBytes}. */
    void ensure(long usedBytes) {
        if (givenUp || stepBytes == 0 || endBytes - usedBytes >= stepBytes) {
            return;
        }
        try {
            endBytes = Math.max(channel.size(), usedBytes);
            long target = Math.max(endBytes + stepBytes, (long) FIRST_STEPS * stepBytes);
            if (Files.getFileStore(file).getUsableSpace() < SPARE_FACTOR * (target - endBytes)) {
                // The last of the space is for data.
                giveUp("there is little space left");
                return;
            }
            while (endBytes < target) {
                zeros.clear().limit((int) Math.min(zeros.capacity(), target - endBytes));
                endBytes += channel.write(zeros, endBytes);
            }
        } catch (IOException e) {
            // Not a failure of the log: what it writes next decides whether there is room.
            giveUp(e.getMessage());
        }
    }

    private void giveUp(String reason) {
        givenUp = true;
        LOG.warn("cannot extend {} ahead of use ({}): its flushes will be slower", file, reason);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("closing {}", file, e);
        }
    }
}
