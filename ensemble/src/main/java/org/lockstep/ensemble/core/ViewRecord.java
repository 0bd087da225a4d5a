package org.lockstep.ensemble.core;

import java.util.List;
import java.util.UUID;

/**
 * A view of an ensemble as it is proposed, accepted and decided: views form a chain, each has exactly one successor.
 *
 * @param viewId its number, one more than its predecessor's; the high half of the zxids given in it
 * @param ensembleId drawn with the first view; every connection checks it
 * @param members in rank order; the member of rank k owns the slots (index, k)
 * @param voters the configured voters, in the view or not, each with the disk that may vote on the successor
 * @param origin how it came about
 * @param source the member whose log is the base: the coordinator among survivors, the restart source, or null for the first view
 * @param trim where the predecessor ends; the base of this view is the predecessor's base and its final sequence by this trim
 */
public record ViewRecord(long viewId, UUID ensembleId, List<MemberId> members, List<Voter> voters, Origin origin,
        MemberId source, Trim trim) {
    /** Views are the high half of a zxid, which clients read as a signed number. */
    public static final long VIEW_ID_MAX = Integer.MAX_VALUE;

    /** How a view came about. */
    public enum Origin {
        /** The first view: all its members were blank. */
        BOOTSTRAP,
        /** Live members of the predecessor carried it over: their clients see only a pause. */
        SURVIVORS,
        /** No member of the predecessor was alive; one disk that had everything carried it over. */
        RESTART,
        /** As RESTART, but every disk may have lost its unsynced tail: what followed the cut is forgotten. Said loudly. */
        RESTART_CUT
    }

    public ViewRecord {
        members = List.copyOf(members);
        voters = List.copyOf(voters);
    }

    /** The rank of exactly this incarnation, or -1. */
    public int rankOf(MemberId member) {
        return members.indexOf(member);
    }

    /** The member that runs on this server, whatever its incarnation, or null. */
    public MemberId memberOn(int serverId) {
        for (MemberId member : members) {
            if (member.serverId() == serverId) {
                return member;
            }
        }
        return null;
    }

    /** The member that lives on this disk, whatever its incarnation, or null. */
    public MemberId memberOf(UUID diskId) {
        for (MemberId member : members) {
            if (member.diskId().equals(diskId)) {
                return member;
            }
        }
        return null;
    }

    /** Whether this disk may vote on the successor. */
    public boolean listsDisk(int serverId, UUID diskId) {
        return voters.contains(new Voter(serverId, diskId));
    }

    /**
     * Whether what was delivered up to {@code applied} in the view before is a beginning of this view's base. It is not when
     * every disk had lost its tail, and the cut forgot some of it.
     */
    public boolean continues(Position applied) {
        return applied.viewId() == viewId - 1
                && (applied.index() < 0 || applied.rank() < trim.ranks() && trim.covers(applied.index(), applied.rank()));
    }

    /** The smallest number of voters of which any two sets share one. */
    public int majority() {
        return voters.size() / 2 + 1;
    }

    /** Whether what a live member or a disk of the predecessor holds, is carried over without a loss. */
    public boolean keepsEverything() {
        return origin != Origin.RESTART_CUT;
    }
}
