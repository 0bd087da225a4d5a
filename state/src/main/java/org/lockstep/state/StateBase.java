package org.lockstep.state;

/**
 * The durable state below the overlay, as of the last completed checkpoint. The state machine owns this interface; {@code log/}
 * implements it over LMDB, tests over a map.
 *
 * <p>Calls come from the one thread that runs the state machine. An answer reflects every checkpoint whose
 * {@link StateMachine#checkpointDone} has been called, and may reflect one that is about to be.
 */
public interface StateBase {
    /** The node at {@code path}, or null. The caller owns the result. */
    Node find(String path);

    /** Hands the name of every child of {@code path} to {@code visitor}, in no particular order. */
    void forEachChild(String path, java.util.function.Consumer<String> visitor);

    /** Every entry of a small table, read once when the state machine opens. */
    void forEach(Table table, EntryVisitor visitor);

    /** Small tables that the state machine holds whole in the heap. Keys are at most 511 bytes. */
    enum Table {
        /** Single values: last zxid, counters, position. */
        META,
        /** Session id to its record. */
        SESSIONS,
        /** Path hash to the owning session and the path of an ephemeral. */
        EPHEMERALS,
        /** Path hash to the path of a container or TTL node. */
        REAPABLES,
        /** Path hash to a path that carries a quota. */
        QUOTAS
    }

    /** Receives the entries of a {@link Table}; the arrays belong to the visitor. */
    @FunctionalInterface
    interface EntryVisitor {
        void entry(byte[] key, byte[] value);
    }
}
