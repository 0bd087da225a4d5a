package org.lockstep.ensemble.tcp;

/** Either end of a bulk stream, as its peer knows it. */
interface BulkStream {
    /** How many chunks may be under way, not yet taken by the receiver. */
    int WINDOW_CHUNKS = 8;

    /** Ends it and tells its owner that it has failed. */
    void end(String why);

    /** Ends it and tells nobody. */
    void close();
}
