package org.lockstep.server.admin;

import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** {@code dump}: sessions, their ephemerals, and connections, by the time they expire. */
final class DumpText {
    private DumpText() {}

    static String dump(ServerView view) {
        StringBuilder text = new StringBuilder("SessionTracker dump:\n");
        TreeMap<Long, List<String>> sessions = new TreeMap<>();
        TreeMap<Long, List<String>> ephemerals = new TreeMap<>();
        view.forEachSession((id, expireAtMillis) -> {
            sessions.computeIfAbsent(expireAtMillis, at -> new ArrayList<>()).add("0x" + Long.toHexString(id));
            List<String> paths = view.ephemeralsOf(id);
            if (!paths.isEmpty()) {
                ephemerals.put(id, paths);
            }
        });
        buckets(text.append("Session Sets "), sessions);
        text.append("ephemeral nodes dump:\nSessions with Ephemerals (").append(ephemerals.size()).append("):\n");
        ephemerals.forEach((id, paths) -> {
            text.append("0x").append(Long.toHexString(id)).append(":\n");
            paths.forEach(path -> text.append('\t').append(path).append('\n'));
        });
        TreeMap<Long, List<String>> connections = new TreeMap<>();
        view.forEachConnection(connection -> connections.computeIfAbsent(connection.expireAtMillis(), at -> new ArrayList<>())
            .add("ip: " + StatText.address(connection) + " sessionId: 0x" + Long.toHexString(connection.sessionId())));
        buckets(text.append("Connections dump:\nConnections Sets "), connections);
        return text.toString();
    }

    private static void buckets(StringBuilder text, Map<Long, List<String>> buckets) {
        int total = buckets.values().stream().mapToInt(List::size).sum();
        text.append('(').append(buckets.size()).append(")/(").append(total).append("):\n");
        buckets.forEach((atMillis, lines) -> {
            text.append(lines.size()).append(" expire at ").append(new Date(atMillis)).append(":\n");
            lines.forEach(line -> text.append('\t').append(line).append('\n'));
        });
    }
}
