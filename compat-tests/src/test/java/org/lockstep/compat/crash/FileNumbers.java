package org.lockstep.compat.crash;

import java.util.HashMap;
import java.util.Map;

/**
 * Follows the names through a trace, so that a file keeps one number for its whole life: over renames, and over processes, each
 * of which numbers files in its own way.
 */
final class FileNumbers {
    /** In place of a file's number: the event moves a directory with all that is in it. */
    static final int MOVED_DIRECTORY = -1;

    private final Map<Integer, Integer> known = new HashMap<>();
    private final Map<String, Integer> names = new HashMap<>();
    private final Map<String, Integer> directories = new HashMap<>();

    /** The event with the file's number for life; 0 when an empty directory is moved or removed. Events come in their order. */
    IoEvent resolve(IoEvent event) {
        switch (event.type()) {
            case OPEN -> {
                int file = known.computeIfAbsent(event.file(), raw -> opened(event));
                if (event.has(IoEvent.DIRECTORY)) {
                    directories.put(event.path(), file);
                    return event.withFile(file);
                }
                if (event.has(IoEvent.CREATED)) {
                    names.put(event.path(), file);
                }
                return event.withFile(file);
            }
            case RENAME, UNLINK -> {
                int file = subject(event.path().split("\n")[0]);
                if (file != 0 && !event.failed()) {
                    apply(names, event, file);
                }
                return event.withFile(file);
            }
            default -> {
                return event.file() == 0 ? event : event.withFile(known.get(event.file()));
            }
        }
    }

    /** The number of a directory that was ever opened, for example to flush it; null when it was not. */
    Integer directory(String path) {
        return directories.get(path);
    }

    private int subject(String path) {
        boolean directory = names.keySet().stream().anyMatch(name -> name.startsWith(path + "/"));
        return directory ? MOVED_DIRECTORY : names.getOrDefault(path, 0);
    }

    private int opened(IoEvent event) {
        if (event.has(IoEvent.DIRECTORY)) {
            return directories.getOrDefault(event.path(), event.file());
        }
        Integer file = event.has(IoEvent.CREATED) ? Integer.valueOf(event.file()) : names.get(event.path());
        if (file == null) {
            throw new IllegalArgumentException(event.path() + " was there before the trace began");
        }
        return file;
    }

    /** Applies a successful create, rename or unlink of {@code file} to a map from names to files. */
    static void apply(Map<String, Integer> names, IoEvent event, int file) {
        String[] path = event.path().split("\n");
        switch (event.type()) {
            case OPEN -> names.put(path[0], file);
            case UNLINK -> names.remove(path[0]);
            case RENAME -> {
                if (file == MOVED_DIRECTORY) {
                    moveDirectory(names, path[0], path[1]);
                    return;
                }
                names.values().removeIf(other -> other == file);
                names.put(path[1], file);
            }
            default -> throw new IllegalArgumentException(event.toString());
        }
    }

    private static void moveDirectory(Map<String, Integer> names, String from, String to) {
        Map<String, Integer> moved = new HashMap<>();
        names.forEach((name, file) -> {
            if (name.startsWith(from + "/")) {
                moved.put(to + name.substring(from.length()), file);
            }
        });
        names.keySet().removeIf(name -> name.startsWith(from + "/"));
        names.putAll(moved);
    }
}
