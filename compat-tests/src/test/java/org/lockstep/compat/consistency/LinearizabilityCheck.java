package org.lockstep.compat.consistency;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lockstep.compat.consistency.Operation.Status;

/**
 * The history of each node must be linearizable: there is one order of its operations that explains every reply and keeps to real
 * time. A multi counts for each of its nodes; that it took effect as one is {@link ZxidCheck}'s.
 */
final class LinearizabilityCheck {
    private LinearizabilityCheck() {}

    /**
     * Violations, one line each.
     *
     * @param syncedReads whether a read behind a {@code sync} must be linearizable; it is not at Apache ZooKeeper
     */
    static List<String> violations(Knowledge knowledge, boolean syncedReads) {
        Map<String, List<KeyOperation>> histories = new HashMap<>();
        List<Operation> operations = knowledge.operations();
        for (int i = 0; i < operations.size(); i++) {
            Operation operation = operations.get(i);
            boolean counts = operation.isRead()
                    ? operation.synced() && syncedReads && operation.status() != Status.UNKNOWN
                    : operation.status() != Status.UNKNOWN || operation.parts().stream().anyMatch(Part::isWrite);
            if (counts) {
                addParts(knowledge, i, histories);
            }
        }
        List<String> violations = new ArrayList<>();
        histories.forEach((path, history) -> {
            String violation = KeySearch.violation(history);
            if (violation != null) {
                violations.add("not linearizable: " + path + ", " + history.size() + " operations: " + violation);
            }
        });
        return violations;
    }

    private static void addParts(Knowledge knowledge, int index, Map<String, List<KeyOperation>> histories) {
        Operation operation = knowledge.operations().get(index);
        for (Part part : operation.parts()) {
            boolean known = knowledge.happened(index) || operation.status() == Status.REFUSED;
            if (operation.status() == Status.REFUSED && !Operation.saysWhy(part)
                    || operation.status() == Status.UNKNOWN && (!part.isWrite() || part.path().endsWith("-"))) {
                continue;
            }
            histories.computeIfAbsent(part.path(), key -> new ArrayList<>()).add(new KeyOperation(part, operation.status(), known,
                    knowledge.zxid(index), operation.invokedNanos(), operation.returnedNanos(), operation));
        }
    }
}
