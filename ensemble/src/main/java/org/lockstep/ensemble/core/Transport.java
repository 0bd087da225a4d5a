package org.lockstep.ensemble.core;

import java.util.UUID;

/**
 * Carries messages to the other servers: to each of them one connection at a time, on which messages arrive whole and in the
 * order in which they were sent, as long as it holds. What is under way when it breaks is lost; the core sends again what matters.
 *
 * <p><b>Threads.</b> One thread calls everything and is called back: the event loop that the transport was opened on. A callback
 * of {@link TransportListener} never comes from within a call to the transport, but for {@link #close}, which calls back no more.
 */
public interface Transport extends AutoCloseable {
    /**
     * Queues {@code message}; {@link #flush} sends what is queued. To a server that is not connected it is dropped without a
     * word. A message is shared with the caller until it is sent and must not change.
     *
     * <p>Of a row that is not on its way yet only the newest is kept, and it goes behind all data queued before it. When a peer
     * takes so little that the queue for it is full, its connection is closed: {@link TransportListener#onConnection} tells, and
     * {@link Message.Resume} goes on from what it has.
     *
     * @throws IllegalArgumentException for the own or an unknown server id, for a {@link Message.Transfer}, which goes as a
     *     stream ({@link #openBulk}), and for a message that is larger than a frame may be
     */
    void send(int serverId, Message message);

    /** Writes what was queued for all peers: once a turn. */
    void flush();

    /** The ensemble's id is known from here on: it is checked on every connection, those that stand included. */
    void setEnsembleId(UUID ensembleId);

    /**
     * This process is a live member of {@code view} from here on: what it sends to the other members in it may take a quicker
     * way, as long as it comes as {@link #send} promises, but that rows may overtake data. Told again with each view.
     */
    default void beginView(ViewRecord view) {}

    /**
     * Begins a stream of bulk data to a server, on a connection of its own, so that slots and rows do not wait behind it.
     *
     * @param head says what the stream is, at most {@link BulkSender#HEAD_BYTES_MAX} bytes; it arrives before the first chunk
     */
    BulkSender openBulk(int serverId, byte[] head, BulkSender.Listener listener);

    /** Closes the door and all connections. No callback comes afterwards, not even for what this closes. Idempotent. */
    @Override
    void close();
}
