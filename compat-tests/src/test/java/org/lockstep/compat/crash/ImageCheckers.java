package org.lockstep.compat.crash;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs {@link ImageChecker} in processes of their own, each with a share of the images. */
final class ImageCheckers {
    private static final int SHARES = 2;
    private static final Path MEMORY = Path.of("/dev/shm");

    private ImageCheckers() {}

    /**
     * What came out.
     *
     * @param images how many were recovered
     * @param empty how many of them came up without any node of the workload
     * @param lossy how many of them had lost something acknowledged, whether they may or not
     * @param broken a line for each broken promise; also for a checker that died, with the image it died of
     */
    record Outcome(int images, int empty, int lossy, List<String> broken) {}

    /** Recovers {@code count} images of the recording; {@code mode} is {@code power} or {@code kill}. */
    static Outcome run(Recording recording, Path scratch, long seed, int count, String mode) throws IOException {
        // images live in memory where there is such a place: what they tell does not depend on the speed of a disk
        Path images = Files.createTempDirectory(Files.isWritable(MEMORY) ? MEMORY : scratch, "lockstep-images");
        try {
            List<Process> shares = new ArrayList<>();
            List<Path> outputs = new ArrayList<>();
            for (int share = 0; share < SHARES; share++) {
                Path output = scratch.resolve("checker-" + mode + share + ".log");
                outputs.add(output);
                shares.add(start(recording, images, seed, count, share, mode, output));
            }
            List<String> broken = new ArrayList<>();
            int[] sums = new int[3];
            for (int share = 0; share < SHARES; share++) {
                collect(shares.get(share), outputs.get(share), sums, broken);
            }
            return new Outcome(sums[0], sums[1], sums[2], broken);
        } finally {
            deleteTree(images);
        }
    }

    private static Process start(Recording recording, Path images, long seed, int count, int share, String mode, Path output)
            throws IOException {
        List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g",
                "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                "--add-opens", "java.base/java.nio=ALL-UNNAMED", "--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED",
                "-XX:ErrorFile=" + output.resolveSibling("hs_err_%p.log"), "-XX:-CreateCoredumpOnCrash",
                "-Dlogback.configurationFile=" + quietLogging(images),
                "-cp", System.getProperty("java.class.path"), ImageChecker.class.getName(),
                recording.policy().key(), recording.trace().toString(), recording.history().toString(), images.toString(),
                String.valueOf(seed), String.valueOf(count), String.valueOf(share), String.valueOf(SHARES), mode);
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    }

    private static void collect(Process process, Path output, int[] sums, List<String> broken) throws IOException {
        int exit;
        try {
            exit = process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            process.destroyForcibly();
        }
        List<String> lines = Files.readAllLines(output, UTF_8);
        lines.stream().filter(line -> line.startsWith("BROKEN")).forEach(broken::add);
        String done = lines.stream().filter(line -> line.startsWith("DONE")).findFirst().orElse(null);
        if (exit != 0 || done == null) {
            List<String> images = lines.stream().filter(line -> line.startsWith("IMAGE")).toList();
            String last = images.isEmpty() ? "no image" : images.get(images.size() - 1);
            broken.add("BROKEN the checker died (" + exit + ") of " + last + ": "
                    + String.join("\n", lines.subList(Math.max(0, lines.size() - 30), lines.size())));
            return;
        }
        String[] fields = done.split(" ");
        for (int i = 0; i < sums.length; i++) {
            sums[i] += Integer.parseInt(fields[i + 1]);
        }
    }

    private static Path quietLogging(Path directory) throws IOException {
        return Files.writeString(directory.resolve("logback.xml"), """
                <configuration>
                  <statusListener class="ch.qos.logback.core.status.NopStatusListener"/>
                  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
                    <encoder><pattern>%-5level %logger{0} - %msg%n</pattern></encoder>
                  </appender>
                  <root level="WARN"><appender-ref ref="OUT"/></root>
                </configuration>
                """);
    }

    static void deleteTree(Path directory) throws IOException {
        try (var walk = Files.walk(directory)) {
            for (Path path : walk.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(path);
            }
        }
    }
}
