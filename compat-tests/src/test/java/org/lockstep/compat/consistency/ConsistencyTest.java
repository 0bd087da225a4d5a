package org.lockstep.compat.consistency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.EnsembleProcesses.Kind;
import org.lockstep.compat.servers.EnsembleProcesses.Place;
import org.lockstep.compat.servers.FastStart;
import org.lockstep.compat.servers.NetworkLab;
import org.lockstep.compat.servers.ServerOptions;

/**
 * Three servers, clients at all of them, and a nemesis that kills them, stops them and cuts them off. Everything that the clients
 * saw must be explained by one correct service. Each fsync policy has its share of the time: from one to the next all servers are
 * killed and started with another.
 *
 * <p>System properties: {@code consistency.seconds} (180), {@code consistency.seed} (1), {@code consistency.servers} (3), {@code
 * consistency.policy} the servers' fsync policies, separated by commas, {@code compat.server} {@code lockstep} or {@code apache};
 * {@code consistency.zooCfg} and {@code consistency.jvmFlags} what the servers get besides, separated by commas, as {@code
 * key=value} the former; {@code consistency.place} (separate) {@code loopback} for servers that share a host; {@code
 * consistency.writes} (20) how many writes a second there must be at least; {@code consistency.archive} a directory where
 * {@link FastStart} was prepared ahead; {@code consistency.backSeconds} (60) how long servers may take to come back; {@code
 * consistency.pauseMillis} (0) how long each client rests after what it has done, where processors are slow.
 * Without network namespaces, and on a shared host, nobody is cut off; the output says so.
 */
class ConsistencyTest {
    private static final int SECONDS = Integer.getInteger("consistency.seconds", 180);
    private static final long SEED = Long.getLong("consistency.seed", 1);
    private static final int SERVERS = Integer.getInteger("consistency.servers", 3);
    private static final List<String> POLICIES =
            List.of(System.getProperty("consistency.policy", "durable,no-sync,write-barrier").split(","));
    private static final Kind KIND = Kind.fromSystemProperty();
    private static final int CALM_MILLIS = 2000;
    private static final int FAULT_SECONDS_MAX = 25;
    private static final int WRITES_PER_SECOND_MIN = Integer.getInteger("consistency.writes", 20);
    private static final List<String> MORE_KEYS = words("consistency.zooCfg");
    private static final List<String> MORE_FLAGS = words("consistency.jvmFlags");

    @TempDir
    static Path startDirectory;

    private static FastStart fastStart;

    private final List<ServerOptions> servers = new ArrayList<>();

    @TempDir
    Path directory;

    private static List<String> words(String property) {
        return Stream.of(System.getProperty(property, "").split(",")).filter(word -> !word.isEmpty()).toList();
    }

    /** Servers start all the time here. */
    @BeforeAll
    static void prepareStarts() throws IOException {
        if (KIND == Kind.LOCKSTEP) {
            String ahead = System.getProperty("consistency.archive");
            fastStart = FastStart.prepare(ahead == null ? startDirectory : Path.of(ahead));
        }
    }

    private void settings(ServerOptions options) {
        servers.add(options);
        options.tickTimeMillis(500).set("initLimit", "20").set("syncLimit", "4").heapMegabytes(128);
        options.jvmFlag("-XX:+UseSerialGC").jvmFlag("-XX:TieredStopAtLevel=1");
        if (fastStart != null) {
            fastStart.apply(options);
        }
        MORE_FLAGS.forEach(options::jvmFlag);
        for (String entry : MORE_KEYS) {
            int at = entry.indexOf('=');
            options.set(entry.substring(0, at), entry.substring(at + 1));
        }
    }

    private void setPolicy(String policy) {
        for (ServerOptions options : servers) {
            if (KIND == Kind.LOCKSTEP) {
                options.set("fsyncPolicy", policy);
            } else {
                options.set("forceSync", policy.equals("durable") ? "yes" : "no");
            }
        }
    }

    @Test
    void whatClientsSawIsExplainedByOneCorrectService() throws Exception {
        Optional<String> unavailable = System.getProperty("consistency.place", "separate").equals("loopback")
                ? Optional.of("all servers are to share one host") : NetworkLab.unavailableReason();
        unavailable.ifPresent(reason -> System.out.println("NOBODY IS CUT OFF, no network namespaces: " + reason));
        Place place = unavailable.isPresent() ? Place.LOOPBACK : Place.SEPARATE_HOSTS;
        try (EnsembleProcesses ensemble = new EnsembleProcesses(KIND, SERVERS, place, directory, this::settings)) {
            setPolicy(POLICIES.get(0));
            ensemble.start();
            Nemesis nemesis = new Nemesis(ensemble, SEED);
            try (ConsistencyRun run = new ConsistencyRun(ensemble.addresses(), SEED)) {
                run.start();
                for (String policy : POLICIES) {
                    suffer(ensemble, nemesis, run, policy);
                }
                run.stop();
                List<String> violations = run.judge(KIND == Kind.LOCKSTEP);
                report(run, nemesis);
                assertEquals(List.of(), violations, ensemble::logTails);
                assertNotIdle(run, nemesis);
            }
        }
    }

    /** This policy's share of the time; the servers begin with it anew, but for the first. */
    private void suffer(EnsembleProcesses ensemble, Nemesis nemesis, ConsistencyRun run, String policy) throws Exception {
        System.out.println("fsync policy " + policy);
        if (!policy.equals(POLICIES.get(0))) {
            setPolicy(policy);
            nemesis.restartAll();
            run.awaitProgress();
        }
        long deadline = System.nanoTime() + SECONDS * 1_000_000_000L / POLICIES.size();
        while (System.nanoTime() < deadline) {
            Thread.sleep(CALM_MILLIS);
            nemesis.strike();
            run.awaitProgress();
        }
    }

    private static void report(ConsistencyRun run, Nemesis nemesis) {
        for (Status status : Status.values()) {
            System.out.println(status + ": " + run.history().count(status));
        }
        System.out.println("holds " + run.history().holds().size() + ", fenced writes " + run.history().fencedWrites().size());
        System.out.println(nemesis.done());
    }

    /** A run in which little happened proves little. */
    private static void assertNotIdle(ConsistencyRun run, Nemesis nemesis) {
        int faults = nemesis.done().values().stream().mapToInt(Integer::intValue).sum();
        assertTrue(faults >= SECONDS / FAULT_SECONDS_MAX, () -> "only " + faults + " faults");
        long writes = run.history().operations().stream().filter(each -> each.status() == Status.OK && !each.isRead()).count();
        assertTrue(writes >= (long) SECONDS * WRITES_PER_SECOND_MIN, () -> "only " + writes + " writes");
        assertTrue(!run.history().holds().isEmpty() && !run.history().fencedWrites().isEmpty(), "no lock was ever held");
    }
}
