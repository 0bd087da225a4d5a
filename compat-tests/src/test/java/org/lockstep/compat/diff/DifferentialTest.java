package org.lockstep.compat.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs seeded random programs on Apache ZooKeeper and on Lockstep, one server and an ensemble; what clients see must be equal.
 *
 * <p>System properties: {@code diff.seed} first seed (1), {@code diff.programs} how many seeds from there on (520), {@code
 * diff.ensemblePrograms} how many of them run on the ensemble (120), {@code diff.trace} prints every step with its answers,
 * {@code diff.failures} how many differing programs to report before giving up (3), {@code diff.candidate} {@code lockstep} or
 * {@code apache}, {@code diff.servers} of the candidate in the first test (1): with 3 it is an ensemble, too.
 */
class DifferentialTest {
    private static final long FIRST_SEED = Long.getLong("diff.seed", 1);
    private static final int PROGRAMS = Integer.getInteger("diff.programs", 520);
    private static final int SERVERS = Integer.getInteger("diff.servers", 1);
    private static final int ENSEMBLE_PROGRAMS = Integer.getInteger("diff.ensemblePrograms", 120);
    private static final int ENSEMBLE_SERVERS = 3;
    private static final boolean TRACE = Boolean.getBoolean("diff.trace");
    private static final int FAILURES_MAX = Integer.getInteger("diff.failures", 3);
    private static final ServerPair.Candidate CANDIDATE =
            ServerPair.Candidate.valueOf(System.getProperty("diff.candidate", "lockstep").toUpperCase(Locale.ROOT));

    @TempDir
    Path directory;

    private final List<String> reports = new ArrayList<>();
    private int servers = SERVERS;

    @Test
    void everyProgramShowsTheSameOnBothServers() throws IOException {
        runAll(PROGRAMS);
    }

    /** The program's sessions are at different servers; what one has answered is synced to the others before they are asked. */
    @Test
    void everyProgramShowsTheSameOnAnEnsemble() throws IOException {
        servers = ENSEMBLE_SERVERS;
        runAll(Math.min(PROGRAMS, ENSEMBLE_PROGRAMS));
    }

    private void runAll(int programs) throws IOException {
        Map<Profile, List<Program>> byProfile = new EnumMap<>(Profile.class);
        LongStream.iterate(FIRST_SEED, seed -> seed + 1).mapToObj(ProgramGenerator::generate)
                .filter(program -> servers == 1 || !looksAtTheServers(program)).limit(programs)
                .forEach(program -> byProfile.computeIfAbsent(program.profile(), key -> new ArrayList<>()).add(program));
        int ran = 0;
        for (Map.Entry<Profile, List<Program>> each : byProfile.entrySet()) {
            ran += run(each.getKey(), each.getValue());
        }
        if (!reports.isEmpty()) {
            fail("the servers differ:\n\n" + String.join("\n\n", reports));
        }
        assertEquals(programs, ran);
    }

    /** One node lists the servers of an ensemble; one server alone, which is the measure, has none to list. */
    private static boolean looksAtTheServers(Program program) {
        return program.steps().stream().anyMatch(step -> step.text().contains("/zookeeper/config"));
    }

    private int run(Profile profile, List<Program> programs) throws IOException {
        Deque<Program> left = new ArrayDeque<>(programs);
        int ran = 0;
        while (!left.isEmpty() && reports.size() < FAILURES_MAX) {
            // A program that differs may leave the servers unequal, so the next one gets fresh ones.
            try (ServerPair pair = new ServerPair(profile, CANDIDATE, servers, directory)) {
                boolean equal = true;
                while (equal && !left.isEmpty()) {
                    equal = run(pair, left.remove());
                    ran++;
                }
            }
        }
        return ran;
    }

    private boolean run(ServerPair pair, Program program) throws IOException {
        Comparison comparison = pair.run(program);
        if (TRACE) {
            System.out.println("program of seed " + program.seed() + ", " + program.profile() + "\n" + comparison.trace());
        }
        if (!comparison.isEqual()) {
            Comparison smallest = new Shrinker(pair::run).shrink(comparison);
            String replayFlag = servers > 1 ? " -Ddiff.servers=" + servers : "";
            reports.add(comparison.report() + replayFlag + "\n  smallest program that differs:\n" + smallest.traceToDifference());
        }
        return comparison.isEqual();
    }
}
