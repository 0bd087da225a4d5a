package org.lockstep.server.replica;

import java.util.ArrayDeque;
import org.lockstep.ensemble.core.Position;

/** Completed markers that wait for the medium: under write-barrier a {@code sync} is answered when its place is flushed. */
final class Barriers {
    private record Waiting(Position position, Runnable released) {}

    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private Position requested = Position.START;

    /** Positions come in order. */
    void add(Position position, Runnable released) {
        waiting.add(new Waiting(position, released));
    }

    /** True when somebody waits for a place whose flush has not been asked for yet. */
    boolean wantFlush() {
        return !waiting.isEmpty() && waiting.peekLast().position().compareTo(requested) > 0;
    }

    void flushRequested(Position upTo) {
        requested = upTo;
    }

    /** Everything up to {@code flushed} is on the medium. */
    void release(Position flushed) {
        while (!waiting.isEmpty() && waiting.peek().position().compareTo(flushed) <= 0) {
            waiting.poll().released().run();
        }
    }
}
