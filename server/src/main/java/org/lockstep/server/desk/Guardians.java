package org.lockstep.server.desk;

import java.util.List;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.state.SessionOwner;

/**
 * Who keeps a session's time: its owner while that process is in the view, else a member that all agree on without a word.
 *
 * <p>Orphans are spread over the members by the highest score of (session, member). So a change of view gives another guardian
 * only to the sessions whose guardian has left, and to a few that a new member takes over; the time of all others goes on.
 */
final class Guardians {
    private static final long PRIME = 0x9E3779B97F4A7C15L;

    private Guardians() {}

    /** The member that may expire the session; a pure function of its arguments, so that all members of a view agree. */
    static MemberId of(long sessionId, SessionOwner owner, List<MemberId> members) {
        MemberId best = null;
        long bestScore = 0;
        for (MemberId member : members) {
            if (member.serverId() == owner.serverId() && member.incarnation() == owner.incarnation()) {
                return member;
            }
            long score = mix(mix(mix(sessionId) ^ member.serverId()) ^ member.incarnation());
            if (best == null || score > bestScore) {
                best = member;
                bestScore = score;
            }
        }
        return best;
    }

    private static long mix(long x) {
        long h = x * PRIME;
        h ^= h >>> 32;
        h *= PRIME;
        return h ^ h >>> 29;
    }
}
