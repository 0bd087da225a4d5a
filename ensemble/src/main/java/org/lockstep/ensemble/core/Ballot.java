package org.lockstep.ensemble.core;

/**
 * A ballot of the election of one view's successor.
 *
 * @param round raised by whoever tries again
 * @param serverId the coordinator, so that two never share a ballot
 * @param incarnation the coordinator's, so that a restarted one never shares a ballot with its past
 */
public record Ballot(long round, int serverId, long incarnation) implements Comparable<Ballot> {
    /** Below every ballot that is used. */
    public static final Ballot NONE = new Ballot(0, 0, 0);

    @Override
    public int compareTo(Ballot other) {
        int byRound = Long.compare(round, other.round);
        if (byRound != 0) {
            return byRound;
        }
        int byServer = Integer.compare(serverId, other.serverId);
        return byServer != 0 ? byServer : Long.compare(incarnation, other.incarnation);
    }
}
