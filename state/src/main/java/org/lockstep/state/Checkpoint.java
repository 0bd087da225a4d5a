package org.lockstep.state;

/**
 * Everything that changed between two freezes, to be written in one transaction together with the position it stands for.
 *
 * <p>Made by {@link StateMachine#freeze} on the state machine's thread; {@link #writeTo} may then run on another thread
 * while the state machine goes on applying. Afterwards {@link StateMachine#checkpointDone} must be called on its own thread.
 */
public interface Checkpoint {
    /** The caller's mark given to {@link StateMachine#freeze}: where in the total order this state stands. */
    byte[] mark();

    /** Number of changed nodes, for batch sizing and metrics. */
    int nodeCount();

    /** Writes every change, each key once, nodes in no particular order. May be called again when the transaction is retried. */
    void writeTo(Sink sink);

    /** What a checkpoint is written into. */
    interface Sink {
        /** Stores {@code node} at {@code path}, or removes what is there when {@code node} is null. */
        void node(String path, Node node);

        /** Stores {@code value} under {@code key}, or removes the entry when {@code value} is null. */
        void entry(StateBase.Table table, byte[] key, byte[] value);
    }
}
