package org.lockstep.server.replica;

import java.util.List;
import org.lockstep.ensemble.core.MemberId;

/**
 * A view as those who serve clients need to know it.
 *
 * @param viewId its number
 * @param self this process: one of the members, or an observer that follows them
 * @param members who is in it, in rank order
 */
public record EnsembleView(long viewId, MemberId self, List<MemberId> members) {
    public EnsembleView {
        members = List.copyOf(members);
    }

    /** This member's rank; 0 is the one that does what must be done once. -1 for an observer. */
    public int rank() {
        return members.indexOf(self);
    }

    public boolean isMember() {
        return rank() >= 0;
    }
}
