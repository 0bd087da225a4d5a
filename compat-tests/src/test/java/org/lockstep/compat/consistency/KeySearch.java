package org.lockstep.compat.consistency;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.lockstep.compat.consistency.KeyOperation.State;

/**
 * Searches for an order of the operations on one node that explains all replies and keeps to real time: an operation that had
 * ended before another began comes first. The search of Wing and Gong, with Lowe's memory of what was tried: the set of
 * operations already ordered together with the state they lead to. Versions and unique values leave little to try.
 */
final class KeySearch {
    /** More states than this on one node: undecided, which is reported as a violation, never passed over. */
    private static final int STATES_MAX = 3_000_000;

    private final List<KeyOperation> bounded = new ArrayList<>();
    private final List<KeyOperation> unbounded = new ArrayList<>();
    private final Entry head = new Entry(null, -1, false);
    private final BitSet boundedDone = new BitSet();
    private final BitSet unboundedDone = new BitSet();
    private final Set<Tried> tried = new HashSet<>();
    private final Deque<Choice> choices = new ArrayDeque<>();
    private State state;
    private int requiredLeft;
    private int longest = -1;
    private KeyOperation culprit;

    /** An operation's beginning or its end, in the order of time. */
    private static final class Entry {
        final KeyOperation operation;
        final int index;
        final boolean begins;
        Entry end;
        Entry next;
        Entry previous;

        Entry(KeyOperation operation, int index, boolean begins) {
            this.operation = operation;
            this.index = index;
            this.begins = begins;
        }

        void unlink() {
            previous.next = next;
            if (next != null) {
                next.previous = previous;
            }
        }

        void relink() {
            previous.next = this;
            if (next != null) {
                next.previous = this;
            }
        }
    }

    /** Which operations are ordered: all bounded ones before {@code base}, of the others {@code window}, and of the unbounded. */
    private record Tried(int base, BitSet window, BitSet unbounded, State state) {}

    private record Choice(Entry entry, State before) {}

    KeySearch(List<KeyOperation> operations) {
        for (KeyOperation operation : operations) {
            (operation.returnedNanos() == Operation.NEVER ? unbounded : bounded).add(operation);
        }
        bounded.sort(Comparator.comparingLong(KeyOperation::invokedNanos));
        List<Entry> entries = new ArrayList<>();
        addEntries(bounded, true, entries);
        addEntries(unbounded, false, entries);
        // At the same instant a beginning comes before an end: then the two overlap, which allows more.
        entries.sort(Comparator.comparingLong(KeySearch::time).thenComparing(entry -> !entry.begins));
        Entry last = head;
        for (Entry entry : entries) {
            last.next = entry;
            entry.previous = last;
            last = entry;
        }
        requiredLeft = (int) operations.stream().filter(KeyOperation::required).count();
    }

    private static void addEntries(List<KeyOperation> operations, boolean haveEnds, List<Entry> entries) {
        for (int i = 0; i < operations.size(); i++) {
            Entry begin = new Entry(operations.get(i), i, true);
            entries.add(begin);
            if (haveEnds) {
                begin.end = new Entry(operations.get(i), i, false);
                entries.add(begin.end);
            }
        }
    }

    private static long time(Entry entry) {
        return entry.begins ? entry.operation.invokedNanos() : entry.operation.returnedNanos();
    }

    /** Null when there is such an order; else what stands in the way. */
    String violation() {
        Entry entry = head.next;
        while (requiredLeft > 0) {
            if (entry != null && entry.begins) {
                if (entry.operation.fits(state) && order(entry)) {
                    entry = head.next;
                } else {
                    entry = entry.next;
                }
            } else {
                note(entry);
                if (choices.isEmpty()) {
                    return "no order explains it; the longest one found stops at " + culprit;
                }
                entry = takeBack().next;
            }
            if (tried.size() > STATES_MAX) {
                return "undecided after " + STATES_MAX + " states";
            }
        }
        return null;
    }

    private void note(Entry blocked) {
        if (choices.size() > longest) {
            longest = choices.size();
            culprit = blocked == null ? null : blocked.operation;
        }
    }

    /** Puts an operation next in the order, unless that was tried before. */
    private boolean order(Entry entry) {
        State after = entry.operation.after(state);
        BitSet done = entry.end == null ? unboundedDone : boundedDone;
        done.set(entry.index);
        int base = boundedDone.nextClearBit(0);
        if (!tried.add(new Tried(base, boundedDone.get(base, Math.max(base, boundedDone.length())),
                (BitSet) unboundedDone.clone(), after))) {
            done.clear(entry.index);
            return false;
        }
        choices.push(new Choice(entry, state));
        entry.unlink();
        if (entry.end != null) {
            entry.end.unlink();
        }
        requiredLeft -= entry.operation.required() ? 1 : 0;
        state = after;
        return true;
    }

    private Entry takeBack() {
        Choice choice = choices.pop();
        Entry entry = choice.entry;
        if (entry.end != null) {
            entry.end.relink();
        }
        entry.relink();
        (entry.end == null ? unboundedDone : boundedDone).clear(entry.index);
        requiredLeft += entry.operation.required() ? 1 : 0;
        state = choice.before;
        return entry;
    }
}
