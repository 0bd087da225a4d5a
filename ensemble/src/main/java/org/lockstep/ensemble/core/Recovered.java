package org.lockstep.ensemble.core;

import java.util.List;

/**
 * What a process finds on its disk when it starts. Every field but the flags may be absent: a blank disk has none.
 *
 * @param installed the view whose base the log holds, or null
 * @param installedAs the incarnation that installed it and wrote the log, or null
 * @param last per sender of {@code installed}, the last slot in the log, cut at the first that is damaged or out of its
 *     chain; null without {@code installed}
 * @param intact whether the machine has not rebooted since {@code installed} was installed; true under {@code durable}
 * @param damaged a slot of the flushed part cannot be read: the disk may vote, but gives no base and rejoins by transfer
 * @param flushedMark the place ({@link Order}) in {@code installed} up to which everything stable is on the medium
 * @param acceptor the voter's memory, or null
 * @param staged the values whose base is staged and not installed
 * @param applied the place of the order at which the state machine stands, {@link Position#START} when it is empty; a learner
 *     or an observer goes on from there
 */
public record Recovered(ViewRecord installed, MemberId installedAs, Trim last, boolean intact, boolean damaged,
        long flushedMark, AcceptorRecord acceptor, List<ViewRecord> staged, Position applied) {
    /** With an empty state machine. */
    public Recovered(ViewRecord installed, MemberId installedAs, Trim last, boolean intact, boolean damaged, long flushedMark,
            AcceptorRecord acceptor, List<ViewRecord> staged) {
        this(installed, installedAs, last, intact, damaged, flushedMark, acceptor, staged, Position.START);
    }

    /** The same, with the state machine at this place. */
    public Recovered withApplied(Position place) {
        return new Recovered(installed, installedAs, last, intact, damaged, flushedMark, acceptor, staged, place);
    }

    /** What a blank disk holds. */
    public static final Recovered BLANK = new Recovered(null, null, null, true, false, Order.NONE, null, List.of());

    boolean isBlank() {
        return installed == null && (acceptor == null || acceptor.previous() == null && acceptor.accepted() == null)
                && staged.isEmpty();
    }

    /** The newest view that this disk knows to be decided, or null. */
    ViewRecord decided() {
        ViewRecord previous = acceptor == null ? null : acceptor.previous();
        if (installed == null || previous != null && previous.viewId() > installed.viewId()) {
            return previous;
        }
        return installed;
    }
}
