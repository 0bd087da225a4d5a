package org.lockstep.compat.consistency;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lockstep.compat.consistency.Operation.Status;

/**
 * What all replies together tell of each operation: a value that somebody saw was written, even when the writer got no reply, and
 * its stat shows the zxid of that write, and where it was seen the name that a sequential create got. Contradictions between
 * replies are violations by themselves.
 */
final class Knowledge {
    private final List<Operation> operations;
    private final Map<String, Integer> writers = new HashMap<>();
    private final long[] zxids;
    private final boolean[] happened;
    private final List<String> violations = new ArrayList<>();

    Knowledge(List<Operation> operations) {
        this.operations = new ArrayList<>(operations);
        zxids = new long[operations.size()];
        happened = new boolean[operations.size()];
        for (int i = 0; i < operations.size(); i++) {
            Operation operation = operations.get(i);
            happened[i] = operation.status() == Status.OK;
            zxids[i] = operation.isRead() ? 0 : operation.zxid();
            for (Part part : operation.parts()) {
                if (!part.value().isEmpty() && writers.put(part.value(), i) != null) {
                    throw new IllegalArgumentException("value written twice: " + part.value());
                }
            }
        }
        for (Operation operation : operations) {
            operation.parts().stream().filter(part -> part.seen() != null).forEach(part -> learn(operation, part));
        }
    }

    private void learn(Operation operation, Part part) {
        NodeState seen = part.seen();
        Integer writer = writers.get(seen.value());
        if (writer == null) {
            violations.add("a value that nobody wrote: " + operation);
            return;
        }
        Operation write = operations.get(writer);
        if (write.parts().stream().noneMatch(each -> each.value().equals(seen.value()) && samePlace(each, part))) {
            violations.add("a value written to another node by " + write + ": " + operation);
        } else if (write.status() == Status.REFUSED) {
            violations.add("a refused write took effect: " + write + " is seen by " + operation);
        } else if (zxids[writer] != 0 && zxids[writer] != seen.mzxid()) {
            violations.add("two zxids for " + write + ": the other in " + operation);
        } else if (seen.version() == 0 ? seen.czxid() != seen.mzxid() : seen.czxid() >= seen.mzxid()) {
            violations.add("a stat that contradicts itself: " + operation);
        } else {
            zxids[writer] = seen.mzxid();
            happened[writer] = true;
            if (write.parts().get(0).path().endsWith("-")) {
                operations.set(writer, write.named(part.path()));
            }
        }
    }

    /** A sequential create without reply does not know its name until somebody sees it, and then it has that one. */
    private static boolean samePlace(Part write, Part read) {
        return write.path().equals(read.path()) || write.path().endsWith("-") && read.path().startsWith(write.path());
    }

    /** As they were recorded; sequential creates that got no reply, and whose node was seen, have its name. */
    List<Operation> operations() {
        return operations;
    }

    /** Whether the operation took effect for certain. */
    boolean happened(int operation) {
        return happened[operation];
    }

    /** Zxid of an ordered operation, refused ones included; 0 when no reply tells it, and for reads. */
    long zxid(int operation) {
        return zxids[operation];
    }

    List<String> violations() {
        return violations;
    }
}
