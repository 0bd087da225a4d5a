package org.lockstep.server.replica;

import java.util.ArrayDeque;
import java.util.Collection;
import org.lockstep.ensemble.core.Position;

/**
 * How far back the log is kept behind the state on the medium. Whoever comes back is told from the log what it has missed; when the
 * log does not reach back to where it stands it copies a whole state instead. That always works, so nobody who stays away, or is slow,
 * may keep the log from being shortened for ever: for those it goes back {@code keptBytesMax} of applied slots and not much more.
 *
 * <p>On the main event loop.
 */
final class LogRetention {
    /** What a slot takes beside its payload, about. */
    private static final int SLOT_OVERHEAD_BYTES = 128;
    /** In so many steps the kept part of the log moves on. */
    private static final int STEPS = 16;

    private final long keptBytesMax;
    /** Checkpoints, oldest first, some way apart: the first is where the log begins for those who are away. */
    private final ArrayDeque<Mark> marks = new ArrayDeque<>();
    private Position last = Position.START;
    private Position beforeLast = Position.START;
    private long appliedBytes;

    private record Mark(Position at, long appliedBytes) {}

    LogRetention(long keptBytesMax) {
        this.keptBytesMax = keptBytesMax;
    }

    /** A slot is applied. */
    void applied(int payloadBytes) {
        appliedBytes += payloadBytes + SLOT_OVERHEAD_BYTES;
    }

    /** The state on the medium has reached {@code at}. */
    void checkpointed(Position at) {
        beforeLast = last;
        last = at;
        if (marks.isEmpty() || appliedBytes - marks.getLast().appliedBytes() >= keptBytesMax / STEPS) {
            marks.add(new Mark(at, appliedBytes));
        }
        while (marks.size() > 1 && appliedBytes - marks.getFirst().appliedBytes() > keptBytesMax) {
            marks.poll();
        }
    }

    /**
     * The place up to which slots may go. Who is in the view may come back with a state that is a checkpoint older; for who is away,
     * or follows from an older place, see above.
     *
     * @param complete whether all voters are in the view
     * @param alone whether nobody else is in the view
     * @param needed the place behind which followers may still ask; null for none
     * @param holds places behind which somebody is copying a state: these are kept whatever it takes, for a while
     */
    Position floor(boolean complete, boolean alone, Position needed, Collection<Position> holds) {
        Position recent = alone ? last : beforeLast;
        Position kept = marks.isEmpty() ? Position.START : marks.getFirst().at();
        Position wanted = !complete ? kept : needed == null ? recent : needed;
        Position least = lesser(recent, wanted.compareTo(kept) < 0 ? kept : wanted);
        for (Position held : holds) {
            least = lesser(least, held);
        }
        return least;
    }

    private static Position lesser(Position a, Position b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
