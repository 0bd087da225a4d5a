package org.lockstep.compat.crash;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * One request of the workload and what became of it.
 *
 * @param client number of the client
 * @param path what was asked for; for {@link Kind#MULTI} the stem of the two nodes it creates
 * @param data the data to store; for {@link Kind#MULTI} the value of the client's counter; for {@link Kind#CONNECT} the
 *     session's password in hexadecimal
 * @param session id of the session that asked
 * @param sentNanos System.nanoTime() before it was sent
 * @param ackNanos System.nanoTime() when its reply had come; {@link #NO_REPLY} when none came
 * @param zxid of the reply; without one, 0 or what {@link #resolvedBy} found
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

    /** True when the request is known to have changed the tree under its own zxid. */
    boolean isOrdered() {
        return zxid > 0 && error == 0 && kind != Kind.SYNC && kind != Kind.CONNECT;
    }

    /**
     * A write that got no reply, with the zxid under which it took effect all the same, as the tree after the crash tells;
     * unchanged when it took none. It must have been its client's only one in flight.
     */
    Write resolvedBy(Map<String, NodeView> tree) {
        return switch (kind) {
            case CREATE, EPHEMERAL -> tree.containsKey(path) ? tookEffect(tree.get(path).czxid(), path) : this;
            case MULTI -> tree.containsKey(path + "a") ? tookEffect(tree.get(path + "a").czxid(), path) : this;
            case SET -> tree.get(path).data().equals(data) ? tookEffect(tree.get(path).mzxid(), path) : this;
            case DELETE -> tree.containsKey(path) ? this : tookEffect(tree.get(WorkloadClient.home(client)).pzxid(), path);
            case SEQUENTIAL -> tree.entrySet().stream()
                    .filter(node -> node.getKey().startsWith(path) && node.getValue().data().equals(data)).findFirst()
                    .map(node -> tookEffect(node.getValue().czxid(), node.getKey())).orElse(this);
            case SYNC, CONNECT -> this;
        };
    }

    private Write tookEffect(long atZxid, String madeName) {
        return new Write(client, kind, path, data, session, sentNanos, NO_REPLY, atZxid, 0, madeName);
    }

    /** What resumes the session that a {@link Kind#CONNECT} made. */
    byte[] sessionPassword() {
        return HexFormat.of().parseHex(data);
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
