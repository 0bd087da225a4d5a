package org.lockstep.ensemble.core;

import java.util.List;

/**
 * Whether a server that is alone can begin a view with what its disk holds. Nobody will ever come to help it: what would make a
 * member of an ensemble wait for the others, or learn from them, would make it wait for ever.
 */
public final class LoneStart {
    private LoneStart() {}

    /**
     * Why no view can begin.
     *
     * @param damage whether the disk has lost something; else it belongs to another ensemble than the configured one
     * @param text what is wrong with the data directory
     */
    public record Obstacle(boolean damage, String text) {}

    /** What is in the way of {@code self}, which has found {@code found}; null for nothing. */
    public static Obstacle of(MemberId self, Recovered found) {
        ViewRecord decided = found.decided();
        if (decided == null) {
            return ofNoView(found);
        }
        List<Integer> voters = decided.voters().stream().map(Voter::serverId).toList();
        if (decided.majority() > 1) {
            return new Obstacle(false, "it belongs to an ensemble of the servers " + voters + ", of which one cannot go on alone");
        }
        if (!decided.listsDisk(self.serverId(), self.diskId()) || decided.memberOf(self.diskId()) == null) {
            return new Obstacle(false, "it belongs to an ensemble in which server " + voters.get(0) + " has the vote, and not server "
                    + self.serverId() + " with this disk");
        }
        DiskState disk = new DiskState(self.diskId(), found);
        if (!disk.hasInstalled(decided) && disk.baseFor(decided) == null) {
            return new Obstacle(true, "it knows of view " + decided.viewId() + " and holds "
                    + (found.installed() == null ? "none" : "view " + found.installed().viewId()));
        }
        return null;
    }

    private static Obstacle ofNoView(Recovered found) {
        if (!found.applied().equals(Position.START)) {
            return new Obstacle(true, "the state stands at " + found.applied() + ", and the log knows of no view");
        }
        return found.staged().isEmpty() ? null
                : new Obstacle(true, "the log holds a part of another server's log, and knows of no view of its own");
    }
}
