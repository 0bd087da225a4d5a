package org.lockstep.server;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.UUID;
import org.lockstep.ensemble.core.EnsembleMember;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.LoneStart;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.PeerAddress;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;
import org.lockstep.ensemble.core.Voter;
import org.lockstep.ensemble.tcp.TcpOptions;
import org.lockstep.log.DataDirectory;
import org.lockstep.log.LmdbLog;
import org.lockstep.log.LmdbState;
import org.lockstep.log.StateExport;
import org.lockstep.log.StateImport;
import org.lockstep.log.StorageOptions;
import org.lockstep.server.config.EnsembleServer;
import org.lockstep.server.config.ServerConfig;
import org.lockstep.server.replica.Lives;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this server's lives in the ensemble begin with: its log, a new incarnation, and connections to the others. */
final class ServerLives implements Lives, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerLives.class);
    private static final int FRAME_BYTES_MIN = 16 << 20;

    private final ServerConfig config;
    private final DataDirectory directory;
    private final MetricRegistry metrics;
    private final EnsembleOptions options;
    private final SecureRandom random = new SecureRandom();
    private final Runnable restart;
    private LmdbState store;
    private final Transports transports;
    private Transport transport;

    /** @param restart opens everything again; called from a thread that it must not wait for */
    ServerLives(ServerConfig config, DataDirectory directory, Transports transports, MetricRegistry metrics, Runnable restart) {
        this.restart = restart;
        this.config = config;
        this.directory = directory;
        this.transports = transports;
        this.metrics = metrics;
        this.options = config.ensemble().options(config.fsyncPolicy(), config.maxUnsyncedMillis(), config.juteMaxBufferBytes(),
                UUID.randomUUID()).withObservers(config.ensemble().observerIds());
    }

    @Override
    public MemberLog openLog() {
        return config.ensemble().size() == 1
                ? LmdbLog.open(directory, config.fsyncPolicy(), StorageOptions.DEFAULT, metrics)
                : LmdbLog.openMember(directory, config.fsyncPolicy(), StorageOptions.DEFAULT, metrics);
    }

    /**
     * Refuses a start that can never come to a view: a server alone waits for nobody.
     *
     * @param applied where the state stands
     */
    void requireStart(Recovered found, Position applied) throws StartException {
        if (config.ensemble().size() > 1) {
            warnOfOtherVoters(found);
            return;
        }
        LoneStart.Obstacle obstacle = LoneStart.of(newSelf(), found.withApplied(applied));
        if (obstacle == null) {
            return;
        }
        if (obstacle.damage()) {
            throw new StartException(ExitCode.DATA_DAMAGED, directory.logFile() + " is damaged: " + obstacle.text()
                    + "; nothing was changed: restore the data directory from a backup", null);
        }
        throw new StartException(ExitCode.UNABLE_TO_ACCESS_DATADIR, "dataDir " + config.dataDir() + " cannot be used by a server "
                + "alone: " + obstacle.text() + "; list the server.N lines that it was used with, or use an empty directory", null);
    }

    /** The voters of an ensemble are those of its first view; who changes the list would count on others. */
    private void warnOfOtherVoters(Recovered found) {
        List<Integer> voters = found.installed() == null ? options.voterIds()
                : found.installed().voters().stream().map(Voter::serverId).toList();
        if (!voters.equals(options.voterIds())) {
            LOG.warn("The configuration lists the voters {}, but those of this ensemble are {}, as when it began: they alone are "
                    + "counted when a view is decided", options.voterIds(), voters);
        }
    }

    @Override
    public EnsembleMember begin(Recovered found) {
        return new EnsembleMember(newSelf(), options, found);
    }

    private MemberId newSelf() {
        return new MemberId(config.ensemble().myId(), UUID.fromString(directory.diskId()), random.nextLong());
    }

    EnsembleOptions options() {
        return options;
    }

    /** From now on this is the state that others may copy. */
    void setState(LmdbState opened) {
        store = opened;
    }

    @Override
    public StateExport exportState(int chunkBytes, long growthBytesMax) {
        return store.export(chunkBytes, growthBytesMax);
    }

    @Override
    public StateImport importState(byte[] header) {
        StateImport.discard(directory);
        return StateImport.open(directory, StorageOptions.DEFAULT, header);
    }

    @Override
    public void startOver() {
        restart.run();
    }

    @Override
    public boolean isObserver() {
        return config.ensemble().isObserver();
    }

    @Override
    public Transport connect(EnsembleMember core, TransportListener listener) {
        if (config.ensemble().size() == 1) {
            return null;
        }
        UUID ensembleId = core.decided() == null ? null : core.decided().ensembleId();
        try {
            transport = transport == null
                    ? transports.open(core.self(), ensembleId, tcpOptions(), random, listener)
                    : Transports.reincarnate(transport, core.self(), ensembleId, listener);
        } catch (StartException e) {
            throw new PeerPortException(e);
        } catch (IOException e) {
            throw new PeerPortException(PeerPortError.of(config.ensemble(), e.getCause() instanceof IOException why ? why : e));
        }
        return transport;
    }

    private TcpOptions tcpOptions() {
        EnsembleServer.Address own = config.ensemble().self().address();
        int frameBytes = Math.max(FRAME_BYTES_MIN, 2 * options.slotBytesMax());
        return TcpOptions.of(new PeerAddress(config.ensemble().myId(), own.host(), own.quorumPort()), config.ensemble().peers())
                .withListenOnAllIps(config.ensemble().listenOnAllIps()).withBounds(frameBytes, 4L * frameBytes);
    }

    /** The way to the other servers cannot be opened; the cause says why. */
    static final class PeerPortException extends RuntimeException {
        private static final long serialVersionUID = 1;

        PeerPortException(StartException cause) {
            super(cause.getMessage(), cause);
        }
    }

    @Override
    public void close() {
        if (transport != null) {
            transport.close();
        }
    }
}
