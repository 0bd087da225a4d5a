package org.lockstep.ensemble.core;

/** What a {@link Transport} tells its owner, on the transport's event loop. Nothing here may throw. */
public interface TransportListener {
    /**
     * A message has come over the connection to {@code from}. Between two processes they come in order, and nothing of a process
     * comes after the first word of its successor on that server.
     */
    void onMessage(MemberId from, Message message);

    /**
     * As {@link #onMessage}, from a transport that looks at all its peers together: {@link #onPolled} follows, when whatever is at
     * hand has been handed over.
     */
    default void onPolledMessage(MemberId from, Message message) {
        onMessage(from, message);
    }

    /** Whoever gathers messages for a turn may take it now, and need not wait for the end of the event loop's round. */
    default void onPolled() {}

    /** The connection to a server was made or lost. The two alternate, for each server, beginning with true. */
    void onConnection(int serverId, boolean up);

    /**
     * The process {@code member} is dead: its connection broke, and the machine at whose address it listened refuses connections
     * to that port. Told once, after {@code onConnection(false)}. (A filter on the way that answers in the machine's name can
     * make it a mistake: that costs a view change, no data.)
     */
    void onProcessGone(MemberId member);

    /**
     * A connected server begins a bulk stream.
     *
     * @param head what the sender said of it
     * @param stream the way back
     * @return who takes the chunks; null to refuse
     */
    BulkReceiver onBulk(MemberId from, byte[] head, BulkReceiver.Stream stream);
}
