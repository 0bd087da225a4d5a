package org.lockstep.compat.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The live heap of another JVM on this machine, after a collection forced with {@code jcmd}.
 *
 * <p>Read from the total of {@code GC.class_histogram}, which collects first and counts only what is reachable: unlike the
 * {@code used} of {@code GC.heap_info} it means the same with every collector, and no half-filled region blurs it.
 */
public final class JvmHeap {
    private static final Pattern TOTAL = Pattern.compile("^Total\\s+\\d+\\s+(\\d+)", Pattern.MULTILINE);
    private static final Pattern LISTENER = Pattern.compile("^\\s*\\d+: [0-9A-F]+:([0-9A-F]{4}) \\S+ 0A .*$");
    private static final int INODE_FIELD = 9;
    private static final int TIMEOUT_SECONDS = 120;

    private JvmHeap() {}

    /** Bytes of the objects that are reachable in the JVM {@code pid}; two collections, so that cleared references go too. */
    public static long liveBytes(long pid) throws IOException {
        jcmd(pid, "GC.run");
        String histogram = jcmd(pid, "GC.class_histogram");
        Matcher matcher = TOTAL.matcher(histogram);
        if (!matcher.find()) {
            throw new IOException("jcmd " + pid + " GC.class_histogram printed no total");
        }
        return Long.parseLong(matcher.group(1));
    }

    /** The process that listens on a TCP port of this machine (Linux), or -1. */
    public static long pidListeningOn(int port) throws IOException {
        String inode = null;
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            for (String line : Files.readAllLines(Path.of(table))) {
                Matcher matcher = LISTENER.matcher(line);
                if (matcher.matches() && Integer.parseInt(matcher.group(1), 16) == port) {
                    inode = line.trim().split("\\s+")[INODE_FIELD];
                }
            }
        }
        return inode == null ? -1 : pidHolding("socket:[" + inode + "]");
    }

    private static long pidHolding(String link) throws IOException {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes.filter(process -> process.getFileName().toString().matches("\\d+"))
                    .filter(process -> holds(process, link))
                    .mapToLong(process -> Long.parseLong(process.getFileName().toString()))
                    .findFirst().orElse(-1);
        }
    }

    private static boolean holds(Path process, String link) {
        try (Stream<Path> files = Files.list(process.resolve("fd"))) {
            return files.anyMatch(file -> {
                try {
                    return Files.readSymbolicLink(file).toString().equals(link);
                } catch (IOException e) {
                    return false;
                }
            });
        } catch (IOException e) {
            // Somebody else's process, or one that has just ended: not ours.
            return false;
        }
    }

    private static String jcmd(long pid, String command) throws IOException {
        Path home = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        String program = Files.isExecutable(home) ? home.toString() : "jcmd";
        Path answer = Files.createTempFile("jcmd", ".txt");
        try {
            Process process = new ProcessBuilder(program, Long.toString(pid), command)
                    .redirectErrorStream(true).redirectOutput(answer.toFile()).start();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException("jcmd " + pid + " " + command + " took longer than " + TIMEOUT_SECONDS + " s");
            }
            String text = Files.readString(answer, StandardCharsets.UTF_8);
            if (process.exitValue() != 0) {
                throw new IOException("jcmd " + pid + " " + command + " failed: " + text.strip());
            }
            return text;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in jcmd", e);
        } finally {
            Files.delete(answer);
        }
    }
}
