package org.lockstep.state;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** A session: its timeout, how often it moved and where it is now, and the ephemerals that go with it. */
final class Session {
    final long id;
    int timeoutMillis;
    int attach;
    SessionOwner owner;
    private Set<String> ephemerals = Set.of();

    Session(long id, int timeoutMillis, int attach, SessionOwner owner) {
        this.id = id;
        this.timeoutMillis = timeoutMillis;
        this.attach = attach;
        this.owner = owner;
    }

    void addEphemeral(String path) {
        if (ephemerals.isEmpty()) {
            ephemerals = new HashSet<>();
        }
        ephemerals.add(path);
    }

    void removeEphemeral(String path) {
        if (!ephemerals.isEmpty()) {
            ephemerals.remove(path);
        }
    }

    /** Not to be changed by the caller. */
    Set<String> ephemerals() {
        return ephemerals;
    }

    /** The paths in the one order that every member deletes them in, whatever its history. */
    String[] sortedEphemerals() {
        String[] paths = ephemerals.toArray(new String[0]);
        Arrays.sort(paths);
        return paths;
    }
}
