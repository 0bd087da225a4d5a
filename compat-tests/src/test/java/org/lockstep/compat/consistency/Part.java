package org.lockstep.compat.consistency;

import org.lockstep.wire.ErrorCode;

/**
 * What a request asks of one node, and what came of it there.
 *
 * @param path of the node
 * @param value written by CREATE and SET, empty otherwise
 * @param version that the node must have, -1 for any
 * @param error ZooKeeper's code; {@link ErrorCode#OK} when it succeeded or nothing came back
 * @param seen the node afterwards as the reply shows it; null when the reply shows none
 */
record Part(Kind kind, String path, String value, int version, int error, NodeState seen) {
    enum Kind { READ, CREATE, SET, DELETE, CHECK }

    static Part read(String path) {
        return new Part(Kind.READ, path, "", -1, 0, null);
    }

    static Part create(String path, String value) {
        return new Part(Kind.CREATE, path, value, -1, 0, null);
    }

    static Part set(String path, String value, int version) {
        return new Part(Kind.SET, path, value, version, 0, null);
    }

    static Part delete(String path, int version) {
        return new Part(Kind.DELETE, path, "", version, 0, null);
    }

    static Part check(String path, int version) {
        return new Part(Kind.CHECK, path, "", version, 0, null);
    }

    /** This part with what the reply said of it. */
    Part answered(int newError, NodeState newSeen) {
        return new Part(kind, path, value, version, newError, newSeen);
    }

    /** This part with the name that a sequential create got. */
    Part named(String newPath) {
        return new Part(kind, newPath, value, version, error, seen);
    }

    boolean isWrite() {
        return kind == Kind.CREATE || kind == Kind.SET || kind == Kind.DELETE;
    }

    @Override
    public String toString() {
        return kind + " " + path + (value.isEmpty() ? "" : " := " + value) + (version < 0 ? "" : " if v" + version)
                + (error == 0 ? "" : " error " + error) + (seen == null ? "" : " saw " + seen);
    }
}
