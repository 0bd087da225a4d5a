package org.lockstep.server;

import org.lockstep.ensemble.core.LogStore;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.state.BatchReader;
import org.lockstep.state.Command;
import org.lockstep.state.Reply;
import org.lockstep.state.StateMachine;
import org.lockstep.wire.MalformedRecordException;

/** Brings the state up to the end of the log: the slots behind its last checkpoint are applied again. */
final class Recovery {
    private final StateMachine state;
    private final BatchReader batch = new BatchReader();
    private final Command command = new Command();
    private final Reply reply = new Reply();
    private Position applied;
    private int slotCount;

    Recovery(StateMachine state, Position mark) {
        this.state = state;
        this.applied = mark;
    }

    /** Replays {@code log} behind the mark; returns where the state stands then. */
    Position replay(LogStore log) {
        log.replay(applied, this::apply);
        return applied;
    }

    /** Slots that had to be applied again. */
    int slotCount() {
        return slotCount;
    }

    private void apply(Slot slot) {
        if (slot.position().viewId() != applied.viewId()) {
            state.beginView(slot.position().viewId());
        }
        byte[] payload = slot.payload();
        try {
            batch.wrap(payload, 0, payload.length);
            while (batch.next(command)) {
                state.apply(batch.timeMillis(), command, reply);
            }
        } catch (MalformedRecordException e) {
            throw new IllegalStateException("slot " + slot.position() + " of the log holds no batch: " + e.getMessage()
                    + "; its checksum is right, so it was written by another version", e);
        }
        applied = slot.position();
        slotCount++;
    }
}
