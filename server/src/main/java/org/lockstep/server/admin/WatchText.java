package org.lockstep.server.admin;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** {@code wchs}, {@code wchc} and {@code wchp}. They tell of the data table only, as in ZooKeeper. */
final class WatchText {
    private WatchText() {}

    static String summary(ServerView view) {
        Set<Long> sessions = new LinkedHashSet<>();
        Set<String> paths = new LinkedHashSet<>();
        long[] total = new long[1];
        view.forEachDataWatch((path, sessionId) -> {
            sessions.add(sessionId);
            paths.add(path);
            total[0]++;
        });
        return sessions.size() + " connections watching " + paths.size() + " paths\nTotal watches:" + total[0] + "\n";
    }

    static String bySession(ServerView view) {
        return grouped(add -> view.forEachDataWatch((path, sessionId) -> add.accept(hex(sessionId), path)));
    }

    static String byPath(ServerView view) {
        return grouped(add -> view.forEachDataWatch((path, sessionId) -> add.accept(path, hex(sessionId))));
    }

    private static String grouped(Consumer<BiConsumer<String, String>> source) {
        Map<String, Set<String>> groups = new LinkedHashMap<>();
        source.accept((head, line) -> groups.computeIfAbsent(head, key -> new LinkedHashSet<>()).add(line));
        StringBuilder text = new StringBuilder();
        groups.forEach((head, lines) -> {
            text.append(head).append('\n');
            lines.forEach(line -> text.append('\t').append(line).append('\n'));
        });
        return text.append('\n').toString();
    }

    private static String hex(long sessionId) {
        return "0x" + Long.toHexString(sessionId);
    }
}
