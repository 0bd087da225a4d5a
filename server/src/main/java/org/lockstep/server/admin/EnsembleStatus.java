package org.lockstep.server.admin;

import java.util.List;

/**
 * Where a server of an ensemble stands, as far as it knows: made for one answer. Servers are named by their ids.
 *
 * @param myId this server
 * @param role how it serves
 * @param viewId the view that it lives in or follows; 0 for {@link Role#READ_ONLY}
 * @param members the members of that view in rank order
 * @param suspected those of them that are held for failed and will be left out of the next view
 * @param learners voters outside the view that are heard of: they catch up before the next view can have them
 * @param observers observers that follow and are up to date
 * @param followsId for an observer the server that it gets everything from; else -1
 */
public record EnsembleStatus(int myId, Role role, long viewId, List<Integer> members, List<Integer> suspected,
        List<Integer> learners, List<Integer> observers, int followsId) {
    /** How a server serves. */
    public enum Role {
        /** A live member of the view. */
        MEMBER,
        /** Gets everything that the members order, and votes on nothing. */
        OBSERVER,
        /** Cut off from the others: reads only, and only for clients that ask for it. */
        READ_ONLY
    }

    public EnsembleStatus {
        members = List.copyOf(members);
        suspected = List.copyOf(suspected);
        learners = List.copyOf(learners);
        observers = List.copyOf(observers);
    }

    /** This server's rank in the view; -1 when it is not a member. */
    public int rank() {
        return members.indexOf(myId);
    }

    /**
     * ZooKeeper's word for it: {@code leader}, {@code follower}, {@code observer} or {@code read-only}. Nobody leads here; but
     * monitors want exactly one leader, and rank 0 is one that all members agree on.
     */
    public String mode() {
        return switch (role) {
            case MEMBER -> rank() == 0 ? "leader" : "follower";
            case OBSERVER -> "observer";
            case READ_ONLY -> "read-only";
        };
    }
}
