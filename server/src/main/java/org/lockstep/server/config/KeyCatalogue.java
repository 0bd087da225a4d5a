package org.lockstep.server.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * ZooKeeper's keys that Lockstep does not act on, in three classes: those that mean nothing here (snapshots, ZAB, thread
 * counts), those whose feature is not built yet and may be left out without harm, and those that would weaken security or
 * safety if they were passed over in silence, so that a server must refuse them.
 */
final class KeyCatalogue {
    /** Nothing in Lockstep corresponds: harmless. A trailing dot marks a prefix. */
    private static final Set<String> NO_EFFECT = Set.of("initLimit", "syncLimit", "connectToLearnerMasterLimit", "electionAlg",
        "group.", "weight.", "quorumListenOnAllIPs", "peerType", "syncEnabled", "autopurge.", "snapCount", "snapSizeLimitInKb",
        "txnLogSizeLimitInKb", "preAllocSize", "commitLogCount", "snapshotSizeFactor", "maxResponseCacheSize",
        "maxGetChildrenResponseCacheSize", "flushDelay", "maxWriteQueuePollTime", "maxBatchSize", "emulate353TTLNodes",
        "enableEagerACLCheck", "digest.enabled", "closeSessionTxn.enabled", "serializeLastProcessedZxid.enabled",
        "snapshot.", "db.autocreate", "serverCnxnFactory", "nio.", "commitProcessor.", "tcpKeepAlive", "leaderServes",
        "cnxTimeout", "electionPortBindRetry", "quorumCnxnTimeoutMs", "fastleader.", "leader.", "observer.", "learner.",
        "observerMasterPort", "multiAddress.", "watchManagerName", "jvm.pause.", "quorum.", "sslQuorum",
        "sslQuorumReloadCertFiles", "ssl.quorum.", "portUnification", "netty.", "messageTracker.", "pathStats.enabled",
        "localSessionsEnabled", "localSessionsUpgradingEnabled", "fips-mode", "IPAuthenticationProvider.", "superUser",
        "readonlymode.enabled", "kerberos.", "sasl.", "allowSaslFailedClients", "letAnySaslUserDoX",
        "X509AuthenticationProvider.", "SASLAuthenticationProvider.", "ensembleAuthName", "jute.maxbuffer.extrasize",
        "syncSnapshot.", "follower.", "learnerAsyncSending", "intBufferStartingSizeBytes", "security.");

    /** Not built yet; a server without it still serves its clients rightly. */
    private static final Set<String> NOT_BUILT = Set.of("admin.", "metricsProvider.", "connection_throttle_",
        "request_throttle_", "request_throttler.", "request_stale_", "throttled_op_wait_time", "largeRequestThreshold",
        "largeRequestMaxBytes", "ssl.", "oraclePath", "client.certReload", "client.portUnification", "secureClientPortAddress");

    private final TreeSet<String> noEffect = new TreeSet<>();
    private final TreeSet<String> notBuilt = new TreeSet<>();
    private final TreeMap<String, String> unknown = new TreeMap<>();

    /** Sorts every key of {@code source}'s file that nobody has asked for. */
    KeyCatalogue(ConfigSource source) {
        Properties file = source.file();
        for (String key : file.stringPropertyNames()) {
            if (source.wasAsked(key) || ServerLines.isServerKey(key)) {
                continue;
            }
            if (matches(NO_EFFECT, key)) {
                noEffect.add(key);
            } else if (matches(NOT_BUILT, key)) {
                if (!file.getProperty(key).trim().equalsIgnoreCase("false")) {
                    notBuilt.add(key);
                }
            } else {
                unknown.put(key, file.getProperty(key).trim());
            }
        }
    }

    /** Refuses what must not be passed over. */
    static void refuseUnsupported(ConfigSource source) throws ConfigException {
        refuseTls(source, "secureClientPort");
        if (source.flag("client.portUnification", false)) {
            refuseTls(source, "client.portUnification");
        }
        refuseWhenTrue(source, "sessionRequireClientSASLAuth", "SASL is not supported yet");
        refuseWhenTrue(source, "enforce.auth.enabled", "required authentication is not supported yet");
        refuseWhenTrue(source, "audit.enable", "the audit log is not supported yet");
        for (String key : new TreeSet<>(source.file().stringPropertyNames())) {
            if (key.startsWith("authProvider.")) {
                throw source.bad(key, source.text(key), "names an authentication plug-in, and those are not supported yet",
                    "remove the line; built in are world, ip, digest and auth");
            }
        }
    }

    private static void refuseTls(ConfigSource source, String key) throws ConfigException {
        String value = source.text(key);
        if (value != null && !value.equals("0")) {
            throw source.bad(key, value, "asks for TLS, and TLS is not supported yet",
                "remove the line and serve plain text on clientPort, or end TLS in front of this server");
        }
    }

    private static void refuseWhenTrue(ConfigSource source, String key, String why) throws ConfigException {
        if (source.flag(key, false)) {
            throw source.bad(key, "true", "cannot be honoured: " + why, "remove the line if you can do without");
        }
    }

    /** Keys that become system properties {@code zookeeper.KEY}, as in ZooKeeper: everything Lockstep does not parse. */
    TreeMap<String, String> unknown() {
        return unknown;
    }

    /** Lines of information for the log; empty when there is nothing to say. */
    List<String> notices() {
        List<String> lines = new ArrayList<>();
        if (!noEffect.isEmpty()) {
            lines.add("accepted for ZooKeeper's sake, without effect here: " + String.join(", ", noEffect));
        }
        return lines;
    }

    /** Lines of warning for the log; empty when there is nothing to say. */
    List<String> warnings(ConfigSource source) {
        List<String> lines = new ArrayList<>();
        if (!notBuilt.isEmpty()) {
            lines.add("not built yet and therefore ignored: " + String.join(", ", notBuilt));
        }
        for (String key : unknown.keySet()) {
            String meant = sameButForCase(source, key);
            lines.add("unknown key " + key + " (kept as system property zookeeper." + key + ")"
                + (meant == null ? "" : "; did you mean " + meant + "?"));
        }
        return lines;
    }

    private static String sameButForCase(ConfigSource source, String key) {
        String lower = key.toLowerCase(Locale.ROOT);
        for (String known : source.askedKeys()) {
            if (known.toLowerCase(Locale.ROOT).equals(lower)) {
                return known;
            }
        }
        return null;
    }

    private static boolean matches(Set<String> names, String key) {
        if (names.contains(key)) {
            return true;
        }
        for (String name : names) {
            boolean prefix = name.endsWith(".") || name.endsWith("_");
            if (prefix && key.startsWith(name)) {
                return true;
            }
        }
        return false;
    }
}
