package org.lockstep.server.replica;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.ViewRecord;

/**
 * What a process outside every view is fed, kept beside its log: with what is staged behind it, it takes the log's place when a
 * view is installed. So a joiner needs only the very end while the others wait for it.
 */
final class FollowedCopy {
    private final LogSide log;
    private final Supplier<Position> durableState;
    private List<ViewRecord> views = new ArrayList<>();
    private List<Slot> slots = new ArrayList<>();
    private Position after;
    private boolean begun;

    /**
     * @param durableState where the state on the medium stands
     * @param applied where the state stands now, which is there, too
     */
    FollowedCopy(LogSide log, Supplier<Position> durableState, Position applied) {
        this.log = log;
        this.durableState = durableState;
        this.after = applied;
    }

    /** A view begins in what is fed. */
    void add(ViewRecord view) {
        views.add(view);
    }

    /** The next slot of what is fed. */
    void add(Slot slot) {
        slots.add(slot);
    }

    /** A view begins here: its base has all that came. */
    void drop() {
        views.clear();
        slots.clear();
    }

    /** Hands what came to the log. */
    void flush() {
        if (views.isEmpty() && slots.isEmpty()) {
            return;
        }
        LogRange range = new LogRange(after, views, slots);
        views = new ArrayList<>();
        slots = new ArrayList<>();
        after = range.end();
        Position from = begun ? null : durableState.get();
        begun = true;
        log.execute(held -> {
            if (from != null) {
                goOn(held, from);
            }
            if (held.copyFrom() != null) { // else a view was installed meanwhile, and its base has all of this
                held.copy(range);
            }
        });
    }

    /** Sees to it that the copy goes on from where the durable state stands. On the log thread. */
    static void goOn(MemberLog held, Position durable) {
        boolean reaches = held.copyFrom() != null && held.copyFrom().compareTo(durable) <= 0
                && held.copiedUpTo().compareTo(durable) >= 0;
        if (!reaches) {
            held.beginCopy(durable);
        }
    }
}
