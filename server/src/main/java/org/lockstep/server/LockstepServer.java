package org.lockstep.server;

import com.codahale.metrics.MetricFilter;
import com.codahale.metrics.MetricRegistry;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.LogFailedException;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.log.DataDirectory;
import org.lockstep.log.DataDirectoryException;
import org.lockstep.log.LmdbState;
import org.lockstep.log.StateImport;
import org.lockstep.log.StorageOptions;
import org.lockstep.rdma.transport.PollingSelect;
import org.lockstep.server.admin.FourLetterWords;
import org.lockstep.server.config.ServerConfig;
import org.lockstep.server.desk.ClientDesk;
import org.lockstep.server.desk.DeskOptions;
import org.lockstep.server.desk.Reaper;
import org.lockstep.server.replica.EnsembleView;
import org.lockstep.server.replica.FatalHandler;
import org.lockstep.server.replica.LostWrites;
import org.lockstep.server.replica.Positions;
import org.lockstep.server.replica.Replica;
import org.lockstep.server.replica.ReplicaOptions;
import org.lockstep.server.replica.StateDiffersException;
import org.lockstep.server.replica.ViewListener;
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
    private final SpinBeforeSleep idling;
    private final PollingSelect select;
    private final FatalHandler fatal;
    private volatile EventLoop loop;
    private volatile StateMachine state;
    private volatile Replica replica;
    private volatile ClientDesk desk;
    private volatile ClientDoor door;
    private final CompletableFuture<Void> started = new CompletableFuture<>();
    private long startMillis;
    private boolean closed;
    private volatile int startOverCount;

    private LockstepServer(ServerConfig config, FatalHandler fatal) {
        this.config = config;
        this.idling = new SpinBeforeSleep(TimeUnit.MICROSECONDS.toNanos(config.loneClientSpinMicros()));
        this.select = new PollingSelect(idling);
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
        if (e instanceof ServerLives.PeerPortException && e.getCause() instanceof StartException why) {
            return why;
        }
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
        if (cause instanceof LogDamagedException || cause instanceof StateDiffersException) {
            return ExitCode.DATA_DAMAGED;
        }
        return cause instanceof LogFailedException ? ExitCode.STORAGE_FAILED : ExitCode.UNEXPECTED_ERROR;
    }

    private <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    private void open() throws StartException {
        requireDataDir();
        EventLoopGroup group = ClientDoor.newEventLoop("lockstep-main", select);
        keep(() -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
        loop = group.next();
        DataDirectory directory = keep(DataDirectory.open(config.dataDir(), config.dataLogDir(), StorageOptions.DEFAULT));
        ServerLives lives = keep(new ServerLives(config, directory,
                new Transports(config.ensemble().transport(), loop, select, metrics), metrics, this::startOver));
        MemberLog log = lives.openLog();
        LostWrites lostWrites = LostWrites.decode(log.record(LostWrites.RECORD));
        try {
            takeImport(directory, log);
            LmdbState store = keep(LmdbState.open(directory, StorageOptions.DEFAULT, metrics));
            lives.setState(store);
            state = new StateMachine(store, new StateOptions(config.skipAcl(), config.extendedTypesEnabled(),
                    config.enforceQuota(), config.reconfigEnabled(), config.digestAuthEnabled(), config.cacheBytes()));
            if (!config.ensemble().standalone()) {
                state.showMembership(config.ensemble().membershipText().getBytes(StandardCharsets.UTF_8),
                        config.ensemble().version());
            }
            Position applied = Positions.ofMark(state.mark());
            lives.requireStart(log.recovered(), applied);
            replica = new Replica(loop, state, log, store::write, applied, lives, lostWrites,
                    replicaOptions(lives.options()), metrics, this::failed);
        } catch (RuntimeException | StartException e) {
            log.close();
            throw e;
        }
        begin(directory, log.recovered(), lostWrites);
        openDoor();
        startMillis = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    }

    /**
     * Puts a state that was copied from another server in the place of the own, if the log goes on from where it stands: it was
     * whole when this server, or the process before, came to its end.
     */
    private static void takeImport(DataDirectory directory, MemberLog log) {
        StateImport copied = StateImport.whole(directory, StorageOptions.DEFAULT);
        if (copied != null) {
            Position at = Positions.ofMark(copied.mark());
            if (at.equals(log.copyFrom()) || log.reachesBackTo(at)) {
                copied.activate();
                LOG.info("The state copied from another server is in use, as of {}", at);
            } else {
                copied.close();
                StateImport.discard(directory);
            }
        }
    }

    /** Closes everything and opens it again, on a thread of its own. */
    private void startOver() {
        new Thread(() -> {
            try {
                reopen();
            } catch (RuntimeException | StartException e) {
                fatal.onFatal("the server could not be opened again", e);
            }
        }, "lockstep-start-over").start();
    }

    private synchronized void reopen() throws StartException {
        if (!closed) {
            closeAll();
            startOverCount++;
            metrics.removeMatching(MetricFilter.ALL);
            open();
        }
    }

    private void requireDataDir() throws StartException {
        if (!config.dataDirAutocreate() && !Files.isDirectory(config.dataDir())) {
            throw new StartException(ExitCode.UNABLE_TO_ACCESS_DATADIR, "dataDir " + config.dataDir() + " does not exist and "
                    + "datadir.autocreate=false forbids to make it; make or mount it, or remove datadir.autocreate", null);
        }
    }

    private ReplicaOptions replicaOptions(EnsembleOptions options) {
        return new ReplicaOptions(config.fsyncPolicy(), config.maxUnsyncedBytes(), config.checkpointMillis(),
                config.checkpointBytes(), config.logKeptBytes(), config.globalOutstandingLimit(),
                Long.getLong("lockstep.zxidsPerView", ReplicaOptions.ZXIDS_PER_VIEW), options.slotBytesMax(),
                ReplicaOptions.DIGEST_INTERVAL_SLOTS, config.fsyncWarningMillis());
    }

    private static BooleanSupplier tasksOf(EventLoop loop) {
        return loop instanceof SingleThreadEventExecutor known ? () -> known.pendingTasks() > 0 : () -> false;
    }

    /**
     * Starts everything behind the door. A server that is alone needs nobody for its first view, so that is waited for; one of
     * several opens its door at once, and serves when there is a view.
     */
    private void begin(DataDirectory directory, Recovered found, LostWrites lostWrites) {
        onLoop(() -> {
            desk = new ClientDesk(loop, replica, deskOptions(), lostWrites, metrics);
            if (config.ensemble().isObserver()) {
                desk.beginCutOff();
            }
            LiveServerView view = new LiveServerView(config, directory, replica, desk, metrics, () -> clientPort());
            if (Runtime.getRuntime().availableProcessors() > 1) {
                idling.setWorthwhile(() -> desk.hasSoleClient() || replica.hasLoneRequests(), tasksOf(loop));
            }
            desk.setAdminWords(word -> FourLetterWords.answer(view, word));
            replica.setViewListener(new Views(desk));
            new Reaper(loop, replica, desk::isInCharge, config.containerCheckIntervalMillis(), config.containerMaxPerMinute(),
                    config.containerMaxNeverUsedIntervalMillis()).start();
            return null;
        });
        keep(replica::stop);
        replica.start(found);
        keep(() -> onLoop(() -> {
            desk.close();
            return null;
        }));
        if (config.ensemble().size() > 1) {
            started.complete(null);
        }
        try {
            started.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** Tells the desk of views, and who waits for the start of the first. */
    private final class Views implements ViewListener {
        private final ViewListener served;

        Views(ViewListener served) {
            this.served = served;
        }

        @Override
        public void viewBegan(EnsembleView view) {
            served.viewBegan(view);
            started.complete(null);
        }

        @Override
        public void cutOff(boolean value) {
            served.cutOff(value);
        }

        @Override
        public void excluded() {
            served.excluded();
        }
    }

    /** Until the start is over, who starts is told what went wrong; afterwards the handler. */
    private void failed(String what, Throwable cause) {
        Throwable told = cause instanceof RuntimeException ? cause : new IllegalStateException(what, cause);
        if (!started.completeExceptionally(told)) {
            fatal.onFatal(what, cause);
        }
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

    /** The view that this server is a live member of; 0 without one. */
    public long viewId() {
        return onLoop(() -> {
            ViewRecord view = replica.view();
            return view == null ? 0L : view.viewId();
        });
    }

    /** The servers of that view by their ids, in rank order; empty without one. */
    public List<Integer> memberIds() {
        return onLoop(() -> {
            ViewRecord view = replica.view();
            return view == null ? List.<Integer>of() : view.members().stream().map(MemberId::serverId).toList();
        });
    }

    /** A digest of all that was applied: equal on servers that have applied the same. */
    public long digest() {
        return onLoop(state::digest);
    }

    public long lastZxid() {
        return onLoop(state::lastZxid);
    }

    public long nodeCount() {
        return onLoop(state::nodeCount);
    }

    /** How often this server has begun again with the state of another. */
    public int startOverCount() {
        return startOverCount;
    }

    /** Milliseconds from the start of the JVM until clients were served. */
    long startMillis() {
        return startMillis;
    }

    /** Stops serving, puts everything on the medium, releases the data directory. Sessions stay. */
    @Override
    public synchronized void close() {
        closed = true;
        closeAll();
    }

    private void closeAll() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                LOG.warn("While stopping", e);
            }
        }
    }
}
