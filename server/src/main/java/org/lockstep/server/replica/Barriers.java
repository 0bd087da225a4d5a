package org.lockstep.server.replica;

import java.util.ArrayDeque;
import org.lockstep.ensemble.core.Position;

/** Markers that wait for the medium: under write-barrier a {@code sync} is answered when its place is flushed everywhere. */
final class Barriers {
    private record Waiting(Position position, Runnable released) {}

    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();

    /** Positions come in order. */
    void add(Position position, Runnable released) {
        waiting.add(new Waiting(position, released));
    }

    /** Everything up to {@code flushed} is on the medium of every member. */
    void release(Position flushed) {
        while (!waiting.isEmpty() && waiting.peek().position().compareTo(flushed) <= 0) {
            waiting.poll().released().run();
        }
    }

    /** Nobody will be answered any more: the clients are dropped. */
    void drop() {
        waiting.clear();
    }
}
