package org.lockstep.ensemble.core;

import java.util.List;
import java.util.function.Consumer;

/**
 * The member's ordered log on stable storage, owned by the core, implemented over LMDB.
 *
 * <p><b>Threads.</b> {@link #secure}, {@link #fold}, {@link #putRecord} and {@link #deleteBelow} are called by one log thread;
 * Reading happens before it starts.
 *
 * <p><b>Failure.</b> Every method throws {@link LogFailedException} when the medium fails; the process must then stop, since a
 * flush that failed once proves nothing when it is retried.
 */
public interface LogStore extends AutoCloseable {
    /**
     * Puts slots into the log, in order. On return they are secured as the policy says: under {@code durable} they are on the
     * medium; under the lazy policies they are in the page cache and survive the death of the process.
     */
    void secure(List<Slot> slots);

    /**
     * Lazy policies: puts everything secured up to {@code upTo} on the medium. Under {@code durable} there is nothing to do.
     *
     * @return the position up to which the log is now flushed
     */
    Position fold(Position upTo);

    /** Stores a record (a view, a promise) and flushes it, in every policy. */
    void putRecord(String name, byte[] value);

    /** The record stored under {@code name}, or null. */
    byte[] record(String name);

    /** Removes slots up to and including {@code position}, a bounded number a call; true when some are left to remove. */
    boolean deleteBelow(Position position);

    /** Hands every slot behind {@code after} to {@code visitor}, in order, flushed ones first, then the trusted lazy tail. */
    void replay(Position after, Consumer<Slot> visitor);

    /** The position of the last slot in the log; {@link Position#START} when there is none. */
    Position last();

    @Override
    void close();
}
