package org.lockstep.server.replica;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.lockstep.ensemble.core.Position;

/** What this server must do when one of its own slots is delivered: its pending requests and reads, in order. */
final class SlotInFlight {
    private final List<Pending> turns = new ArrayList<>();
    private final BitSet localReads = new BitSet();
    private int commandCount;
    /** The batch; null while it is being gathered. */
    byte[] payload;
    long openedNanos;
    long sealedNanos;
    long securedNanos;
    /** Where it was sent last; null before. A view's end may give it another place. */
    Position sentAs;

    void addCommand(Pending pending) {
        turns.add(pending);
        commandCount++;
    }

    /** The turns that are no local reads. */
    int commandCount() {
        return commandCount;
    }

    void addLocalRead(Pending pending) {
        localReads.set(turns.size());
        turns.add(pending);
    }

    int turnCount() {
        return turns.size();
    }

    Pending turn(int i) {
        return turns.get(i);
    }

    boolean isLocalRead(int i) {
        return localReads.get(i);
    }
}
