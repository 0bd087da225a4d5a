package org.lockstep.compat.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Rebuilds from a trace the directories that a crash at a given time may leave. The traced directory must have been empty when
 * the trace began. Directories themselves count as durable. LMDB's lock files are left out: they are shared memory, and LMDB
 * makes new ones when nobody holds them.
 */
final class DiskImages {
    private final Map<Integer, FileHistory> files = new HashMap<>();
    private final List<NameChange> names = new ArrayList<>();
    private final List<Outage> outages = new ArrayList<>();
    private final List<IoEvent> events;

    /**
     * A create, rename or unlink, and the time from which it is on the medium: a flush of the file or of a directory it is
     * in.
     */
    private record NameChange(IoEvent event, int file, long durableAt) {}

    DiskImages(List<IoEvent> trace) {
        FileNumbers numbers = new FileNumbers();
        events = trace.stream().map(numbers::resolve).toList();
        for (IoEvent event : events) {
            if (event.file() > 0) {
                files.computeIfAbsent(event.file(), FileHistory::new).add(event);
            }
        }
        files.values().forEach(FileHistory::complete);
        collectOutages();
        for (IoEvent event : events) {
            if (event.changesName() && event.file() != 0) {
                names.add(new NameChange(event, event.file(), durableAt(event, numbers)));
            }
        }
    }

    /** True for LMDB's lock files. */
    static boolean isLockFile(String path) {
        return path.endsWith("-lock") || path.endsWith("lock.mdb");
    }

    List<IoEvent> events() {
        return events;
    }

    /** From the begin of the first recorded call ... */
    long start() {
        return events.get(0).begin() + 1;
    }

    /** ... to the end of the last. */
    long end() {
        return events.stream().mapToLong(IoEvent::end).max().orElseThrow();
    }

    /**
     * The time between two processes of one trace.
     *
     * @param death after the last call of the one
     * @param restart before the first call of the other
     */
    record Outage(long death, long restart) {}

    List<Outage> outages() {
        return outages;
    }

    private void collectOutages() {
        long lastEnd = start();
        boolean ran = false;
        for (IoEvent event : events) {
            if (event.type() == IoEvent.Type.START && ran) {
                outages.add(new Outage(lastEnd, event.begin()));
            }
            ran |= event.type() == IoEvent.Type.START;
            lastEnd = Math.max(lastEnd, event.end());
        }
    }

    /** Writes what a crash at {@code cut} leaves into the empty directory {@code target}. Cuts must not go backwards. */
    void write(long cut, Loss loss, Path target) throws IOException {
        for (Map.Entry<String, Integer> name : namesAt(cut, loss).entrySet()) {
            Path path = target.resolve(name.getKey());
            Files.createDirectories(path.getParent());
            if (!isLockFile(name.getKey())) {
                files.get(name.getValue()).at(cut, loss).writeTo(path);
            }
        }
    }

    /** What differs between the whole trace and the real directory; empty when the recording is complete. */
    List<String> differences(Path directory) throws IOException {
        List<String> found = new ArrayList<>();
        Map<String, Integer> rebuilt = namesAt(Long.MAX_VALUE - 1, new Loss(Loss.Kind.KEEP_ALL, 0));
        rebuilt.keySet().removeIf(DiskImages::isLockFile);
        for (Map.Entry<String, Integer> name : rebuilt.entrySet()) {
            Path real = directory.resolve(name.getKey());
            if (!Files.isRegularFile(real)) {
                found.add(name.getKey() + " is in the trace only");
                continue;
            }
            long at = files.get(name.getValue()).finalContent().firstDifference(real);
            if (at >= 0) {
                found.add(name.getKey() + " differs from byte " + at);
            }
        }
        Predicate<String> unknown = name -> !isLockFile(name) && !rebuilt.containsKey(name);
        try (var walk = Files.walk(directory)) {
            walk.filter(Files::isRegularFile).map(file -> directory.relativize(file).toString()).filter(unknown)
                    .forEach(name -> found.add(name + " is not in the trace"));
        }
        for (IoEvent event : events) {
            if (event.type() == IoEvent.Type.MAP && event.has(IoEvent.WRITABLE_MAP) && !isLockFile(nameOf(event.file()))) {
                found.add(nameOf(event.file()) + " is mapped for writing");
            }
        }
        return found;
    }

    /** The last name under which a file was opened. */
    String nameOf(int file) {
        String name = "";
        for (IoEvent event : events) {
            if (event.type() == IoEvent.Type.OPEN && event.file() == file) {
                name = event.path();
            }
        }
        return name;
    }

    private Map<String, Integer> namesAt(long cut, Loss loss) {
        List<NameChange> begun = names.stream().filter(change -> change.event().begin() < cut).toList();
        int open = (int) begun.stream().filter(change -> change.durableAt() > cut).count();
        int kept = loss.namesKept(open);
        Map<String, Integer> present = new TreeMap<>();
        for (NameChange change : begun) {
            if (change.durableAt() <= cut || kept-- > 0) {
                apply(present, change);
            }
        }
        return present;
    }

    private long durableAt(IoEvent event, FileNumbers numbers) {
        boolean directory = event.file() == FileNumbers.MOVED_DIRECTORY;
        long durableAt = directory ? FileHistory.NEVER : files.get(event.file()).firstFlushAfter(event.end());
        for (String name : event.path().split("\n")) {
            Integer parent = numbers.directory(name.contains("/") ? name.substring(0, name.lastIndexOf('/')) : "");
            if (parent != null) {
                durableAt = Math.min(durableAt, files.get(parent).firstFlushAfter(event.end()));
            }
        }
        return durableAt;
    }

    private static void apply(Map<String, Integer> present, NameChange change) {
        FileNumbers.apply(present, change.event(), change.file());
    }
}
