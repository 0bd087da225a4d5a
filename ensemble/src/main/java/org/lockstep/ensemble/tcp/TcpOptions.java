package org.lockstep.ensemble.tcp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.PeerAddress;

/**
 * How a server talks to the others. Times in milliseconds.
 *
 * @param self where this server listens
 * @param peers the other configured servers, observers included
 * @param listenOnAllIps listen on every address of the machine and not only on that of {@code self}: quorumListenOnAllIPs
 * @param frameBytesMax the largest message: a slot's payload and some; equal on all servers
 * @param queueBytesMax what may wait to be sent to one peer; the connection is closed when more would. At least twice what the
 *     core has under way (EnsembleOptions.windowBytes), all of which goes out at once when a connection is made anew
 * @param handshakeMillis a connection that has not said who it is by then is closed
 * @param silenceMillis a connection from which nothing was heard for so long, although it was asked to answer, is closed
 * @param probeMillis a second process claims a connected peer's id: how long the connected one has to answer
 * @param lookup how names are looked up
 */
public record TcpOptions(PeerAddress self, List<PeerAddress> peers, boolean listenOnAllIps, int frameBytesMax, long queueBytesMax,
        long handshakeMillis, long silenceMillis, long probeMillis, NameLookup lookup) {
    private static final int FRAME_BYTES_MAX = 16 << 20;
    private static final long QUEUE_BYTES_MAX = 64L << 20;
    private static final int FIELD_BYTES = 64 << 10;

    /** Looks a name up; may block, and is called on a thread of its own. */
    @FunctionalInterface
    public interface NameLookup {
        InetAddress[] addressesOf(String host) throws UnknownHostException;
    }

    public TcpOptions {
        peers = List.copyOf(peers);
        if (peers.stream().anyMatch(peer -> peer.serverId() == self.serverId())) {
            throw new IllegalArgumentException("server " + self.serverId() + " is no peer of itself");
        }
        if (frameBytesMax < BulkSender.CHUNK_BYTES_MAX + FIELD_BYTES) {
            throw new IllegalArgumentException("a frame of " + frameBytesMax + " bytes cannot hold a chunk of bulk data");
        }
        if (queueBytesMax < frameBytesMax) {
            throw new IllegalArgumentException("a queue of " + queueBytesMax + " bytes cannot hold a frame of " + frameBytesMax);
        }
    }

    /** The defaults for these servers. */
    public static TcpOptions of(PeerAddress self, List<PeerAddress> peers) {
        return new TcpOptions(self, peers, false, FRAME_BYTES_MAX, QUEUE_BYTES_MAX, 2000, 2000, 1000, InetAddress::getAllByName);
    }

    public TcpOptions withListenOnAllIps(boolean value) {
        return new TcpOptions(self, peers, value, frameBytesMax, queueBytesMax, handshakeMillis, silenceMillis, probeMillis,
                lookup);
    }

    public TcpOptions withLookup(NameLookup value) {
        return new TcpOptions(self, peers, listenOnAllIps, frameBytesMax, queueBytesMax, handshakeMillis, silenceMillis,
                probeMillis, value);
    }

    /** With room for slots of up to so many bytes of payload. */
    public TcpOptions forSlotsOf(int slotBytesMax) {
        int frame = (int) Math.max(frameBytesMax, Math.min(Integer.MAX_VALUE - FIELD_BYTES, slotBytesMax + (long) FIELD_BYTES));
        return withBounds(frame, Math.max(queueBytesMax, 2L * frame));
    }

    public TcpOptions withBounds(int frameBytes, long queueBytes) {
        return new TcpOptions(self, peers, listenOnAllIps, frameBytes, queueBytes, handshakeMillis, silenceMillis, probeMillis,
                lookup);
    }

    public TcpOptions withTimes(long handshake, long silence, long probe) {
        return new TcpOptions(self, peers, listenOnAllIps, frameBytesMax, queueBytesMax, handshake, silence, probe, lookup);
    }
}
