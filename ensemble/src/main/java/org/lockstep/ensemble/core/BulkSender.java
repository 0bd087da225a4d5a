package org.lockstep.ensemble.core;

/**
 * The sending end of a bulk stream ({@link Transport#openBulk}). The receiver says how much it has taken, and so how much may be
 * under way. On the transport's event loop, as its {@link Listener}.
 */
public interface BulkSender {
    int HEAD_BYTES_MAX = 64 << 10;
    int CHUNK_BYTES_MAX = 256 << 10;

    /** How many chunks may be sent now; 0 until the stream is connected, and after it has ended. */
    int room();

    /**
     * Sends the next chunk, of 1 to {@link #CHUNK_BYTES_MAX} bytes; the array is the transport's from here on.
     *
     * @throws IllegalStateException without {@link #room}
     */
    void send(byte[] chunk);

    /** That was the last chunk. */
    void finish();

    /** Ends the stream; the receiver is told why. No callback comes afterwards. */
    void abort(String why);

    /** What the sender is told; {@code onFinished} or {@code onFailed} comes last, and once. Never from within a call. */
    interface Listener {
        /** There is room: the stream is connected, or the receiver has taken something. */
        void onRoom();

        /** The receiver has taken every chunk and the end. */
        void onFinished();

        /** The stream broke, was refused, or the receiver gave up; it is not known how much has arrived. */
        void onFailed(String why);
    }
}
