package org.lockstep.compat.crash;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * One request of the workload and what became of it.
 *
 * @param client number of the client
 * @param path what was asked for; for {@link Kind#MULTI} the stem of the two nodes it creates
 * @param data the data to store; for {@link Kind#MULTI} the value of the client's counter
 * @param session id of the session that asked
 * @param sentNanos System.nanoTime() before it was sent
 * @param ackNanos System.nanoTime() when its reply had come; {@link #NO_REPLY} when none came
 * @param zxid of the reply; 0 without a reply
 * @param error of the reply
 * @param name the path the server made, for {@link Kind#SEQUENTIAL}; else the path
 */
record Write(int client, Kind kind, String path, String data, long session, long sentNanos, long ackNanos, long zxid, int error,
        String name) {
    static final long NO_REPLY = Long.MAX_VALUE;

    /** The requests of the workload. A multi creates {@code path + "a"} and {@code path + "b"} and sets the client's counter. */
    enum Kind { CONNECT, CREATE, SET, SEQUENTIAL, EPHEMERAL, MULTI, DELETE, SYNC }

    boolean isAcked() {
        return ackNanos != NO_REPLY && error == 0;
    }

    /** True when the reply was in the client's hands at {@code time}. */
    boolean isAckedAt(long time) {
        return isAcked() && ackNanos < time;
    }

    /** True when the request changed the tree under its own zxid. */
    boolean isOrdered() {
        return isAcked() && kind != Kind.SYNC && kind != Kind.CONNECT;
    }

    static void save(List<Write> writes, Path file) throws IOException {
        Files.write(file, writes.stream().map(Write::toLine).toList(), StandardCharsets.UTF_8);
    }

    static List<Write> load(Path file) throws IOException {
        return Files.readAllLines(file, StandardCharsets.UTF_8).stream().map(Write::ofLine).toList();
    }

    private String toLine() {
        return String.join("\t", String.valueOf(client), kind.name(), path, data, String.valueOf(session),
                String.valueOf(sentNanos), String.valueOf(ackNanos), String.valueOf(zxid), String.valueOf(error), name);
    }

    private static Write ofLine(String line) {
        String[] f = line.split("\t", -1);
        return new Write(Integer.parseInt(f[0]), Kind.valueOf(f[1]), f[2], f[3], Long.parseLong(f[4]), Long.parseLong(f[5]),
                Long.parseLong(f[6]), Long.parseLong(f[7]), Integer.parseInt(f[8]), f[9]);
    }
}
