package org.lockstep.compat.consistency;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.compat.consistency.Part.Kind;

/**
 * Zxids are the one order of all writes: no two share one, a write that had ended before another began has the lower one, and
 * what a session is told never goes back, on whatever server it is. The parts of a multi have one zxid. Sequence numbers are
 * given once and in the order of the zxids.
 */
final class ZxidCheck {
    private static final int SEQUENCE_DIGITS = 10;

    private final Knowledge knowledge;
    private final List<Operation> operations;
    private final List<String> violations = new ArrayList<>();

    private ZxidCheck(Knowledge knowledge) {
        this.knowledge = knowledge;
        operations = knowledge.operations();
    }

    /** Violations, one line each. */
    static List<String> violations(Knowledge knowledge) {
        ZxidCheck check = new ZxidCheck(knowledge);
        check.uniqueness();
        check.realTime();
        check.sessions();
        check.multis();
        check.sequences();
        return check.violations;
    }

    private void uniqueness() {
        Map<Long, Integer> owners = new HashMap<>();
        for (int i = 0; i < operations.size(); i++) {
            Integer other = knowledge.zxid(i) == 0 ? null : owners.put(knowledge.zxid(i), i);
            if (other != null) {
                violations.add("one zxid for two: " + operations.get(other) + " and " + operations.get(i));
            }
        }
    }

    private void realTime() {
        int[] byBegin = ordered(Comparator.comparingLong(i -> operations.get(i).invokedNanos()));
        int[] byEnd = ordered(Comparator.comparingLong(i -> operations.get(i).returnedNanos()));
        int ended = 0;
        int highest = -1;
        for (int i : byBegin) {
            while (ended < byEnd.length && operations.get(byEnd[ended]).returnedNanos() < operations.get(i).invokedNanos()) {
                highest = highest < 0 || knowledge.zxid(byEnd[ended]) > knowledge.zxid(highest) ? byEnd[ended] : highest;
                ended++;
            }
            if (highest >= 0 && knowledge.zxid(i) <= knowledge.zxid(highest)) {
                violations.add("zxids against real time: " + operations.get(highest) + " had ended before " + operations.get(i));
            }
        }
    }

    private int[] ordered(Comparator<Integer> order) {
        return IntStream.range(0, operations.size()).filter(i -> knowledge.zxid(i) != 0).boxed().sorted(order)
                .mapToInt(Integer::intValue).toArray();
    }

    /** Headers of replies in the order in which the client read them. */
    private void sessions() {
        Map<Long, Operation> last = new HashMap<>();
        for (Operation operation : operations) {
            if (operation.status() == Status.UNKNOWN || operation.zxid() == 0) {
                continue;
            }
            Operation before = last.put(operation.session(), operation);
            if (before != null && (operation.isRead() ? before.zxid() > operation.zxid() : before.zxid() >= operation.zxid())
                    && before.client() == operation.client()) {
                violations.add("zxid went back in a session: " + before + ", then " + operation);
            }
        }
    }

    private void multis() {
        for (int i = 0; i < operations.size(); i++) {
            Operation operation = operations.get(i);
            long zxid = knowledge.zxid(i);
            for (Part part : operation.parts()) {
                if (!operation.isRead() && part.isWrite() && part.seen() != null && part.seen().mzxid() != zxid) {
                    violations.add("a write whose stat has another zxid: " + operation);
                }
            }
        }
    }

    private void sequences() {
        Map<String, List<Named>> byParent = new HashMap<>();
        for (int i = 0; i < operations.size(); i++) {
            for (Part part : operations.get(i).parts()) {
                if (part.kind() == Kind.CREATE && knowledge.happened(i) && isSequential(part.path())) {
                    int name = part.path().length() - SEQUENCE_DIGITS;
                    byParent.computeIfAbsent(part.path().substring(0, part.path().lastIndexOf('/')), key -> new ArrayList<>())
                            .add(new Named(Long.parseLong(part.path().substring(name)), knowledge.zxid(i), operations.get(i)));
                }
            }
        }
        byParent.values().forEach(this::sequence);
    }

    private record Named(long number, long zxid, Operation operation) {}

    private static boolean isSequential(String path) {
        return path.matches(".*-\\d{" + SEQUENCE_DIGITS + "}");
    }

    private void sequence(List<Named> names) {
        names.sort(Comparator.comparingLong(Named::number));
        for (int i = 1; i < names.size(); i++) {
            Named lower = names.get(i - 1);
            Named higher = names.get(i);
            if (lower.number == higher.number) {
                violations.add("a sequence number given twice: " + lower.operation + " and " + higher.operation);
            } else if (lower.zxid != 0 && higher.zxid != 0 && lower.zxid >= higher.zxid) {
                violations.add("sequence numbers against the order: " + lower.operation + " and " + higher.operation);
            }
        }
    }
}
