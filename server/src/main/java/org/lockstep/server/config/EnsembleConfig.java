package org.lockstep.server.config;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.PeerAddress;
import org.lockstep.fsync.FsyncPolicy;

/**
 * Which servers there are, which of them this is, and how long they wait for each other. A single server is an ensemble of one.
 *
 * @param myId this server's id; one of {@code servers}
 * @param servers in ascending order of their ids
 * @param standalone true when ZooKeeper would run its standalone server: one server, and {@code standaloneEnabled}
 * @param version of the membership: the suffix of the dynamic file's name, else 0
 * @param listenOnAllIps {@code quorumListenOnAllIPs}: other servers are accepted on every address of the machine
 * @param initLimitTicks {@code initLimit}, shown by {@code conf} and otherwise without effect
 * @param syncLimitTicks {@code syncLimit}, likewise
 * @param heartbeatMillis {@code heartbeatMillis}: how often a server says that it makes progress
 * @param failureTimeoutMillis {@code failureTimeout}: who has said nothing for so long is voted out; at least 8 {@code
 *     heartbeatMillis}, so that {@link #patienceMillis} is twice as long as a coordinator is silent at most
 * @param slowTimeoutMillis {@code slowTimeout}: who has held back the others' writes for so long is voted out
 * @param restartGraceMillis {@code restartGrace}: how long a restart of all waits for the servers that may know more
 * @param minView views have at least so many members; 1 to the number of voters
 * @param bootstrapExpect so many voters must be there, and blank, to form the first view; a majority to all of them
 * @param transport what carries the order between them
 */
public record EnsembleConfig(int myId, List<EnsembleServer> servers, boolean standalone, long version, boolean listenOnAllIps,
        int initLimitTicks, int syncLimitTicks, int heartbeatMillis, int failureTimeoutMillis, int slowTimeoutMillis,
        int restartGraceMillis, int minView, int bootstrapExpect, TransportConfig transport) {
    /** What a request may grow by on its way into a slot: who sent it, with which identities. */
    private static final int REQUEST_OVERHEAD_BYTES = 1 << 20;

    public EnsembleConfig {
        servers = List.copyOf(servers);
    }

    /** How many servers there are, observers included. */
    public int size() {
        return servers.size();
    }

    /** The servers that vote, in ascending order. */
    public List<Integer> voterIds() {
        return servers.stream().filter(server -> !server.observer()).map(EnsembleServer::id).toList();
    }

    /** The servers that only follow, in ascending order. */
    public List<Integer> observerIds() {
        return servers.stream().filter(EnsembleServer::observer).map(EnsembleServer::id).toList();
    }

    /** The server with this id, or null. */
    public EnsembleServer server(int id) {
        return servers.stream().filter(server -> server.id() == id).findFirst().orElse(null);
    }

    public EnsembleServer self() {
        return server(myId);
    }

    public boolean isObserver() {
        return self().observer();
    }

    /**
     * Where to listen for other servers: the own line's quorum port, on its host or, with {@link #listenOnAllIps}, on all
     * addresses. A host is not resolved yet. Only to be asked of a configuration with a server line.
     */
    public InetSocketAddress peerBindAddress() {
        EnsembleServer.Address own = self().address();
        return listenOnAllIps ? new InetSocketAddress(own.quorumPort())
            : InetSocketAddress.createUnresolved(own.host(), own.quorumPort());
    }

    /** Where to reach the other servers, voters and observers, in ascending order of their ids. */
    public List<PeerAddress> peers() {
        return servers.stream().filter(server -> server.id() != myId)
            .map(server -> new PeerAddress(server.id(), server.address().host(), server.address().quorumPort())).toList();
    }

    /** What clients read in {@code /zookeeper/config}: the server lines and {@code version=}; empty when {@link #standalone}. */
    public String membershipText() {
        if (standalone) {
            return "";
        }
        return servers.stream().map(server -> server.line() + '\n').collect(Collectors.joining())
            + "version=" + Long.toHexString(version);
    }

    /**
     * How long a rival leaves a coordinator that says nothing alone: four heartbeats at least, twice the time after which a
     * coordinator repeats itself.
     */
    public int patienceMillis() {
        return failureTimeoutMillis / 2;
    }

    /**
     * What the core has to know.
     *
     * @param maxUnsyncedMillis lazy policies: how far the medium may be behind
     * @param requestBytesMax the largest request frame of a client: a slot must hold it
     * @param ensembleId the ensemble's id should this process form the first view
     */
    public EnsembleOptions options(FsyncPolicy policy, int maxUnsyncedMillis, int requestBytesMax, UUID ensembleId) {
        EnsembleOptions defaults = EnsembleOptions.of(voterIds(), policy, ensembleId);
        int slotBytesMax = (int) Math.min(Integer.MAX_VALUE - 8L,
            Math.max(defaults.slotBytesMax(), (long) requestBytesMax + REQUEST_OVERHEAD_BYTES));
        return new EnsembleOptions(voterIds(), policy, nanos(heartbeatMillis), nanos(failureTimeoutMillis),
            nanos(slowTimeoutMillis), nanos(restartGraceMillis), nanos(maxUnsyncedMillis), nanos(patienceMillis()), minView,
            bootstrapExpect, defaults.windowSlots(), defaults.windowBytes(), slotBytesMax, ensembleId);
    }

    private static long nanos(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
