package org.lockstep.server;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Standing;
import org.lockstep.log.DataDirectory;
import org.lockstep.server.admin.ConnectionView;
import org.lockstep.server.admin.EnsembleStatus;
import org.lockstep.server.admin.ServerStats;
import org.lockstep.server.admin.ServerView;
import org.lockstep.server.config.ServerConfig;
import org.lockstep.server.desk.ClientDesk;
import org.lockstep.server.replica.Replica;
import org.lockstep.state.StateMachine;

/** The running server as the admin surface sees it. Asked on the main event loop, which owns all that it reads. */
final class LiveServerView implements ServerView {
    private final ServerConfig config;
    private final DataDirectory directory;
    private final Replica replica;
    private final StateMachine state;
    private final ClientDesk desk;
    private final MetricRegistry metrics;
    private final IntSupplier clientPort;
    private final long startedNanos = System.nanoTime();

    LiveServerView(ServerConfig config, DataDirectory directory, Replica replica, ClientDesk desk, MetricRegistry metrics,
            IntSupplier clientPort) {
        this.config = config;
        this.directory = directory;
        this.replica = replica;
        this.state = replica.state();
        this.desk = desk;
        this.metrics = metrics;
        this.clientPort = clientPort;
    }

    @Override
    public ServerConfig config() {
        return config;
    }

    @Override
    public boolean isServing() {
        return desk.isServing() || desk.isReadOnly();
    }

    @Override
    public int clientPort() {
        return clientPort.getAsInt();
    }

    @Override
    public EnsembleStatus ensemble() {
        if (config.ensemble().standalone()) {
            return null;
        }
        if (desk.isReadOnly()) {
            return new EnsembleStatus(config.serverId(), EnsembleStatus.Role.READ_ONLY, 0, List.of(), List.of(), List.of(),
                    List.of(), -1);
        }
        Standing standing = replica.standing();
        List<Integer> members = standing.view().members().stream().map(MemberId::serverId).toList();
        EnsembleStatus.Role role =
                config.ensemble().isObserver() ? EnsembleStatus.Role.OBSERVER : EnsembleStatus.Role.MEMBER;
        return new EnsembleStatus(config.serverId(), role, standing.view().viewId(), members, standing.suspected(),
                standing.learners(), standing.observers(), standing.feederId());
    }

    @Override
    public long lastZxid() {
        return state.lastZxid();
    }

    @Override
    public long uptimeMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos);
    }

    @Override
    public long nodeCount() {
        return state.nodeCount();
    }

    @Override
    public long ephemeralCount() {
        return state.ephemeralCount();
    }

    @Override
    public long approximateDataBytes() {
        return state.approximateDataSize();
    }

    @Override
    public long sessionCount() {
        return state.sessionCount();
    }

    @Override
    public void forEachSession(SessionConsumer consumer) {
        desk.sessions().forEachExpiry(consumer);
    }

    @Override
    public List<String> ephemeralsOf(long sessionId) {
        return List.copyOf(state.ephemeralsOf(sessionId));
    }

    @Override
    public void forEachDataWatch(WatchConsumer consumer) {
        state.forEachDataWatch((path, watcher) -> consumer.accept(path, watcher.sessionId()));
    }

    @Override
    public long watchCount() {
        return state.watchCount();
    }

    @Override
    public int connectionCount() {
        return desk.connectionCount();
    }

    @Override
    public void forEachConnection(Consumer<ConnectionView> consumer) {
        desk.forEachConnection(consumer);
    }

    @Override
    public long outstandingRequests() {
        return replica.outstandingCount();
    }

    @Override
    public ServerStats stats() {
        return desk.stats();
    }

    @Override
    public void resetConnectionStats() {
        desk.forEachConnection(connection -> connection.stats().reset());
    }

    @Override
    public Path stateDirectory() {
        return directory.path();
    }

    @Override
    public Path logDirectory() {
        return directory.logPath();
    }

    @Override
    public MetricRegistry metrics() {
        return metrics;
    }
}
