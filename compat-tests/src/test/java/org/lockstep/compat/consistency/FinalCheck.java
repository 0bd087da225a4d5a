package org.lockstep.compat.consistency;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.compat.consistency.Part.Kind;

/**
 * What must hold when all is over: every server shows the same tree, no acknowledged write is missing from it, and no ephemeral
 * is left of a session that has ended.
 */
final class FinalCheck {
    private FinalCheck() {}

    /** What was acknowledged of one node. */
    private static final class Acknowledged {
        private long created;
        private long written;
        private long deleted;
        private boolean createdAtAll;
        private boolean maybeDeleted;
        private boolean maybeCreatedAgain;
    }

    /**
     * Violations, one line each.
     *
     * @param trees for each server the nodes that it showed in the end, by path
     * @param dead ephemerals whose sessions were over long before
     */
    static List<String> violations(Knowledge knowledge, List<Map<String, NodeState>> trees, Set<String> dead) {
        List<String> violations = new ArrayList<>();
        Map<String, NodeState> first = trees.get(0);
        for (int server = 1; server < trees.size(); server++) {
            differences(first, trees.get(server), server, violations);
        }
        acknowledged(knowledge).forEach((path, known) -> missing(path, known, first.get(path), violations));
        dead.stream().filter(path -> trees.stream().anyMatch(tree -> tree.containsKey(path)))
                .forEach(path -> violations.add("an ephemeral outlives its session: " + path));
        return violations;
    }

    private static void differences(Map<String, NodeState> first, Map<String, NodeState> other, int server,
            List<String> violations) {
        Set<String> paths = new HashSet<>(first.keySet());
        paths.addAll(other.keySet());
        for (String path : paths) {
            if (first.get(path) == null || !first.get(path).equals(other.get(path))) {
                violations.add("servers differ: " + path + " is " + first.get(path) + " at the first and " + other.get(path)
                        + " at server " + server);
            }
        }
    }

    private static Map<String, Acknowledged> acknowledged(Knowledge knowledge) {
        Map<String, Acknowledged> all = new HashMap<>();
        for (int i = 0; i < knowledge.operations().size(); i++) {
            Operation operation = knowledge.operations().get(i);
            if (operation.status() == Status.REFUSED) {
                continue;
            }
            for (Part part : operation.parts()) {
                if (part.path().endsWith("-")) {
                    // A sequential create without reply: its name is not known.
                    continue;
                }
                Acknowledged known = all.computeIfAbsent(part.path(), key -> new Acknowledged());
                long zxid = knowledge.happened(i) ? knowledge.zxid(i) : 0;
                known.created = Math.max(known.created, part.kind() == Kind.CREATE ? zxid : 0);
                known.written = Math.max(known.written, part.kind() == Kind.SET ? zxid : 0);
                known.deleted = Math.max(known.deleted, part.kind() == Kind.DELETE ? zxid : 0);
                known.createdAtAll |= part.kind() == Kind.CREATE && knowledge.happened(i);
                known.maybeDeleted |= part.kind() == Kind.DELETE && zxid == 0;
                known.maybeCreatedAgain |= part.kind() == Kind.CREATE && zxid == 0;
            }
        }
        return all;
    }

    private static void missing(String path, Acknowledged known, NodeState node, List<String> violations) {
        long last = Math.max(known.created, known.written);
        if (node == null && !known.maybeDeleted && (last > known.deleted || known.createdAtAll && known.deleted == 0)) {
            violations.add("an acknowledged write is missing: " + path + " is not there, written at 0x" + Long.toHexString(last));
        } else if (node != null && node.mzxid() < last) {
            violations.add("an acknowledged write is missing: " + path + " is " + node + ", written at 0x"
                    + Long.toHexString(last));
        } else if (node != null && node.czxid() < known.deleted && !known.maybeCreatedAgain) {
            violations.add("came back: " + path + " is " + node + ", deleted at 0x" + Long.toHexString(known.deleted));
        }
    }
}
