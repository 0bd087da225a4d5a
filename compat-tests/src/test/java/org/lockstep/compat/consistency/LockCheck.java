package org.lockstep.compat.consistency;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * No two clients hold a lock at once, and what is written under its protection is written in the order of the tokens. A client
 * that stood still or lost its connection may believe that it holds a lock which it has lost; so a hold counts only up to the
 * last moment at which the service confirmed it, and writes carry the condition that the lock's node exists.
 */
final class LockCheck {
    private LockCheck() {}

    /** A write that succeeded under the condition that the writer's lock node exists. */
    record FencedWrite(String lock, long token, long zxid) {}

    /** Violations, one line each. */
    static List<String> violations(List<Hold> holds, List<FencedWrite> writes) {
        List<String> violations = new ArrayList<>();
        byLock(holds, Hold::lock).values().forEach(each -> overlaps(each, violations));
        byLock(writes, FencedWrite::lock).values().forEach(each -> tokens(each, violations));
        return violations;
    }

    private static <T> Map<String, List<T>> byLock(List<T> all, Function<T, String> lock) {
        Map<String, List<T>> grouped = new HashMap<>();
        all.forEach(each -> grouped.computeIfAbsent(lock.apply(each), key -> new ArrayList<>()).add(each));
        return grouped;
    }

    private static void overlaps(List<Hold> holds, List<String> violations) {
        holds.sort(Comparator.comparingLong(Hold::acquiredNanos));
        Hold longest = null;
        for (Hold hold : holds) {
            if (hold.provenNanos() <= hold.acquiredNanos()) {
                continue;
            }
            if (longest != null && longest.provenNanos() > hold.acquiredNanos()) {
                violations.add("two holders at once: " + longest + " and " + hold);
            }
            longest = longest == null || hold.provenNanos() > longest.provenNanos() ? hold : longest;
        }
    }

    private static void tokens(List<FencedWrite> writes, List<String> violations) {
        writes.sort(Comparator.comparingLong(FencedWrite::zxid));
        for (int i = 1; i < writes.size(); i++) {
            if (writes.get(i).token() < writes.get(i - 1).token()) {
                violations.add("written with a token that was passed: " + writes.get(i) + " after " + writes.get(i - 1));
            }
        }
    }
}
