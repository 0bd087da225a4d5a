package org.lockstep.server.desk;

/**
 * Draws session ids in ZooKeeper's form: the server's number in the high byte, five bytes of a millisecond clock, then a counter.
 *
 * <p>The clock is the wall clock at start-up, where ZooKeeper takes the JVM's monotonic one: that restarts with the machine, and
 * could hand out an id that a session still alive in the log has.
 */
final class SessionIds {
    private static final int ID_SHIFT = 56;
    private long next;

    SessionIds(int serverId, long nowMillis) {
        next = ((nowMillis << 24) >>> 8) | ((long) serverId << ID_SHIFT);
        if (next == Long.MIN_VALUE) {
            next++; // stands for "container" in a node's owner field
        }
    }

    long draw() {
        return next++;
    }
}
