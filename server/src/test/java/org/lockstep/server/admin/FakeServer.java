package org.lockstep.server.admin;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import org.lockstep.server.config.ConfigException;
import org.lockstep.server.config.ServerConfig;

/** A server that only exists as the numbers a test gives it. */
final class FakeServer implements ServerView {
    final Properties settings = new Properties();
    final ServerStats stats = new ServerStats();
    final List<ConnectionView> connections = new ArrayList<>();
    final Map<Long, Long> sessions = new LinkedHashMap<>();
    final Map<Long, List<String>> ephemerals = new LinkedHashMap<>();
    final List<Map.Entry<String, Long>> watches = new ArrayList<>();
    final MetricRegistry metrics = new MetricRegistry();
    boolean serving = true;
    EnsembleStatus ensemble;
    Path directory = Path.of("/nowhere");

    FakeServer() {
        settings.setProperty("dataDir", "/nowhere");
        settings.setProperty("clientPort", "2181");
        settings.setProperty("4lw.commands.whitelist", "*");
    }

    @Override
    public ServerConfig config() {
        try {
            return ServerConfig.of(settings);
        } catch (ConfigException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public boolean isServing() {
        return serving;
    }

    @Override
    public int clientPort() {
        return 2189;
    }

    @Override
    public EnsembleStatus ensemble() {
        return ensemble;
    }

    @Override
    public long lastZxid() {
        return 0x1f;
    }

    @Override
    public long uptimeMillis() {
        return 4711;
    }

    @Override
    public long nodeCount() {
        return 5;
    }

    @Override
    public long ephemeralCount() {
        return 2;
    }

    @Override
    public long approximateDataBytes() {
        return 44;
    }

    @Override
    public long sessionCount() {
        return sessions.size();
    }

    @Override
    public void forEachSession(SessionConsumer consumer) {
        sessions.forEach(consumer::accept);
    }

    @Override
    public List<String> ephemeralsOf(long sessionId) {
        return ephemerals.getOrDefault(sessionId, List.of());
    }

    @Override
    public void forEachDataWatch(WatchConsumer consumer) {
        watches.forEach(watch -> consumer.accept(watch.getKey(), watch.getValue()));
    }

    @Override
    public long watchCount() {
        return watches.size();
    }

    @Override
    public int connectionCount() {
        return connections.size();
    }

    @Override
    public void forEachConnection(Consumer<ConnectionView> consumer) {
        connections.forEach(consumer);
    }

    @Override
    public long outstandingRequests() {
        return 3;
    }

    @Override
    public ServerStats stats() {
        return stats;
    }

    @Override
    public void resetConnectionStats() {
        connections.forEach(connection -> connection.stats().reset());
    }

    @Override
    public Path stateDirectory() {
        return directory;
    }

    @Override
    public Path logDirectory() {
        return directory;
    }

    @Override
    public MetricRegistry metrics() {
        return metrics;
    }
}
