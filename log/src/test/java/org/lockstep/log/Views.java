package org.lockstep.log;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.Ballot;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.ensemble.core.ViewRecord.Origin;
import org.lockstep.ensemble.core.Voter;

/** Views for tests. */
final class Views {
    private static final UUID ENSEMBLE = new UUID(7, 7);

    private Views() {}

    static MemberId member(int serverId, long incarnation) {
        return new MemberId(serverId, new UUID(serverId, 1), incarnation);
    }

    /** A view of servers 1 to {@code ranks} whose predecessor ends at {@code trim}; null for the first view. */
    static ViewRecord view(long viewId, int ranks, Trim trim) {
        List<MemberId> members = new ArrayList<>();
        List<Voter> voters = new ArrayList<>();
        for (int id = 1; id <= ranks; id++) {
            members.add(member(id, viewId));
            voters.add(new Voter(id, new UUID(id, 1)));
        }
        return new ViewRecord(viewId, ENSEMBLE, members, voters, trim == null ? Origin.BOOTSTRAP : Origin.SURVIVORS,
                trim == null ? null : members.get(0), trim == null ? Trim.nothing(0) : trim);
    }

    static AcceptorRecord promise(ViewRecord previous, long round) {
        return new AcceptorRecord(previous.viewId() + 1, previous, new Ballot(round, 1, 5), Ballot.NONE, null, null);
    }
}
