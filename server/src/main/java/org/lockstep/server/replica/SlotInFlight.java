package org.lockstep.server.replica;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.lockstep.ensemble.core.Slot;

/** What this server must do when one of its own slots is delivered: its pending requests and reads, in order. */
final class SlotInFlight {
    private final List<Pending> turns = new ArrayList<>();
    private final BitSet localReads = new BitSet();
    private Slot slot;
    long openedNanos;
    long sealedNanos;
    long securedNanos;

    void addCommand(Pending pending) {
        turns.add(pending);
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

    void seal(Slot sealed) {
        slot = sealed;
    }

    Slot slot() {
        return slot;
    }
}
