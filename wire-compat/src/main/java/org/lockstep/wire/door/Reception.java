package org.lockstep.wire.door;

/**
 * Who receives what clients send. Every call comes on the event loop that owns the connection, and a connection's calls come
 * in the order of its bytes.
 */
public interface Reception {
    /** A connection was accepted; false to close it at once without a byte (limits). */
    boolean onAccept(ClientConnection connection);

    /**
     * The first frame arrived. The connection reads nothing more until {@link ClientConnection#acceptSession} or a close.
     */
    void onConnect(ClientConnection connection, ConnectRequest request);

    /**
     * A request frame arrived.
     *
     * @param frame holds the request record from {@code offset}, {@code length} bytes; valid only during the call
     */
    void onRequest(ClientConnection connection, int xid, int opcode, byte[] frame, int offset, int length);

    /** Everything that had arrived has been handed over; a good moment to flush. */
    void onReadComplete(ClientConnection connection);

    /**
     * A four-letter word arrived instead of a handshake.
     *
     * @return the text to answer, or null when there is no such word (the bytes are then read as a frame length)
     */
    String onFourLetterWord(ClientConnection connection, String word);

    /** The connection can be written again after its buffers had been full, or not any more. */
    void onWritabilityChanged(ClientConnection connection);

    /** The connection is gone. Called once for every accepted connection. */
    void onClosed(ClientConnection connection);
}
