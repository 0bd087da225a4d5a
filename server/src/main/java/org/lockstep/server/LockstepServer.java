package org.lockstep.server;

import com.codahale.metrics.MetricRegistry;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.Member;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Outbox;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.View;
import org.lockstep.log.DataDirectory;
import org.lockstep.log.DataDirectoryException;
import org.lockstep.log.LmdbLog;
import org.lockstep.log.LmdbState;
import org.lockstep.log.StorageOptions;
import org.lockstep.server.admin.FourLetterWords;
import org.lockstep.server.config.ServerConfig;
import org.lockstep.server.desk.ClientDesk;
import org.lockstep.server.desk.DeskOptions;
import org.lockstep.server.desk.LostWrites;
import org.lockstep.server.desk.Reaper;
import org.lockstep.server.replica.FatalHandler;
import org.lockstep.server.replica.Positions;
import org.lockstep.server.replica.Replica;
import org.lockstep.server.replica.ReplicaOptions;
import org.lockstep.state.StateMachine;
import org.lockstep.state.StateOptions;
import org.lockstep.wire.door.ClientDoor;
import org.lockstep.wire.door.DoorOptions;
import org.lockstep.wire.door.SpinBeforeSleep;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running server: opens the data directory, replays the log's end, begins a view, and opens the door.
 *
 * <p>May be embedded: {@link #start} returns when clients are served, {@link #close} when everything is on the medium. In a process
 * of its own it is run by {@link Main}.
 */
public final class LockstepServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LockstepServer.class);

    private final MetricRegistry metrics = new MetricRegistry();
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final ServerConfig config;
    private final FatalHandler fatal;
    private EventLoop loop;
    private StateMachine state;
    private Replica replica;
    private ClientDesk desk;
    private ClientDoor door;
    private LostWrites lostWrites;
    private long startMillis;

    private LockstepServer(ServerConfig config, FatalHandler fatal) {
        this.config = config;
        this.fatal = fatal;
    }

    /** Starts an embedded server; when its storage fails it logs why and stops serving, so that clients go elsewhere. */
    public static LockstepServer start(ServerConfig config) throws StartException {
        AtomicReference<LockstepServer> self = new AtomicReference<>();
        LockstepServer server = start(config, (what, cause) -> {
            LOG.error("Not serving any more: {}", what, cause);
            Optional.ofNullable(self.getAndSet(null)).ifPresent(failed -> new Thread(failed::close, "lockstep-failed").start());
        });
        self.set(server);
        return server;
    }

    /** Starts a server. {@code fatal} must end the process, or at least never let this server be used again. */
    public static LockstepServer start(ServerConfig config, FatalHandler fatal) throws StartException {
        LockstepServer server = new LockstepServer(config, fatal);
        try {
            server.open();
            return server;
        } catch (RuntimeException | StartException e) {
            server.close();
            throw startException(e);
        }
    }

    private static StartException startException(Exception e) {
        return e instanceof StartException known ? known : new StartException(exitCodeOf(e), e.getMessage(), e);
    }

    /** The exit code that tells what {@code cause} was. */
    static ExitCode exitCodeOf(Throwable cause) {
        if (cause instanceof DataDirectoryException e) {
            return switch (e.kind()) {
                case UNUSABLE, IN_USE, FOREIGN_FORMAT -> ExitCode.UNABLE_TO_ACCESS_DATADIR;
                case DAMAGED -> ExitCode.DATA_DAMAGED;
                case DISK_FULL -> ExitCode.STORAGE_FAILED;
            };
        }
        if (cause instanceof LogDamagedException) {
            return ExitCode.DATA_DAMAGED;
        }
        return cause instanceof LogFailedException ? ExitCode.STORAGE_FAILED : ExitCode.UNEXPECTED_ERROR;
    }

    private <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    private void open() throws StartException {
        requireSingleServer();
        requireDataDir();
        DataDirectory directory = keep(DataDirectory.open(config.dataDir(), config.dataLogDir(), StorageOptions.DEFAULT));
        LmdbLog log = keep(LmdbLog.open(directory, config.fsyncPolicy(), StorageOptions.DEFAULT, metrics));
        LmdbState store = keep(LmdbState.open(directory, StorageOptions.DEFAULT, metrics));
        state = new StateMachine(store, new StateOptions(config.skipAcl(), config.extendedTypesEnabled(), config.enforceQuota(),
                config.reconfigEnabled(), config.digestAuthEnabled(), config.cacheBytes()));
        if (!config.ensemble().standalone()) {
            state.showMembership(config.ensemble().membershipText().getBytes(StandardCharsets.UTF_8), config.ensemble().version());
        }
        Recovery recovery = new Recovery(state, Positions.ofMark(state.mark()));
        Position applied = recovery.replay(log);
        LOG.info("Recovered {} znodes; {} slots of the log applied again", state.nodeCount(), recovery.slotCount());
        Member member = beginView(directory, log);
        openLoop(directory, member, log, store, applied);
        openDoor();
        startMillis = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    }

    private void requireSingleServer() throws StartException {
        if (config.ensemble().size() > 1) {
            throw new StartException(ExitCode.INVALID_INVOCATION, "the configuration lists " + config.ensemble().size()
                    + " servers, and ensembles are not supported yet; keep one server.N line to run a single server", null);
        }
    }

    private void requireDataDir() throws StartException {
        if (!config.dataDirAutocreate() && !Files.isDirectory(config.dataDir())) {
            throw new StartException(ExitCode.UNABLE_TO_ACCESS_DATADIR, "dataDir " + config.dataDir() + " does not exist and "
                    + "datadir.autocreate=false forbids to make it; make or mount it, or remove datadir.autocreate", null);
        }
    }

    /** A restart is a new incarnation, so it begins a new view: recorded on the medium before anything is done in it. */
    private Member beginView(DataDirectory directory, LmdbLog log) {
        byte[] record = log.record(View.RECORD);
        MemberId self = new MemberId(config.serverId(), UUID.fromString(directory.diskId()), new SecureRandom().nextLong());
        Member member = new Member(self, record == null ? null : View.decode(record));
        Outbox outbox = new Outbox();
        member.beginView(outbox);
        log.fold(log.last()); // as before any promise: the past is on the medium before the next view exists
        lostWrites = LostWrites.decode(log.record(LostWrites.RECORD));
        if (log.tailDiscarded()) {
            lostWrites.add(state.lastZxid(), outbox.view().viewId() << 32);
            log.putRecord(LostWrites.RECORD, lostWrites.encode());
        }
        log.putRecord(View.RECORD, outbox.view().encode());
        state.beginView(member.view().viewId());
        return member;
    }

    private void openLoop(DataDirectory directory, Member member, LmdbLog log, LmdbState store, Position applied) {
        SpinBeforeSleep idling = new SpinBeforeSleep();
        EventLoopGroup group = ClientDoor.newEventLoop("lockstep-main", idling);
        keep(() -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
        loop = group.next();
        ReplicaOptions options = new ReplicaOptions(config.fsyncPolicy(), config.maxUnsyncedMillis(), config.maxUnsyncedBytes(),
                config.checkpointMillis(), config.checkpointBytes(), config.globalOutstandingLimit(),
                Long.getLong("lockstep.zxidsPerView", ReplicaOptions.ZXIDS_PER_VIEW), config.fsyncWarningMillis());
        replica = new Replica(loop, state, member, log, store::write, applied, options, metrics, fatal);
        onLoop(() -> {
            replica.start();
            desk = new ClientDesk(loop, replica, deskOptions(), lostWrites, metrics);
            LiveServerView view = new LiveServerView(config, directory, replica, desk, metrics, () -> clientPort());
            if (Runtime.getRuntime().availableProcessors() > 1) {
                idling.setWorthwhile(desk::hasSoleClient);
            }
            desk.setAdminWords(word -> FourLetterWords.answer(view, word));
            replica.setViewListener(desk);
            desk.viewBegan(replica.ensembleView());
            new Reaper(loop, replica, desk::isInCharge, config.containerCheckIntervalMillis(), config.containerMaxPerMinute(),
                    config.containerMaxNeverUsedIntervalMillis()).start();
            return null;
        });
        keep(replica::stop);
        keep(() -> onLoop(() -> {
            desk.close();
            return null;
        }));
    }

    private DeskOptions deskOptions() {
        return new DeskOptions(config.serverId(), config.tickTimeMillis(), config.minSessionTimeoutMillis(),
                config.maxSessionTimeoutMillis(), config.maxClientCnxns(), config.maxCnxns(),
                config.handshakeTimeoutMillis(), config.digestAuthEnabled(), config.digestAlgorithm(), config.superDigest(),
                config.readOnlyModeEnabled());
    }

    private void openDoor() throws StartException {
        DoorOptions options = new DoorOptions(config.bindAddress(), config.listenBacklog(), config.juteMaxBufferBytes(),
                config.clientTcpKeepAlive());
        try {
            door = keep(ClientDoor.open(loop, options, desk));
        } catch (IOException e) {
            throw new StartException(ExitCode.UNABLE_TO_BIND_PORT, e.getMessage()
                    + "; stop what listens there, or set another clientPort or clientPortAddress", e);
        }
    }

    /** Runs {@code task} on the main event loop, where everything lives, and waits for what it returns. */
    public <T> T onLoop(Callable<T> task) {
        return loop.submit(task).syncUninterruptibly().getNow();
    }

    public InetSocketAddress clientAddress() {
        return door.address();
    }

    public int clientPort() {
        return door.address().getPort();
    }

    public MetricRegistry metrics() {
        return metrics;
    }

    public long viewId() {
        return onLoop(replica::viewId);
    }

    public long lastZxid() {
        return onLoop(state::lastZxid);
    }

    public long nodeCount() {
        return onLoop(state::nodeCount);
    }

    /** Milliseconds from the start of the JVM until clients were served. */
    long startMillis() {
        return startMillis;
    }

    /** Stops serving, puts everything on the medium, releases the data directory. Sessions stay. */
    @Override
    public synchronized void close() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                LOG.warn("While stopping", e);
            }
        }
    }
}
