package org.lockstep.ensemble.core;

/**
 * The receiving end of a bulk stream, on the transport's event loop. Chunks come whole, in order, each once; {@code onEnd} or
 * {@code onFailed} comes last, and once.
 */
public interface BulkReceiver {
    /** The next chunk; the array is the receiver's. When it is done with it, {@link Stream#taken} makes room for another. */
    void onChunk(byte[] chunk);

    /** That was all: nothing is missing. The sender hears of it when every chunk was taken. */
    void onEnd();

    /** The stream broke, or the sender gave up: nothing more comes. */
    void onFailed(String why);

    /** The way back to the sender. On the transport's event loop. */
    interface Stream {
        /** One more chunk is done with. */
        void taken();

        /** Gives up; the sender is told why. No callback comes afterwards. */
        void abort(String why);
    }
}
