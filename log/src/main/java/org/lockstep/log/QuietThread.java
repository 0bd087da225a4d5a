package org.lockstep.log;

import jnr.ffi.LibraryLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a thread stand back behind the others of the process: work in the background must not take the processor from those that
 * clients wait for. Java's own priorities are without effect on Linux.
 */
public final class QuietThread {
    static final int NICE = 10;
    private static final Logger LOG = LoggerFactory.getLogger(QuietThread.class);

    /** The C library's call; public because a proxy is made of it. */
    public interface Scheduling {
        /** See nice(2); on Linux it is about the calling thread only. */
        int nice(int more);
    }

    private QuietThread() {}

    /** Lowers the calling thread for the rest of its life. Where that cannot be done it stays as it is. */
    public static void lowerCaller() {
        try {
            LibraryLoader.create(Scheduling.class).load("c").nice(NICE);
        } catch (RuntimeException | LinkageError e) {
            LOG.debug("the thread keeps its priority", e);
        }
    }
}
