package org.lockstep.rdma.verbs;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Steps that take back what was made: in the reverse order, each of them, whether or not the others succeed. */
final class Undo {
    /** One step. */
    interface Step {
        void run() throws Exception;
    }

    private final Deque<Step> steps = new ArrayDeque<>();

    void add(Step step) {
        steps.push(step);
    }

    /** Takes everything back after {@code cause}, which is told what fails now. */
    void all(Throwable cause) {
        while (!steps.isEmpty()) {
            try {
                steps.pop().run();
            } catch (Exception e) {
                cause.addSuppressed(e);
            }
        }
    }

    /** Takes everything back, then throws what failed. */
    void all() throws IOException {
        IOException failed = new IOException("not everything could be closed");
        all(failed);
        if (failed.getSuppressed().length > 0) {
            throw failed;
        }
    }
}
