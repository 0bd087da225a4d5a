package org.lockstep.compat.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * How a comparison is run.
 *
 * @param servers of each side: 1, or an ensemble of so many
 * @param only names of the contests to run
 * @param policies fsync policies to run; contests under others are skipped
 * @param baseline what the ratio divides by
 * @param candidate what has to reach the targets
 * @param rounds each side is measured in every contest; the median counts
 * @param seconds of each measurement
 * @param warmupSeconds of load on each fresh server before its first measurement
 * @param znodes loaded for the contests of heap and restart
 * @param heapMegabytes of each server's JVM
 * @param directory below which both put their data
 * @param apacheJvm more flags for Apache's JVM
 * @param lockstepJvm more flags for Lockstep's JVM
 * @param json print one JSON object instead of markdown
 */
record ComparisonOptions(
        int servers, Set<String> only, Set<String> policies, Side baseline, Side candidate, int rounds, double seconds,
        double warmupSeconds, int znodes, int heapMegabytes, Path directory, List<String> apacheJvm, List<String> lockstepJvm,
        boolean json) {

    private static final Set<String> FLAGS = Set.of("--quick", "--json");
    private static final Set<String> OPTIONS = Set.of("--servers", "--only", "--skip", "--policies", "--sides", "--rounds",
            "--seconds", "--warmup", "--znodes", "--server-heap", "--dir", "--apache-jvm", "--lockstep-jvm");
    private static final int SERVERS_MAX = 9;
    private static final List<String> POLICIES = List.of("durable", "no-sync");

    static ComparisonOptions parse(List<String> words) throws UsageException {
        Arguments arguments = new Arguments(words, FLAGS, OPTIONS);
        boolean quick = arguments.has("--quick");
        int servers = arguments.integer("--servers", 1, 1, SERVERS_MAX);
        if (servers == 2) {
            throw new UsageException("--servers 2: two servers bear no failure; take 1, 3 or more");
        }
        List<String> contests = Contest.names(servers);
        Set<String> only = choice(arguments, "--only", contests);
        if (arguments.has("--skip")) {
            only.removeAll(choice(arguments, "--skip", contests));
        }
        List<Side> sides = sides(arguments.text("--sides", "apache,lockstep"));
        return new ComparisonOptions(servers, only, choice(arguments, "--policies", POLICIES), sides.get(0), sides.get(1),
                arguments.integer("--rounds", quick ? 1 : 3, 1, 1000),
                arguments.number("--seconds", quick ? 2 : 5, 0.1, 3600),
                arguments.number("--warmup", quick ? 3 : 10, 0, 3600),
                arguments.integer("--znodes", quick ? 50_000 : servers == 1 ? 690_000 : 500_000, 1000, 100_000_000),
                arguments.integer("--server-heap", servers == 1 ? 2048 : 1024, 64, 1 << 20),
                directory(arguments.text("--dir", System.getProperty("java.io.tmpdir"))),
                flags(arguments.text("--apache-jvm", "")), flags(arguments.text("--lockstep-jvm", "")), arguments.has("--json"));
    }

    List<String> jvmFlags(Side side) {
        return side == Side.APACHE ? apacheJvm : lockstepJvm;
    }

    private static Set<String> choice(Arguments arguments, String name, List<String> known) throws UsageException {
        Set<String> chosen = new LinkedHashSet<>();
        for (String word : arguments.text(name, String.join(",", known)).split(",", -1)) {
            if (!known.contains(word)) {
                throw new UsageException(name + " " + word + ": not one of " + String.join(", ", known));
            }
            chosen.add(word);
        }
        return chosen;
    }

    private static List<Side> sides(String text) throws UsageException {
        List<Side> sides = new ArrayList<>();
        for (String word : text.split(",", -1)) {
            for (Side side : Side.values()) {
                if (side.name().equalsIgnoreCase(word)) {
                    sides.add(side);
                }
            }
        }
        if (sides.size() != 2 || text.split(",", -1).length != 2) {
            throw new UsageException("--sides " + text + ": not BASELINE,CANDIDATE out of apache and lockstep");
        }
        return sides;
    }

    private static Path directory(String text) throws UsageException {
        Path directory = Path.of(text).toAbsolutePath();
        if (!Files.isDirectory(directory) || !Files.isWritable(directory)) {
            throw new UsageException("--dir " + text + ": not a directory that can be written");
        }
        return directory;
    }

    private static List<String> flags(String text) {
        return Arrays.stream(text.split("\\s+")).filter(flag -> !flag.isEmpty()).toList();
    }
}
