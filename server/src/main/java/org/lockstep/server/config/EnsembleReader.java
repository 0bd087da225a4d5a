package org.lockstep.server.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Reads who the servers are, which of them this is ({@code myid}), and how long they wait for each other. */
final class EnsembleReader {
    /** {@link EnsembleConfig#patienceMillis} is half of that, and more than a coordinator is silent between signs of life. */
    private static final int HEARTBEATS_PER_FAILURE_TIMEOUT = 8;
    private static final int MINUTE_MILLIS = 60_000;

    private final ConfigSource source;
    private final List<EnsembleServer> servers;
    private final Path myIdFile;
    private TransportConfig transport;
    private final List<String> warnings = new ArrayList<>();

    EnsembleReader(ConfigSource source, ServerLines lines, Path dataDir) {
        this.source = source;
        this.servers = lines.servers();
        this.myIdFile = dataDir.resolve("myid");
    }

    /** Lines worth a WARN, once {@link #read} has returned. */
    List<String> warnings() {
        return warnings;
    }

    EnsembleConfig read(boolean standaloneEnabled) throws ConfigException {
        transport = new TransportReader(source).read();
        checkZooKeepersElection();
        if (servers.isEmpty()) {
            EnsembleServer single = new EnsembleServer(ServerConfig.STANDALONE_ID, List.of(), false, null, -1);
            return ensemble(single, List.of(single), true);
        }
        EnsembleServer self = servers.size() == 1 ? onlyServer() : ownServer();
        if (servers.size() > 1) {
            refuseUnprotected();
            warnOfMembership();
            warnOfPeerType(self);
        }
        return ensemble(self, servers, servers.size() == 1 && standaloneEnabled);
    }

    private EnsembleConfig ensemble(EnsembleServer self, List<EnsembleServer> all, boolean standalone) throws ConfigException {
        int voters = (int) all.stream().filter(server -> !server.observer()).count();
        int majority = voters / 2 + 1;
        int minView = source.integer("minView", majority, 1, voters);
        if (minView < majority) {
            warnings.add("minView=" + minView + " is below a majority (" + majority + " of " + voters
                + " voters): an acknowledged write may be on " + minView + " server" + (minView == 1 ? "" : "s") + " only");
        }
        int heartbeat = source.integer("heartbeatMillis", 50, 25, MINUTE_MILLIS);
        int failureTimeout = source.integer("failureTimeout", 1000, 100, 10 * MINUTE_MILLIS);
        if (failureTimeout < HEARTBEATS_PER_FAILURE_TIMEOUT * heartbeat) {
            throw new ConfigException(source.name() + ": failureTimeout=" + failureTimeout + " is less than "
                + HEARTBEATS_PER_FAILURE_TIMEOUT + " times heartbeatMillis=" + heartbeat
                + ", so a late heartbeat would look like a failure, and servers would interrupt each other's elections;"
                + " raise the first or lower the second");
        }
        boolean listenOnAllIps = all.size() > 1 && source.flag("quorumListenOnAllIPs", false);
        return new EnsembleConfig(self.id(), all, standalone, version(), listenOnAllIps, ticks("initLimit", 10),
            ticks("syncLimit", 5), heartbeat, failureTimeout, source.integer("slowTimeout", 5000, 100, 60 * MINUTE_MILLIS),
            source.integer("restartGrace", 10_000, 0, 60 * MINUTE_MILLIS), minView,
            source.integer("bootstrap.expect", voters, majority, voters), transport);
    }

    /** They only show in {@code conf}; so they stay among the keys that are named as being without effect. */
    private int ticks(String key, int absent) throws ConfigException {
        return source.toInt(key, source.peek(key), absent, 1, Integer.MAX_VALUE);
    }

    /** As in ZooKeeper: the suffix of the dynamic file's name, when that is a hexadecimal number. */
    private long version() {
        String file = source.fileOnly("dynamicConfigFile");
        String suffix = file == null ? "" : file.substring(file.lastIndexOf('.') + 1);
        return suffix.matches("[0-9a-fA-F]{1,15}") ? Long.parseLong(suffix, 16) : 0;
    }

    private EnsembleServer onlyServer() throws ConfigException {
        EnsembleServer only = servers.get(0);
        String id = Files.isRegularFile(myIdFile) ? readMyId() : null;
        if (id != null && !id.equals(Integer.toString(only.id()))) {
            warnings.add(myIdFile + " says " + id + ", and the only server line is server." + only.id() + ": this is server "
                + only.id());
        }
        return only;
    }

    private EnsembleServer ownServer() throws ConfigException {
        String id = readMyId();
        if (!id.matches("\\d{1,9}")) {
            throw new ConfigException(myIdFile + ": \"" + shortened(id) + "\" is not a server's number; write one of " + ids()
                + " into it, and nothing else");
        }
        int number = Integer.parseInt(id);
        for (EnsembleServer server : servers) {
            if (server.id() == number) {
                return server;
            }
        }
        throw new ConfigException(myIdFile + ": server " + id + " is not among the servers of " + source.name() + " (" + ids()
            + "); correct the file, or add a server." + id + " line on every server");
    }

    private String readMyId() throws ConfigException {
        try {
            String text = new String(Files.readAllBytes(myIdFile), StandardCharsets.UTF_8);
            return text.lines().findFirst().orElse("").trim();
        } catch (NoSuchFileException e) {
            throw new ConfigException(myIdFile + ": no such file; it tells which server of the ensemble this is: write one of "
                + ids() + " into it", e);
        } catch (IOException e) {
            throw new ConfigException(myIdFile + ": cannot be read (" + e + "); make it a readable file with one of " + ids()
                + " in it", e);
        }
    }

    private static String shortened(String text) {
        return text.length() <= 40 ? text : text.substring(0, 40) + "...";
    }

    private String ids() {
        return servers.stream().map(server -> Integer.toString(server.id())).collect(Collectors.joining(", "));
    }

    /** ZooKeeper refuses these for a single server too. */
    private void checkZooKeepersElection() throws ConfigException {
        String algorithm = source.peek("electionAlg");
        if (algorithm != null && !algorithm.equals("3")) {
            throw source.bad("electionAlg", algorithm, "does not exist any more", "remove the line");
        }
        String type = source.peek("peerType");
        if (type != null && !type.equalsIgnoreCase("participant") && !type.equalsIgnoreCase("observer")) {
            throw source.bad("peerType", type, "is neither participant nor observer", "remove it: the server.N lines say it");
        }
    }

    /** Servers that were told to talk to each other under protection must not do it in the open. */
    private void refuseUnprotected() throws ConfigException {
        if (source.flag("sslQuorum", false)) {
            throw source.bad("sslQuorum", "true", "asks for TLS between servers, and TLS is not supported yet",
                "remove the line if the servers' network is your own");
        }
        for (String key : List.of("quorum.auth.enableSasl", "quorum.auth.learnerRequireSasl", "quorum.auth.serverRequireSasl")) {
            if (source.flag(key, false)) {
                throw source.bad(key, "true", "asks for SASL between servers, and SASL is not supported yet",
                    "remove the line if the servers' network is your own");
            }
        }
    }

    private void warnOfMembership() {
        long voters = servers.stream().filter(server -> !server.observer()).count();
        if (voters <= 2) {
            warnings.add(voters + (voters == 1 ? " voter: its failure stops" : " voters: the failure of either stops")
                + " the ensemble; take three to survive one failure");
        } else if (voters % 2 == 0) {
            warnings.add(voters + " voters survive no more failures than " + (voters - 1)
                + " do, and every write waits for one more");
        }
        for (EnsembleServer server : servers) {
            if (server.addresses().size() > 1) {
                warnings.add("server." + server.id() + " has several addresses, and only the first is used: " + server.address());
            }
        }
        if (source.file().stringPropertyNames().stream().anyMatch(EnsembleReader::isQuorumShape)) {
            warnings.add("group.N and weight.N are ignored: a view needs a majority of all voters, and each counts one");
        }
    }

    static boolean isQuorumShape(String key) {
        return key.startsWith("group.") || key.startsWith("weight.");
    }

    private void warnOfPeerType(EnsembleServer self) {
        source.fileOnly("electionAlg");
        String type = source.fileOnly("peerType");
        if (type != null && type.equalsIgnoreCase("observer") != self.observer()) {
            warnings.add("peerType=" + type + " contradicts the server list, which wins: server." + self.id() + " is "
                + (self.observer() ? "an observer" : "a participant"));
        }
    }
}
