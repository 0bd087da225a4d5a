package org.lockstep.server.replica;

import java.util.function.IntConsumer;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.state.BatchReader;
import org.lockstep.state.Command;
import org.lockstep.state.Reply;
import org.lockstep.state.StateMachine;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/** Applies slots to the state machine, in order, and knows where it stands. */
final class Applier implements MemberLog.Visitor {
    private final StateMachine state;
    private final BatchReader batch = new BatchReader();
    private final Command command = new Command();
    private final Reply reply = new Reply();
    private Position applied;
    private final LostWrites lostWrites;
    private final DigestCheck digests;
    private final JuteReader body = new JuteReader();
    private final IntConsumer ownApplied;
    private boolean sawSync;
    private int replayCount;

    /**
     * @param applied where {@code state} stands in the order
     * @param lostWrites is told what a view that begins has forgotten
     * @param digests compares this state with that of the others
     * @param ownApplied told of each own request, before its turn: how many bytes it had
     */
    Applier(StateMachine state, Position applied, LostWrites lostWrites, DigestCheck digests, IntConsumer ownApplied) {
        this.state = state;
        this.applied = applied;
        this.lostWrites = lostWrites;
        this.digests = digests;
        this.ownApplied = ownApplied;
    }

    /** The place of the last slot applied; while one is being applied, its place. */
    Position applied() {
        return applied;
    }

    /** A view begins; everything before it is applied. */
    @Override
    public void view(ViewRecord view) {
        long zxid = view.viewId() << Integer.SIZE;
        if (!view.keepsEverything() && zxid > state.lastZxid()) {
            lostWrites.add(state.lastZxid(), zxid);
        }
        state.beginView(view.viewId());
    }

    /** Applies a slot for which nobody here waits. */
    @Override
    public void slot(Slot slot) {
        apply(slot, null);
        replayCount++;
    }

    /** How many slots were read from the log and applied since this was asked last. */
    int takeReplayCount() {
        int count = replayCount;
        replayCount = 0;
        return count;
    }

    /**
     * Applies {@code slot}.
     *
     * @param own who waits for its requests, when it is a slot of this server; else null
     * @return whether a {@code sync} is in it
     */
    boolean apply(Slot slot, SlotInFlight own) {
        if (slot.position().compareTo(applied) <= 0) {
            throw new IllegalStateException("slot " + slot.position() + " comes behind " + applied + ", out of order");
        }
        applied = slot.position();
        sawSync = false;
        byte[] payload = slot.payload();
        try {
            batch.wrap(payload, 0, payload.length);
            if (own == null) {
                while (batch.next(command)) {
                    applyCommand();
                }
            } else {
                for (int i = 0; i < own.turnCount(); i++) {
                    turn(own, i);
                }
            }
        } catch (MalformedRecordException e) {
            throw new IllegalStateException("slot " + slot.position() + " holds no batch: " + e.getMessage()
                    + "; its checksum is right, so it was written by another version", e);
        }
        if (digests.isDue()) {
            digests.note(state.digest());
        }
        return sawSync;
    }

    private void applyCommand() throws MalformedRecordException {
        if (command.opcode == OpCode.COMPARE_DIGEST) {
            if (!digests.hear(applied.rank(), command.body(body))) {
                throw new StateDiffersException(applied);
            }
            return;
        }
        sawSync |= command.opcode == OpCode.SYNC;
        state.apply(batch.timeMillis(), command, reply);
    }

    private void turn(SlotInFlight own, int i) throws MalformedRecordException {
        if (own.isLocalRead(i)) {
            own.turn(i).onTurn(null);
            return;
        }
        if (!batch.next(command)) {
            throw new IllegalStateException("slot " + applied + " holds fewer requests than were sent in it");
        }
        applyCommand();
        ownApplied.accept(command.bodyLength());
        own.turn(i).onTurn(reply);
    }
}
