package org.lockstep.compat.consistency;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.compat.consistency.Part.Kind;
import org.lockstep.wire.ErrorCode;

/**
 * Reads are sequentially consistent: what a session sees of a node is never older than what the session wrote or saw before, of
 * any node. The writes' zxids give the life of each node; a read that shows one of its states can have happened at any time of
 * that state, so it is possible when that state ended after the point up to which the session had seen. Where the zxid of a
 * write is not known (no reply, and nobody saw its value) the state before it counts as lasting longer than it did, so nothing
 * is accused wrongly.
 *
 * <p>A read behind a {@code sync} that is linearizable moreover shows nothing older than what anybody had been told before the
 * {@code sync} was sent, of any node: the same rule, from a later point.
 */
final class SessionOrderCheck {
    private final Knowledge knowledge;
    private final boolean syncedReads;
    private final Map<String, TreeMap<Long, Event>> lives = new HashMap<>();
    private final Set<String> uncertainDeletes = new HashSet<>();
    private final Map<Long, Long> seenUpTo = new HashMap<>();
    private final TreeMap<Long, Long> toldBy = new TreeMap<>();
    private final List<String> violations = new ArrayList<>();

    /** A write in a node's life. */
    private record Event(Part part) {
        boolean deletes() {
            return part.kind() == Kind.DELETE;
        }
    }

    private SessionOrderCheck(Knowledge knowledge, boolean syncedReads) {
        this.knowledge = knowledge;
        this.syncedReads = syncedReads;
    }

    /** Violations, one line each; {@code syncedReads} as for {@link LinearizabilityCheck}. */
    static List<String> violations(Knowledge knowledge, boolean syncedReads) {
        SessionOrderCheck check = new SessionOrderCheck(knowledge, syncedReads);
        check.collectLives();
        check.collectTold();
        for (int i = 0; i < knowledge.operations().size(); i++) {
            check.follow(i);
        }
        return check.violations;
    }

    private void collectLives() {
        for (int i = 0; i < knowledge.operations().size(); i++) {
            Operation operation = knowledge.operations().get(i);
            boolean placed = knowledge.happened(i) && knowledge.zxid(i) != 0;
            for (Part part : operation.parts()) {
                if (placed && part.isWrite()) {
                    lives.computeIfAbsent(part.path(), key -> new TreeMap<>()).put(knowledge.zxid(i), new Event(part));
                } else if (!placed && part.kind() == Kind.DELETE && operation.status() != Status.REFUSED) {
                    uncertainDeletes.add(part.path());
                }
            }
        }
    }

    /** For each moment the highest zxid that any client had been told of by then, by a reply to a write or by a read. */
    private void collectTold() {
        TreeMap<Long, Long> all = new TreeMap<>();
        for (int i = 0; i < knowledge.operations().size(); i++) {
            Operation operation = knowledge.operations().get(i);
            if (operation.status() != Status.UNKNOWN) {
                long told = knowledge.zxid(i);
                for (Part part : operation.parts()) {
                    told = part.seen() == null ? told : Math.max(told, part.seen().mzxid());
                }
                all.merge(operation.returnedNanos(), told, Math::max);
            }
        }
        long highest = 0;
        for (Map.Entry<Long, Long> each : all.entrySet()) {
            if (each.getValue() > highest) {
                highest = each.getValue();
                toldBy.put(each.getKey(), highest);
            }
        }
    }

    private void follow(int index) {
        Operation operation = knowledge.operations().get(index);
        if (operation.status() == Status.UNKNOWN) {
            return;
        }
        long from = seenUpTo.getOrDefault(operation.session(), 0L);
        if (!operation.isRead()) {
            seenUpTo.put(operation.session(), Math.max(from, knowledge.zxid(index)));
            return;
        }
        if (operation.synced() && syncedReads) {
            Map.Entry<Long, Long> told = toldBy.lowerEntry(operation.invokedNanos());
            from = told == null ? from : Math.max(from, told.getValue());
        }
        Part part = operation.parts().get(0);
        long at = part.error() == ErrorCode.NO_NODE ? absentAfter(part.path(), from) : presentAfter(part, from);
        if (at < 0) {
            violations.add("a read older than 0x" + Long.toHexString(from) + ", which was known before: " + operation);
        }
        seenUpTo.put(operation.session(), Math.max(from, at));
    }

    /** When the state that the read shows began, if it ended after {@code from}; -1 otherwise. */
    private long presentAfter(Part read, long from) {
        TreeMap<Long, Event> life = lives.getOrDefault(read.path(), new TreeMap<>());
        long began = read.seen().mzxid();
        Event event = life.get(began);
        if (event == null || !event.part.value().equals(read.seen().value())) {
            // Knowledge complains of a value nobody wrote, and knows the zxid of every write whose value was seen.
            return began > from ? began : -1;
        }
        Long ended = life.higherKey(began);
        return ended == null || ended > from ? began : -1;
    }

    /** The first point after which the node was absent at some time later than {@code from}; -1 when it never was. */
    private long absentAfter(String path, long from) {
        TreeMap<Long, Event> life = lives.getOrDefault(path, new TreeMap<>());
        long began = 0;
        boolean maybeAbsent = true;
        for (Map.Entry<Long, Event> each : life.entrySet()) {
            // Before a create there was no node, whoever deleted it.
            boolean creates = each.getValue().part.kind() == Kind.CREATE;
            if ((maybeAbsent || creates) && each.getKey() > from) {
                return began;
            }
            maybeAbsent = each.getValue().deletes();
            began = each.getKey();
        }
        return maybeAbsent || uncertainDeletes.contains(path) ? began : -1;
    }
}
