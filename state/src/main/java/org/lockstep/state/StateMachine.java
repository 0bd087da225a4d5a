package org.lockstep.state;

import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;

/**
 * The replicated state machine. One thread calls it; only a {@link Checkpoint} it made may be written on another.
 */
public final class StateMachine {
    /** Opens the state that {@code base} holds; an empty base becomes a fresh tree with ZooKeeper's system nodes. */
    public StateMachine(StateBase base, StateOptions options) {
        throw new UnsupportedOperationException();
    }

    /** The mark given with the last checkpoint that {@code base} holds; null for a fresh one. */
    public byte[] mark() {
        throw new UnsupportedOperationException();
    }

    /** A view begins: zxids go on from {@code viewId << 32}. */
    public void beginView(long viewId) {
        throw new UnsupportedOperationException();
    }

    /** The zxid of the last ordered request applied; what lastProcessedZxid is to ZooKeeper. */
    public long lastZxid() {
        throw new UnsupportedOperationException();
    }

    /** Applies one ordered request. Watches fire from within. */
    public void apply(long timeMillis, Command command, Reply reply) {
        throw new UnsupportedOperationException();
    }

    /**
     * Answers one local request (reads and watch registrations) from the applied state.
     *
     * @param body the request record
     * @param watcher the connection that asks, to which watches are tied
     * @param out where the reply record goes; nothing is left in it when the answer is an error
     * @return the error code for the reply header
     * @throws MalformedRecordException when the record cannot be decoded
     */
    public int read(int opcode, long sessionId, Identities identities, JuteReader body, Watcher watcher, JuteWriter out)
            throws MalformedRecordException {
        throw new UnsupportedOperationException();
    }

    /** Ends the current overlay generation and hands out what changed in it; null when nothing did. One at a time. */
    public Checkpoint freeze(byte[] mark) {
        throw new UnsupportedOperationException();
    }

    /** The base now holds {@code checkpoint}: its generation need not stay in the heap. */
    public void checkpointDone(Checkpoint checkpoint) {
        throw new UnsupportedOperationException();
    }
}
