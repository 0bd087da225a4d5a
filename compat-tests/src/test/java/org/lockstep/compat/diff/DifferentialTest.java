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
 * Runs seeded random programs on Apache ZooKeeper and on Lockstep; all that clients see must be equal.
 *
 * <p>System properties: {@code diff.seed} first seed (1), {@code diff.programs} how many seeds from there on (520), {@code
 * diff.trace} prints every step with its answers, {@code diff.failures} how many differing programs to report before giving up
 * (3), {@code diff.candidate} {@code lockstep} or {@code apache}.
 */
class DifferentialTest {
    private static final long FIRST_SEED = Long.getLong("diff.seed", 1);
    private static final int PROGRAMS = Integer.getInteger("diff.programs", 520);
    private static final boolean TRACE = Boolean.getBoolean("diff.trace");
    private static final int FAILURES_MAX = Integer.getInteger("diff.failures", 3);
    private static final ServerPair.Candidate CANDIDATE =
            ServerPair.Candidate.valueOf(System.getProperty("diff.candidate", "lockstep").toUpperCase(Locale.ROOT));

    @TempDir
    Path directory;

    private final List<String> reports = new ArrayList<>();

    @Test
    void everyProgramShowsTheSameOnBothServers() throws IOException {
        Map<Profile, List<Program>> byProfile = new EnumMap<>(Profile.class);
        LongStream.range(FIRST_SEED, FIRST_SEED + PROGRAMS).mapToObj(ProgramGenerator::generate)
                .forEach(program -> byProfile.computeIfAbsent(program.profile(), key -> new ArrayList<>()).add(program));
        int ran = 0;
        for (Map.Entry<Profile, List<Program>> each : byProfile.entrySet()) {
            ran += run(each.getKey(), each.getValue());
        }
        if (!reports.isEmpty()) {
            fail("the servers differ:\n\n" + String.join("\n\n", reports));
        }
        assertEquals(PROGRAMS, ran);
    }

    private int run(Profile profile, List<Program> programs) throws IOException {
        Deque<Program> left = new ArrayDeque<>(programs);
        int ran = 0;
        while (!left.isEmpty() && reports.size() < FAILURES_MAX) {
            // A program that differs may leave the servers unequal, so the next one gets fresh ones.
            try (ServerPair pair = new ServerPair(profile, CANDIDATE, directory)) {
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
            reports.add(comparison.report() + "\n  smallest program that differs:\n" + smallest.traceToDifference());
        }
        return comparison.isEqual();
    }
}
