package org.lockstep.server.admin;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.lockstep.server.config.EnsembleConfig;
import org.lockstep.server.config.EnsembleServer;
import org.lockstep.server.config.ServerConfig;

/** {@code conf}, {@code dirs} and {@code envi}. */
final class SettingsText {
    private static final String[] ENVIRONMENT = {"java.version", "java.vendor", "java.home", "java.class.path",
        "java.library.path", "java.io.tmpdir", "java.compiler",
        "os.name", "os.arch", "os.version", "user.name", "user.home", "user.dir"};

    private SettingsText() {}

    static String conf(ServerView view) {
        ServerConfig config = view.config();
        StringBuilder text = new StringBuilder();
        line(text, "clientPort", view.clientPort());
        line(text, "secureClientPort", -1);
        line(text, "dataDir", view.stateDirectory());
        line(text, "dataDirSize", sizeBytes(view.stateDirectory()));
        line(text, "dataLogDir", view.logDirectory());
        line(text, "dataLogSize", sizeBytes(view.logDirectory()));
        line(text, "tickTime", config.tickTimeMillis());
        line(text, "maxClientCnxns", config.maxClientCnxns());
        line(text, "minSessionTimeout", config.minSessionTimeoutMillis());
        line(text, "maxSessionTimeout", config.maxSessionTimeoutMillis());
        line(text, "clientPortListenBacklog", config.listenBacklog());
        // ZooKeeper's standalone server says 0, whatever it puts into session ids.
        line(text, "serverId", view.mode().equals("standalone") ? 0 : config.serverId());
        EnsembleConfig ensemble = config.ensemble();
        if (!ensemble.standalone()) {
            ensemble(text, ensemble);
        }
        line(text, "fsyncPolicy", config.fsyncPolicy().key());
        if (!ensemble.standalone()) {
            text.append("membership: \n").append(ensemble.membershipText());
        }
        return text.toString();
    }

    private static void ensemble(StringBuilder text, EnsembleConfig ensemble) {
        EnsembleServer.Address own = ensemble.self().address();
        line(text, "initLimit", ensemble.initLimitTicks());
        line(text, "syncLimit", ensemble.syncLimitTicks());
        line(text, "electionAlg", 3);
        line(text, "electionPort", own.electionPort());
        line(text, "quorumPort", own.quorumPort());
        line(text, "peerType", ensemble.isObserver() ? 1 : 0);
        line(text, "heartbeatMillis", ensemble.heartbeatMillis());
        line(text, "failureTimeout", ensemble.failureTimeoutMillis());
        line(text, "slowTimeout", ensemble.slowTimeoutMillis());
        line(text, "restartGrace", ensemble.restartGraceMillis());
        line(text, "minView", ensemble.minView());
        line(text, "bootstrap.expect", ensemble.bootstrapExpect());
        line(text, "transport", ensemble.transport().kind().key());
    }

    static String dirs(ServerView view) {
        return "datadir_size: " + sizeBytes(view.stateDirectory()) + "\nlogdir_size: " + sizeBytes(view.logDirectory()) + "\n";
    }

    static String envi(ServerView view) {
        StringBuilder text = new StringBuilder("Environment:\n");
        line(text, "zookeeper.version", Version.full());
        line(text, "host.name", hostName());
        for (String key : ENVIRONMENT) {
            line(text, key, System.getProperty(key, "<NA>"));
        }
        Runtime runtime = Runtime.getRuntime();
        line(text, "os.memory.free", megabytes(runtime.freeMemory()));
        line(text, "os.memory.max", megabytes(runtime.maxMemory()));
        line(text, "os.memory.total", megabytes(runtime.totalMemory()));
        return text.toString();
    }

    private static void line(StringBuilder text, String key, Object value) {
        text.append(key).append('=').append(value).append('\n');
    }

    private static String megabytes(long bytes) {
        return (bytes >> 20) + "MB";
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getCanonicalHostName();
        } catch (UnknownHostException e) {
            return "<NA>";
        }
    }

    /** Bytes of the files in {@code directory}; a file that goes away while one counts is not there. */
    static long sizeBytes(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.mapToLong(SettingsText::fileBytes).sum();
        } catch (IOException e) {
            return 0;
        }
    }

    private static long fileBytes(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.size(file) : 0;
        } catch (IOException e) {
            return 0;
        }
    }
}
